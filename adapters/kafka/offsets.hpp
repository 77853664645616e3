#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "adapters/kafka/options.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/result.hpp"

namespace tradepulse::kafka {

struct partition_offsets {
  topic_partition source;
  // Absent where the partition's leader did not answer in time.
  std::optional<next_offset> begin;
  std::optional<high_watermark> end;
};

struct log_listing {
  std::vector<partition_offsets> partitions; // sorted by topic and partition
  std::vector<std::string> missing;          // names and globs that match no topic
};

// The partitions of all topics that `topics` (names and globs) match, and their ends.
// Blocks: up to `deadline` and a second. Errors: configuration; log_unavailable where no broker
// answered.
result<log_listing> list_offsets(const connection_options& connection,
                                 const std::vector<std::string>& topics,
                                 std::chrono::milliseconds deadline);

} // namespace tradepulse::kafka
