#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "adapters/postgres/big_endian.hpp"
#include "protocol/decimal.hpp"

namespace tradepulse {

__extension__ typedef unsigned __int128 uint128;

// Of any int128: 8 bytes of head, 10 digits.
inline constexpr std::size_t longest_numeric_bytes = 28;

// Writes units of 10^-places as numeric_recv wants them, exact, with so many decimals shown;
// returns the end. Digits of base 10,000, the weight of the first, sign, decimals shown: the last
// places / 4 digits stand behind the point. Requires: places is 8 or 16; room for 6 bytes more than
// that, which are written over and mean nothing.
inline char* write_numeric(char* to, int128 units, int places = decimal_places) noexcept {
  constexpr std::uint64_t base = 10'000;
  constexpr std::uint64_t negative = 0x4000;
  std::array<std::uint16_t, 10> digits{}; // the last first; 10^40 is above any int128
  std::size_t used = 0;
  const bool below_zero = units < 0;
  const auto magnitude = static_cast<uint128>(units);
  uint128 wide = below_zero ? uint128{0} - magnitude : magnitude;
  for (; wide > std::numeric_limits<std::uint64_t>::max(); wide /= base)
    digits[used++] = static_cast<std::uint16_t>(wide % base);
  for (auto rest = static_cast<std::uint64_t>(wide); rest != 0; rest /= base)
    digits[used++] = static_cast<std::uint16_t>(rest % base);
  const auto put = [&to](std::uint64_t value) {
    const auto turned = big_endian(value, 2);
    std::memcpy(to, &turned, 8);
    to += 2;
  };
  put(used);
  put(static_cast<std::uint64_t>(static_cast<std::int64_t>(used) - 1 - places / 4));
  put(below_zero ? negative : 0);
  put(static_cast<std::uint64_t>(places));
  while (used > 0)
    put(digits[--used]);
  return to;
}

} // namespace tradepulse
