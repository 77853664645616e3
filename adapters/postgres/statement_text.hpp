#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

// What SQL is put together with. Private to the files of statements.
namespace tradepulse::sql {

inline std::string join(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts)
    out += part;
  return out;
}

} // namespace tradepulse::sql
