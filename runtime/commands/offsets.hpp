#pragma once

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

// Prints stored position, generation, owner, digest state, end of the log and lag of each partition
// that has a row.
int run_offsets_show(const offsets_show_options& options);

// Moves the stored position and raises the epoch floor and the generation. Refused while an owner
// holds the claim, unless forced.
int run_offsets_set(const offsets_set_options& options);

} // namespace tradepulse
