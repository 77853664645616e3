#include "runtime/config/hocon_value.hpp"

namespace tradepulse::config::hocon {

const value* value::find(std::string_view dotted) const {
  const value* at = this;
  while (at != nullptr && at->kind == type::object) {
    std::size_t dot = dotted.find('.');
    auto found = at->fields.find(dotted.substr(0, dot));
    at = found == at->fields.end() ? nullptr : &found->second;
    if (dot == std::string_view::npos)
      return at;
    dotted.remove_prefix(dot + 1);
  }
  return nullptr;
}

std::string_view describe(value::type kind) {
  switch (kind) {
  case value::type::null:
    return "null";
  case value::type::text:
    return "a single value";
  case value::type::array:
    return "an array";
  case value::type::object:
    break;
  }
  return "an object";
}

} // namespace tradepulse::config::hocon
