#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/result.hpp"

// Values of options that are more than a number or a name. Errors: bad_request, with the value and
// the form that is wanted.
namespace tradepulse::commands {

// "250ms", "20s", "5m", "2h", as in the configuration but always with a unit. More than 0, at most
// 366 days.
result<std::chrono::milliseconds> parse_duration(std::string_view text);

// "max" (nullopt), or a positive decimal number up to 10^9.
result<std::optional<double>> parse_rate(std::string_view text);

// "earliest", "latest", or an offset.
struct offset_target {
  enum class place : std::uint8_t { earliest, latest, at };
  place where = place::at;
  std::int64_t offset = 0; // where `where` is `at`
};
result<offset_target> parse_offset_target(std::string_view text);

// "name:partitions", or "name" for one partition.
struct topic_layout {
  std::string name;
  std::int32_t partitions = 1;
};
result<topic_layout> parse_topic_layout(std::string_view text);

// The name of a topic alone: nothing behind a colon.
result<std::string> parse_topic(std::string_view text);

// What is put behind each symbol: beside one character of a symbol it must still be one.
result<std::string> parse_suffix(std::string_view text);

// "key=value"; the value may be empty and may hold `=`.
result<std::pair<std::string, std::string>> parse_assignment(std::string_view text);

} // namespace tradepulse::commands
