#include "runtime/commands/values.hpp"

#include <charconv>
#include <cmath>
#include <utility>

#include "protocol/identifiers.hpp"
#include "runtime/config/quantities.hpp"

namespace tradepulse::commands {
namespace {

error bad(std::string_view text, const char* wanted) {
  return {errc::bad_request, "\"" + std::string(text) + "\": not " + wanted};
}

template <class Number>
bool read_whole(std::string_view text, Number& out) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  return fault == std::errc{} && end == text.data() + text.size();
}

bool is_topic_name(std::string_view name) {
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._-") == std::string_view::npos;
}

} // namespace

result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr auto form = "a duration such as 250ms, 20s, 5m or 2h, more than 0 and at most 366 days";
  constexpr std::int64_t longest_ms = std::int64_t{366} * 24 * 3600 * 1000;
  // On a command line a bare number would be taken for seconds by most, and is milliseconds.
  if (text.empty() || text.back() <= '9')
    return bad(text, form);
  const auto ms = config::parse_duration(text);
  if (!ms || *ms < 1 || *ms > longest_ms)
    return bad(text, form);
  return std::chrono::milliseconds(*ms);
}

result<std::optional<double>> parse_rate(std::string_view text) {
  if (text == "max")
    return std::optional<double>{};
  double value = 0;
  if (!read_whole(text, value) || !std::isfinite(value) || value <= 0 || value > 1e9)
    return bad(text, "a number above 0 and up to 1000000000, or max");
  return std::optional(value);
}

result<offset_target> parse_offset_target(std::string_view text) {
  if (text == "earliest")
    return offset_target{offset_target::place::earliest, 0};
  if (text == "latest")
    return offset_target{offset_target::place::latest, 0};
  offset_target out;
  if (!read_whole(text, out.offset) || out.offset < 0)
    return bad(text, "an offset (0 or more), earliest or latest");
  return out;
}

result<topic_layout> parse_topic_layout(std::string_view text) {
  const auto colon = text.rfind(':');
  topic_layout out{std::string(text.substr(0, colon)), 1};
  if (colon != std::string_view::npos && (!read_whole(text.substr(colon + 1), out.partitions) ||
                                          out.partitions < 1 || out.partitions > 10'000))
    return bad(text, "NAME:PARTITIONS with 1 to 10000 partitions");
  if (!is_topic_name(out.name))
    return bad(text, "a topic: 1 to 249 characters of A-Za-z0-9._-, then perhaps :PARTITIONS");
  return out;
}

result<std::pair<std::string, std::string>> parse_assignment(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return bad(text, "KEY=VALUE");
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

result<std::string> parse_topic(std::string_view text) {
  if (text.find(':') != std::string_view::npos)
    return error{errc::bad_request, "\"" + std::string(text) + "\": not a topic"};
  auto layout = parse_topic_layout(text);
  if (!layout)
    return error{errc::bad_request,
                 "\"" + std::string(text) + "\": not a topic: 1 to 249 characters of A-Za-z0-9._-"};
  return std::move(layout->name);
}

result<std::string> parse_suffix(std::string_view text) {
  if (!symbol::valid("X" + std::string(text)))
    return error{errc::bad_request,
                 "\"" + std::string(text) +
                     "\": not the end of a symbol: at most 31 characters of A-Za-z0-9._:/=^&+-"};
  return std::string(text);
}

} // namespace tradepulse::commands
