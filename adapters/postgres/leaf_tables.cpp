#include "adapters/postgres/leaf_tables.hpp"

#include "protocol/timestamps.hpp"

namespace tradepulse {

using std::chrono::days;
using std::chrono::sys_days;

std::optional<sys_days> day_of(const std::string& text) {
  const auto value = static_cast<unsigned>(std::stoul(text));
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(value) / 10'000},
                                         std::chrono::month(value / 100 % 100),
                                         std::chrono::day(value % 100)};
  return date.ok() ? std::optional(sys_days{date}) : std::nullopt;
}

std::string text_of(sys_days day) {
  auto out = to_iso8601(time_ms{day}).substr(0, 10);
  std::erase(out, '-');
  return out;
}

std::string bounds_of(sys_days day) {
  const auto from = time_ms{day}.time_since_epoch();
  return "FOR VALUES FROM ('" + std::to_string(from.count()) + "') TO ('" +
         std::to_string((from + std::chrono::milliseconds{days{1}}).count()) + "')";
}

} // namespace tradepulse
