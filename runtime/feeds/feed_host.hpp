#pragma once

#include <cstdint>

#include "protocol/timestamps.hpp"
#include "runtime/feeds/pace.hpp"

namespace tradepulse {

// What a feed needs of the process it runs in; a test plays it with a clock of its own.
// Thread: one.
class feed_host {
 public:
  virtual ~feed_host() = default;
  virtual pace_clock::time_point now() = 0;
  virtual time_ms wall_clock() = 0;
  // Sleeps until then. True: the feed shall end now.
  virtual bool wait_until(pace_clock::time_point due) = 0;
  // Called now and then. Position and total are bytes of the input, 0 where there is none.
  virtual void on_progress(std::uint64_t produced, std::uint64_t position_bytes,
                           std::uint64_t total_bytes) = 0;
};

} // namespace tradepulse
