#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "protocol/timestamps.hpp"
#include "runtime/commands/log_target.hpp"

namespace tradepulse {

struct feed_synthetic_options {
  std::size_t symbols = 50;
  std::optional<double> rate = 1000; // ticks a second; nullopt: as fast as it goes
  std::uint64_t seed = 1;
  std::optional<std::chrono::milliseconds> duration; // absent: without end
  std::optional<std::uint64_t> count;                // absent: without end
  // Absent: an event's time is the moment it is produced. Present: the first event's time, the
  // others follow at the rate (at 1,000 a second for `max`), whatever the clock says.
  std::optional<time_ms> start_time;
  log_target target;
};

// Produces a synthetic market to Kafka. SIGINT or SIGTERM ends it cleanly.
int run_feed_synthetic(const feed_synthetic_options& options);

} // namespace tradepulse
