#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/identifiers.hpp"
#include "runtime/commands/values.hpp"

namespace tradepulse {

struct offsets_show_options {
  std::string config;
  std::vector<std::string> overrides;
};

struct offsets_set_options {
  std::string config;
  std::vector<std::string> overrides;
  topic_partition source;
  commands::offset_target target;
  bool force = false; // also while an owner holds the claim, and to a number outside the log
};

struct offsets_clear_unordered_options {
  std::string config;
  std::vector<std::string> overrides;
  std::optional<symbol> which; // absent: every stream that has the mark
};

// Prints stored position, generation, owner, digest state, end of the log and lag of each partition
// that has a row.
int run_offsets_show(const offsets_show_options& options);

// Moves the stored position and raises the epoch floor and the generation. Refused while an owner
// holds the claim, unless forced.
int run_offsets_set(const offsets_set_options& options);

// Takes the mark `unordered` (fed from several partitions) from a stream or from all; their
// partitions are claimed again.
int run_offsets_clear_unordered(const offsets_clear_unordered_options& options);

} // namespace tradepulse
