#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "protocol/result.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// The lengths of klines as exchanges send them, shortest first. Those of our own candles are fewer
// and each a multiple of the one before: candle_interval.
enum class kline_interval : std::uint8_t {
  s1,
  m1,
  m3,
  m5,
  m15,
  m30,
  h1,
  h2,
  h4,
  h6,
  h8,
  h12,
  d1,
  d3,
  w1,
  mo1
};

inline constexpr std::size_t kline_interval_count = 16;

// "1s" "1m" "3m" "5m" "15m" "30m" "1h" "2h" "4h" "6h" "8h" "12h" "1d" "3d" "1w" "1M"
std::string_view name_of(kline_interval interval) noexcept;
// Errors: bad_request for any other text.
result<kline_interval> parse_kline_interval(std::string_view text);
// When a kline that begins then is over. A month ends on the same day of the next one, or on its
// last day where it has no such day.
time_ms end_of(time_ms start, kline_interval interval) noexcept;

} // namespace tradepulse
