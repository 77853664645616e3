#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tradepulse {

// Why a record was dead-lettered: the value of the header `tradepulse-reason` and of the metric
// label `reason`. A closed list.
enum class reject_reason : std::uint8_t {
  bad_json,
  bad_utf8, // also NUL, which PostgreSQL cannot hold
  missing_member,
  wrong_type,
  bad_number, // NaN, Infinity, not a number
  negative,
  too_precise,
  out_of_range,
  bad_symbol,
  bad_time,   // not a time, or outside 2000..2100
  bad_value,  // a word outside of its set, or members that contradict each other
  time_ahead, // more than ingest.max_ahead after its own record
  too_large,  // above ingest.max_record_bytes
  too_deep,   // nested deeper than 32
  symbol_stopped,
  database_refused,
};

inline constexpr std::array reject_reason_names{
    std::string_view{"bad_json"},       std::string_view{"bad_utf8"},
    std::string_view{"missing_member"}, std::string_view{"wrong_type"},
    std::string_view{"bad_number"},     std::string_view{"negative"},
    std::string_view{"too_precise"},    std::string_view{"out_of_range"},
    std::string_view{"bad_symbol"},     std::string_view{"bad_time"},
    std::string_view{"bad_value"},      std::string_view{"time_ahead"},
    std::string_view{"too_large"},      std::string_view{"too_deep"},
    std::string_view{"symbol_stopped"}, std::string_view{"database_refused"},
};

constexpr std::string_view to_string(reject_reason reason) noexcept {
  return reject_reason_names[static_cast<std::size_t>(reason)];
}

} // namespace tradepulse
