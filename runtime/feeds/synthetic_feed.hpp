#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/ports/record_producer.hpp"
#include "protocol/result.hpp"
#include "runtime/feeds/feed_host.hpp"
#include "runtime/feeds/synthetic_market.hpp"

namespace tradepulse {

struct synthetic_feed_plan {
  std::string topic;
  std::optional<double> rate; // ticks a second; nullopt: as fast as it goes
  std::optional<std::chrono::milliseconds> duration;
  std::optional<std::uint64_t> count;
  // Event times by the tick's index from here on, instead of the wall clock.
  std::optional<time_ms> start_time;
};

struct synthetic_feed_counts {
  std::uint64_t produced = 0;
  std::optional<error> failure; // of the log
};

// Where no rate says how far apart ticks are that begin at a start time.
inline constexpr double event_time_rate_without_rate = 1000;

// The event time of tick `index` (from 0) that begins at `start`. Exact to the millisecond below
// it, whatever the machine does meanwhile.
time_ms synthetic_event_time(time_ms start, std::uint64_t index, std::optional<double> rate);

// Produces ticks at the rate until the count, the duration or the host ends it, or the log fails.
// Does not flush. Blocks.
synthetic_feed_counts run_synthetic_feed(synthetic_market& market, record_producer& log,
                                         const synthetic_feed_plan& plan, feed_host& host);

} // namespace tradepulse
