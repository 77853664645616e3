#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/config/origin.hpp"

namespace tradepulse::config::hocon {

// A value with nothing left to look up. A text is exactly as written (`1.50`, `true`, `64KiB`):
// what it means is the schema's business, so no number passes through a double.
struct value {
  enum class type : std::uint8_t { null, text, array, object };

  type kind = type::null;
  origin where;
  std::string text;
  std::vector<value> items;
  std::map<std::string, value, std::less<>> fields;

  // The value of a dotted name without quotes; nullptr where there is none.
  const value* find(std::string_view dotted) const;
};

// "a text", "an array", ...
std::string_view describe(value::type kind);

} // namespace tradepulse::config::hocon
