#pragma once

#include <optional>
#include <string>

#include "runtime/commands/log_target.hpp"

namespace tradepulse {

struct replay_options {
  std::string file;
  std::optional<double> speed = 1.0; // times the recording's own pace; nullopt: as fast as it goes
  std::string symbol_suffix;
  log_target target;
};

// Produces the frames of a recording to Kafka. SIGINT or SIGTERM ends it cleanly.
int run_replay(const replay_options& options);

} // namespace tradepulse
