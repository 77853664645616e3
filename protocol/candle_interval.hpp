#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "protocol/result.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// The lengths of candles, shortest first. Each is a multiple of the one before, so a candle lies
// within one candle of every longer interval, and ends of longer ones are ends of shorter ones.
enum class candle_interval : std::uint8_t { s1, m1, m5, m15, h1, h4, d1 };

inline constexpr std::array all_candle_intervals{
    candle_interval::s1, candle_interval::m1, candle_interval::m5, candle_interval::m15,
    candle_interval::h1, candle_interval::h4, candle_interval::d1};

constexpr std::chrono::milliseconds length_of(candle_interval interval) noexcept {
  using namespace std::chrono;
  constexpr std::array<milliseconds, all_candle_intervals.size()> lengths{
      seconds{1}, minutes{1}, minutes{5}, minutes{15}, hours{1}, hours{4}, hours{24}};
  return lengths[static_cast<std::size_t>(interval)];
}

// "1s" "1m" "5m" "15m" "1h" "4h" "1d"
std::string_view name_of(candle_interval interval) noexcept;
// Errors: bad_request for any other text.
result<candle_interval> parse_candle_interval(std::string_view text);

// The start of the candle that `time` falls into, counted from 1970 UTC: floor(time / interval),
// also before 1970.
constexpr time_ms candle_start(time_ms time, candle_interval interval) noexcept {
  const auto length = length_of(interval);
  const auto since_start = time.time_since_epoch() % length;
  return time - (since_start.count() < 0 ? since_start + length : since_start);
}

// A set of intervals.
class candle_intervals {
 public:
  constexpr candle_intervals() noexcept = default;
  constexpr candle_intervals(std::initializer_list<candle_interval> each) noexcept {
    for (const auto interval : each)
      insert(interval);
  }
  // 1m 5m 15m 1h 4h 1d
  static constexpr candle_intervals usual() noexcept {
    using enum candle_interval;
    return {m1, m5, m15, h1, h4, d1};
  }

  constexpr void insert(candle_interval interval) noexcept {
    bits_ = static_cast<std::uint8_t>(bits_ | bit(interval));
  }
  constexpr bool contains(candle_interval interval) const noexcept {
    return (bits_ & bit(interval)) != 0;
  }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  // Requires: !empty().
  constexpr candle_interval shortest() const noexcept {
    std::size_t i = 0;
    while (!contains(all_candle_intervals[i]))
      ++i;
    return all_candle_intervals[i];
  }
  friend constexpr bool operator==(candle_intervals, candle_intervals) noexcept = default;

 private:
  static constexpr std::uint8_t bit(candle_interval interval) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(interval));
  }
  std::uint8_t bits_ = 0;
};

} // namespace tradepulse
