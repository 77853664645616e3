#include "protocol/timestamps.hpp"

#include <cstdio>

namespace tradepulse {
namespace {

using namespace std::chrono;

error bad(std::string_view text, const char* why) {
  std::string shown;
  for (char c : text.substr(0, 40))
    shown += (c >= 0x20 && c < 0x7f) ? c : '?';
  return {errc::bad_time, "time \"" + shown + "\": " + why};
}

struct bounds {
  time_ms from;
  time_ms until; // exclusive
  const char* beyond;
};
constexpr bounds of_events{earliest_event_time, latest_event_time,
                           "outside 2000-01-01 .. 2100-01-01"};
constexpr bounds of_questions{earliest_asked_time, latest_asked_time,
                              "outside 0001-01-01 .. 10000-01-01"};

result<time_ms> checked(std::string_view text, time_ms time, const bounds& within) {
  if (time < within.from || time >= within.until)
    return bad(text, within.beyond);
  return time;
}

// Takes exactly `count` digits from the front.
bool take_digits(std::string_view& text, std::size_t count, int& out) {
  if (text.size() < count)
    return false;
  out = 0;
  for (char c : text.substr(0, count)) {
    if (c < '0' || c > '9')
      return false;
    out = out * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos)
    return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, milliseconds& out) {
  out = milliseconds{0};
  if (text.empty() || (text.front() != '.' && text.front() != ','))
    return true;
  text.remove_prefix(1);
  int digits = 0;
  int value = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3)
      value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  for (int i = digits; i < 3; ++i)
    value *= 10;
  out = milliseconds{value};
  return digits >= 1 && digits <= 9;
}

bool take_zone(std::string_view& text, minutes& out) {
  out = minutes{0};
  if (take(text, "Zz"))
    return true;
  if (text.empty() || (text.front() != '+' && text.front() != '-'))
    return false;
  const bool west = text.front() == '-';
  text.remove_prefix(1);
  int h = 0, m = 0;
  if (!take_digits(text, 2, h))
    return false;
  take(text, ":");
  if (!take_digits(text, 2, m) || h > 14 || m > 59)
    return false;
  out = minutes{h * 60 + m} * (west ? -1 : 1);
  return true;
}

result<time_ms> parse(std::string_view text, const bounds& within) {
  if (text.empty())
    return bad(text, "empty");
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    if (text.size() > 15)
      return bad(text, within.beyond);
    std::int64_t ms = 0;
    for (char c : text)
      ms = ms * 10 + (c - '0');
    return checked(text, time_ms{milliseconds{ms}}, within);
  }
  std::string_view rest = text;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  milliseconds fraction{0};
  minutes zone{0};
  const bool form = take_digits(rest, 4, y) && take(rest, "-") && take_digits(rest, 2, mo) &&
                    take(rest, "-") && take_digits(rest, 2, d) && take(rest, "Tt ") &&
                    take_digits(rest, 2, h) && take(rest, ":") && take_digits(rest, 2, mi) &&
                    take(rest, ":") && take_digits(rest, 2, s) && take_fraction(rest, fraction) &&
                    take_zone(rest, zone) && rest.empty();
  if (!form)
    return bad(text, "neither integer milliseconds nor ISO-8601 with a zone");
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok() || h > 23 || mi > 59 || s > 59)
    return bad(text, "no such time");
  return checked(text,
                 time_ms{sys_days{date} + hours{h} + minutes{mi} + seconds{s} + fraction - zone},
                 within);
}

} // namespace

result<time_ms> parse_time(std::string_view text) {
  return parse(text, of_events);
}

result<time_ms> parse_asked_time(std::string_view text) {
  return parse(text, of_questions);
}

std::string to_iso8601(time_ms time) {
  const auto day_start = floor<days>(time);
  const year_month_day date{day_start};
  const hh_mm_ss clock{time - day_start};
  char buffer[64];
  const int n = std::snprintf(
      buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {buffer, static_cast<std::size_t>(n)};
}

} // namespace tradepulse
