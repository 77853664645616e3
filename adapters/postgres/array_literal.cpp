#include "adapters/postgres/array_literal.hpp"

namespace tradepulse {

void array_literal::add_text(std::string_view value) {
  std::string& out = next();
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  out += '"';
}

} // namespace tradepulse
