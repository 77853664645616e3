#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ports/log_inspector.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// How the record that was applied last compares with the log.
enum class digest_state : std::uint8_t {
  none,      // nothing was applied yet, or the operator moved the position
  matches,   // the record is in the log as it was applied
  gone,      // it expired or was compacted away: cannot be compared
  differs,   // another record stands at its offset: a replaced log
  other_log, // another cluster id, or the log ends before the stored position: a replaced log
  missing,   // the log has no such partition
  unknown,   // Kafka did not answer
};
std::string_view to_string(digest_state state) noexcept;

// A partition as `offsets show` prints it. At least one of both is there: a partition that nobody
// has claimed yet has no row, one whose topic is gone has no log.
struct offsets_line {
  topic_partition source;
  std::optional<partition_row> stored;
  std::optional<log_state> log;
  bool missing_in_log = false;
};

digest_state judge_digest(const offsets_line& line) noexcept;

// Records between the stored position and the end of the log; absent where one of both is not
// known. Less than 0 where the log is a shorter one.
std::optional<std::int64_t> lag_of(const offsets_line& line) noexcept;

// A header and a row each, columns aligned, `-` for what is not known.
std::string offsets_table(const std::vector<offsets_line>& lines);

} // namespace tradepulse
