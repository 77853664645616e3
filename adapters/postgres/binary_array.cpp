#include "adapters/postgres/binary_array.hpp"

#include <array>

#include "adapters/postgres/big_endian.hpp"
#include "adapters/postgres/numeric_bytes.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {

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

void binary_array::add_decimal(int128 units, int places) {
  TRADEPULSE_EXPECTS(type_ == type::numeric);
  std::array<char, longest_numeric_bytes + 8> value;
  const auto bytes =
      static_cast<std::size_t>(write_numeric(value.data(), units, places) - value.data());
  begin_element(bytes);
  bytes_.append(value.data(), bytes);
}

void binary_array::add_time(time_ms time) {
  TRADEPULSE_EXPECTS(type_ == type::timestamptz);
  begin_element(8); // microseconds since 2000
  put(static_cast<std::uint64_t>((time - earliest_event_time).count() * 1'000), 8);
}

void binary_array::add_bytes(std::string_view value) {
  TRADEPULSE_EXPECTS(type_ == type::bytea);
  begin_element(value.size());
  bytes_ += value;
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
