#pragma once

#include <cstddef>
#include <vector>

#include "protocol/market_events.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse {

// The newest events of one epoch, for those who come back. Its memory grows with use, up to that of
// `capacity` price events: of a kind whose events are larger it keeps fewer.
template <class Events>
class event_ring {
 public:
  using event = typename Events::numbered;

  explicit event_ring(std::size_t capacity)
      : capacity_(capacity * sizeof(numbered_event) / sizeof(event)) {}

  void clear() noexcept {
    events_.clear();
    events_.shrink_to_fit();
    oldest_ = 0;
  }
  // Requires: within an epoch, the number is the last one + 1. A new epoch empties the ring.
  void push(tradepulse::epoch e, const event& newest) {
    if (capacity_ == 0)
      return;
    if (e != epoch_)
      clear();
    epoch_ = e;
    if (events_.size() < capacity_) {
      events_.push_back(newest);
      return;
    }
    events_[oldest_] = newest;
    oldest_ = (oldest_ + 1) % events_.size();
  }

  std::size_t size() const noexcept { return events_.size(); }
  tradepulse::epoch epoch() const noexcept { return epoch_; }
  // The i-th oldest.
  const event& at(std::size_t i) const noexcept { return events_[(oldest_ + i) % events_.size()]; }

 private:
  std::size_t capacity_;
  tradepulse::epoch epoch_;
  std::size_t oldest_ = 0;
  std::vector<event> events_;
};

} // namespace tradepulse
