#include "adapters/postgres/binary_array.hpp"

#include <array>
#include <limits>

#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

__extension__ typedef unsigned __int128 uint128;

void append_big_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
  std::array<char, 8> text{};
  for (std::size_t i = 0; i < bytes; ++i)
    text[i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
  out.append(text.data(), bytes);
}

} // namespace

void binary_array::put(std::uint64_t value, std::size_t bytes) {
  append_big_endian(bytes_, value, bytes);
}

void binary_array::begin_element(std::size_t bytes) {
  for (; absent_ > 0; --absent_, ++count_) {
    put(0xffff'ffff, 4); // length -1
    holds_null_ = true;
  }
  put(bytes, 4);
  ++count_;
}

void binary_array::add_integer(std::int64_t value) {
  const std::size_t bytes = type_ == type::int8 ? 8 : type_ == type::int4 ? 4 : 2;
  begin_element(bytes);
  put(static_cast<std::uint64_t>(value), bytes);
}

// numeric_recv: digits of base 10,000, the weight of the first, sign, decimals shown. Units are
// 10^-8, so the last two digits stand behind the point.
void binary_array::add_decimal(int128 units) {
  TRADEPULSE_EXPECTS(type_ == type::numeric);
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
  begin_element(8 + 2 * used);
  put(used, 2);
  put(static_cast<std::uint64_t>(static_cast<std::int64_t>(used) - 3), 2);
  put(below_zero ? negative : 0, 2);
  put(decimal_places, 2);
  while (used > 0)
    put(digits[--used], 2);
}

void binary_array::add_text(std::string_view value) {
  TRADEPULSE_EXPECTS(type_ == type::text);
  begin_element(value.size());
  bytes_ += value;
}

std::string binary_array::take() {
  std::string out;
  out.reserve(20 + bytes_.size());
  append_big_endian(out, count_ == 0 ? 0 : 1, 4); // dimensions
  append_big_endian(out, holds_null_ ? 1 : 0, 4);
  append_big_endian(out, static_cast<std::uint32_t>(type_), 4);
  if (count_ > 0) {
    append_big_endian(out, count_, 4);
    append_big_endian(out, 1, 4); // of the first element
    out += bytes_;
  }
  return out;
}

} // namespace tradepulse
