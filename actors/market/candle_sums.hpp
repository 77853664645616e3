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

// How much the quote volume can grow before it overflows.
int128 quote_room(const candle& of) noexcept;

// Takes the event into the candle. Ties in time: the lower number opens, the higher one closes. In
// whatever order events come, the same events make the same candle.
// Requires: its time is one of the candle.
void merge(stored_candle& into, const measured_event& what) noexcept;
// The same with all events of another candle, whose times are times of this one.
// Requires: it has events, and their quote volume is at most quote_room().
void merge(stored_candle& into, const stored_candle& sum) noexcept;

} // namespace tradepulse
