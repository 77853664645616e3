#include "protocol/candle.hpp"

#include <algorithm>
#include <array>

namespace tradepulse {

std::optional<int128> candle::volume() const noexcept {
  if (trades > 0 && !has(flags, candle_flags::sized))
    return {};
  return volume_units;
}

std::optional<int128> candle::quote_volume() const noexcept {
  if (!volume() || has(flags, candle_flags::quote_overflow))
    return {};
  return quote_units;
}

std::optional<int128> candle::taker_buy_volume() const noexcept {
  if (has(flags, candle_flags::lacks_taker | candle_flags::lacks_size))
    return {};
  return taker_buy_volume_units;
}

std::optional<int128> candle::taker_buy_quote_volume() const noexcept {
  if (!taker_buy_volume() || has(flags, candle_flags::quote_overflow))
    return {};
  return taker_buy_quote_units;
}

std::optional<std::int64_t> candle::opening_trade_id() const noexcept {
  if (!has(flags, candle_flags::first_id))
    return {};
  return first_trade_id;
}

std::optional<std::int64_t> candle::closing_trade_id() const noexcept {
  if (!has(flags, candle_flags::last_id))
    return {};
  return last_trade_id;
}

char* write_quote_volume(char* out, int128 units) noexcept {
  std::array<char, 40> reversed;
  std::size_t n = 0;
  int place = 0;
  bool written = false; // zeros behind the last decimal that is not zero are left out
  for (; place < quote_places; ++place, units /= 10) {
    const int digit = static_cast<int>(units % 10);
    written = written || digit != 0;
    if (written)
      reversed[n++] = static_cast<char>('0' + digit);
  }
  if (written)
    reversed[n++] = '.';
  do {
    reversed[n++] = static_cast<char>('0' + static_cast<int>(units % 10));
    units /= 10;
  } while (units != 0);
  return std::reverse_copy(reversed.begin(), reversed.begin() + n, out);
}

void append_quote_volume(std::string& out, int128 units) {
  std::array<char, 40> buffer;
  out.append(buffer.data(), write_quote_volume(buffer.data(), units));
}

} // namespace tradepulse
