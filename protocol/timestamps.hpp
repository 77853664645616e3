#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/result.hpp"

namespace tradepulse {

// Milliseconds since 1970 UTC: event times and Kafka record times.
using time_ms = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

inline constexpr time_ms earliest_event_time{
    std::chrono::milliseconds{946'684'800'000}}; // 2000-01-01
inline constexpr time_ms latest_event_time{
    std::chrono::milliseconds{4'102'444'800'000}}; // 2100-01-01, exclusive

// Of questions for what is stored: four digits of a year. Another program's bars may be older than
// any event.
inline constexpr time_ms earliest_asked_time{
    std::chrono::milliseconds{-62'135'596'800'000}}; // 0001-01-01
inline constexpr time_ms latest_asked_time{
    std::chrono::milliseconds{253'402'300'800'000}}; // 10000-01-01, exclusive

// Reads integer milliseconds ("1723161256543") or ISO-8601 ("2024-08-08T23:54:16.543Z", also with
// an offset, with a space for the T, with 0 to 9 fractional digits, which are cut to ms).
// Errors: bad_time for another form or a time outside [2000, 2100).
result<time_ms> parse_time(std::string_view text);
// The same within [earliest_asked_time, latest_asked_time).
result<time_ms> parse_asked_time(std::string_view text);

// "2024-08-08T23:54:16.543Z"
std::string to_iso8601(time_ms time);

} // namespace tradepulse
