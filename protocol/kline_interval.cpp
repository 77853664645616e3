#include "protocol/kline_interval.hpp"

#include <string>

namespace tradepulse {
namespace {

constexpr std::array<std::string_view, kline_interval_count> names{
    "1s", "1m", "3m", "5m",  "15m", "30m", "1h", "2h",
    "4h", "6h", "8h", "12h", "1d",  "3d",  "1w", "1M"};

} // namespace

std::string_view name_of(kline_interval interval) noexcept {
  return names[static_cast<std::size_t>(interval)];
}

result<kline_interval> parse_kline_interval(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text)
      return static_cast<kline_interval>(i);
  std::string shown;
  for (char c : text.substr(0, 40))
    shown += (c >= 0x20 && c < 0x7f) ? c : '?';
  return error{errc::bad_request, "interval \"" + shown +
                                      "\": must be one of 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, "
                                      "6h, 8h, 12h, 1d, 3d, 1w, 1M"};
}

time_ms end_of(time_ms start, kline_interval interval) noexcept {
  using namespace std::chrono;
  switch (interval) {
  case kline_interval::s1:
    return start + seconds{1};
  case kline_interval::m1:
    return start + minutes{1};
  case kline_interval::m3:
    return start + minutes{3};
  case kline_interval::m5:
    return start + minutes{5};
  case kline_interval::m15:
    return start + minutes{15};
  case kline_interval::m30:
    return start + minutes{30};
  case kline_interval::h1:
    return start + hours{1};
  case kline_interval::h2:
    return start + hours{2};
  case kline_interval::h4:
    return start + hours{4};
  case kline_interval::h6:
    return start + hours{6};
  case kline_interval::h8:
    return start + hours{8};
  case kline_interval::h12:
    return start + hours{12};
  case kline_interval::d1:
    return start + days{1};
  case kline_interval::d3:
    return start + days{3};
  case kline_interval::w1:
    return start + weeks{1};
  case kline_interval::mo1:
    break;
  }
  const auto day = floor<days>(start);
  auto next = year_month_day{day} + months{1};
  if (!next.ok())
    next = next.year() / next.month() / last;
  return sys_days{next} + (start - day);
}

} // namespace tradepulse
