#pragma once

#include "actors/market/candle_event.hpp"
#include "protocol/candle_state.hpp"

namespace tradepulse {

// price * size in units of 10^-16; absent above 2^127 - 1.
std::optional<int128> quote_volume_of(price each, quantity size) noexcept;

// An event with what the candles of all intervals need of it, worked out once.
struct measured_event {
  explicit measured_event(const candle_event& of) noexcept;

  const candle_event& event;
  std::optional<int128> quote; // absent: no size, or too large
};

// Takes the event into the candle. Ties in time: the lower number opens, the higher one closes. In
// whatever order events come, the same events make the same candle.
// Requires: its time is one of the candle.
void merge(stored_candle& into, const measured_event& what) noexcept;

} // namespace tradepulse
