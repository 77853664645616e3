#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "actors/distribution/subscriber.hpp"
#include "actors/latency.hpp"
#include "protocol/metrics.hpp"

namespace tradepulse {

// What was pushed since the last flush, so that everything that waits for a connection goes in one
// system call, and how long it took since the log.
// Thread: the I/O thread. Inline: this is the hottest path of the process.
class write_pass {
 public:
  // `schedule` is asked once per pass, when something was pushed.
  write_pass(metrics::latency_histogram& latency, std::function<void()> schedule)
      : latency_(latency), schedule_(std::move(schedule)) {}

  push_outcome push(subscriber& to, frame_slice frames) {
    const auto outcome = to.out->push(std::move(frames));
    if (outcome == push_outcome::accepted)
      mark_dirty(to);
    return outcome;
  }
  void delivered(time_ms append, std::size_t events) { pushed_.push_back({append, events}); }

  // `find(id)` is null for a connection that is gone: an outbox may end it while it writes.
  template <class Find>
  void flush(Find&& find) {
    scheduled_ = false;
    auto dirty = std::move(dirty_);
    dirty_.clear();
    for (auto id : dirty)
      if (subscriber* each = find(id)) {
        each->dirty = false;
        each->out->flush();
      }
    dirty.clear();
    if (dirty_.empty())
      dirty_.swap(dirty); // keeps the memory
    for (const auto& burst : pushed_)
      latency_.observe(seconds_since(burst.append), burst.events);
    pushed_.clear();
  }

 private:
  void mark_dirty(subscriber& to) {
    if (!to.dirty)
      dirty_.push_back(to.id);
    to.dirty = true;
    if (!std::exchange(scheduled_, true))
      schedule_();
  }

  struct pushed {
    time_ms append;
    std::size_t events;
  };
  metrics::latency_histogram& latency_;
  std::function<void()> schedule_;
  bool scheduled_ = false;
  std::vector<connection_id> dirty_;
  std::vector<pushed> pushed_;
};

} // namespace tradepulse
