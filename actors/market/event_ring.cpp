#include "actors/market/event_ring.hpp"

namespace tradepulse {

void event_ring::clear() noexcept {
  events_.clear();
  events_.shrink_to_fit();
  oldest_ = 0;
}

void event_ring::push(tradepulse::epoch e, const numbered_event& event) {
  if (capacity_ == 0)
    return;
  if (e != epoch_)
    clear();
  epoch_ = e;
  if (events_.size() < capacity_) {
    events_.push_back(event);
    return;
  }
  events_[oldest_] = event;
  oldest_ = (oldest_ + 1) % events_.size();
}

} // namespace tradepulse
