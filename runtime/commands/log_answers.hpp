#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapters/kafka/options.hpp"
#include "protocol/ports/log_inspector.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

using log_question = std::pair<topic_partition, std::optional<record_offset>>;

struct log_answers {
  std::map<topic_partition, log_state> states;
  std::map<topic_partition, error> failures; // not_found: the log has no such partition
  // The first that is none of a partition alone.
  std::optional<error> unavailable() const;
};

// Asks the log about all of them at once and waits for the answers.
// Blocks: up to the deadline and a few seconds.
log_answers ask_log(const kafka::connection_options& connection,
                    const std::vector<log_question>& questions);

} // namespace tradepulse
