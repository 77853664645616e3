#pragma once

#include <cstddef>
#include <vector>

#include "protocol/numbered_event.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse {

// The newest events of one epoch, for those who come back. Its memory grows with use, up to
// `capacity` events.
class event_ring {
 public:
  explicit event_ring(std::size_t capacity) : capacity_(capacity) {}

  void clear() noexcept;
  // Requires: within an epoch, the number is the last one + 1. A new epoch empties the ring.
  void push(epoch e, const numbered_event& event);

  std::size_t size() const noexcept { return events_.size(); }
  tradepulse::epoch epoch() const noexcept { return epoch_; }
  // The i-th oldest.
  const numbered_event& at(std::size_t i) const noexcept {
    return events_[(oldest_ + i) % events_.size()];
  }

 private:
  std::size_t capacity_;
  tradepulse::epoch epoch_;
  std::size_t oldest_ = 0;
  std::vector<numbered_event> events_;
};

} // namespace tradepulse
