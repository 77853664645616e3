#pragma once

#include <cstddef>
#include <string_view>

namespace tradepulse::json {

inline constexpr std::size_t all_good = std::string_view::npos;

// The offset of the first byte that is NUL (PostgreSQL cannot hold it) or belongs to no UTF-8
// character (overlong forms, surrogates and what is above U+10FFFF are none); all_good where there
// is no such byte. RapidJSON's own check over-reads a truncated character, so this one comes first.
std::size_t find_bad_utf8(std::string_view text) noexcept;

} // namespace tradepulse::json
