#pragma once

#include "protocol/timestamps.hpp"

namespace tradepulse {

// Tells the late events of a stream from the others: those that are strictly older than the newest
// of their epoch. Asked in the order of the numbers, once an event.
class lateness {
 public:
  // Of an epoch's first event: nothing is older.
  static constexpr time_ms nothing_before = time_ms::min();

  explicit constexpr lateness(time_ms newest) noexcept : newest_(newest) {}

  constexpr bool late(time_ms event_time) noexcept {
    if (event_time < newest_)
      return true;
    newest_ = event_time;
    return false;
  }

 private:
  time_ms newest_;
};

} // namespace tradepulse
