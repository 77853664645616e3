#include "protocol/candle_interval.hpp"

#include <string>

namespace tradepulse {

std::string_view name_of(candle_interval interval) noexcept {
  constexpr std::array<std::string_view, all_candle_intervals.size()> names{"1s", "1m", "5m", "15m",
                                                                            "1h", "4h", "1d"};
  return names[static_cast<std::size_t>(interval)];
}

result<candle_interval> parse_candle_interval(std::string_view text) {
  for (const auto interval : all_candle_intervals)
    if (name_of(interval) == text)
      return interval;
  std::string shown;
  for (char c : text.substr(0, 40))
    shown += (c >= 0x20 && c < 0x7f) ? c : '?';
  return error{errc::bad_request,
               "interval \"" + shown + "\": must be one of 1s, 1m, 5m, 15m, 1h, 4h, 1d"};
}

} // namespace tradepulse
