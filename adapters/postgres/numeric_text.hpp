#pragma once

#include <optional>
#include <string_view>

#include "protocol/decimal.hpp"

namespace tradepulse {

// A NUMERIC as the server writes it ("-12.5", "0.0000000000000001"), in units of 10^-places.
// Absent: not of this form (NaN, Infinity), more decimals that are not zero than `places`, or more
// than an int128 holds.
inline std::optional<int128> units_of_numeric(std::string_view text, int places) noexcept {
  const bool negative = text.starts_with('-');
  if (negative)
    text.remove_prefix(1);
  int128 units = 0; // negative, whose bound is the wider one
  int decimals = -1;
  bool digits = false;
  const auto add = [&units](int digit) {
    int128 next = 0;
    if (__builtin_mul_overflow(units, int128{10}, &next) ||
        __builtin_sub_overflow(next, int128{digit}, &next))
      return false;
    units = next;
    return true;
  };
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9')
      return std::nullopt;
    digits = true;
    if (decimals >= 0 && ++decimals > places) {
      if (c != '0')
        return std::nullopt;
      continue;
    }
    if (!add(c - '0'))
      return std::nullopt;
  }
  if (!digits)
    return std::nullopt;
  for (int i = decimals < 0 ? 0 : decimals; i < places; ++i)
    if (!add(0))
      return std::nullopt;
  if (negative)
    return units;
  int128 out = 0;
  if (__builtin_sub_overflow(int128{0}, units, &out))
    return std::nullopt;
  return out;
}

} // namespace tradepulse
