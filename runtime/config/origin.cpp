#include "runtime/config/origin.hpp"

namespace tradepulse::config {

std::string to_string(const origin& where) {
  std::string text;
  switch (where.from) {
  case origin::place::builtin:
    text = "default";
    break;
  case origin::place::file:
    text = *where.source + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
    break;
  case origin::place::command_line:
    text = "--set " + *where.source;
    break;
  }
  return where.variable.empty() ? text : "environment " + where.variable + " (" + text + ")";
}

} // namespace tradepulse::config
