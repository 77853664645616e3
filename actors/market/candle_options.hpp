#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "protocol/candle_interval.hpp"
#include "protocol/stream_kind.hpp"

namespace tradepulse {

// The rules by which candles are made; the numbers depend on each of them.
struct candle_options {
  candle_intervals intervals = candle_intervals::usual(); // not empty
  // A candle closes at the first record whose watermark is >= its end + grace. 0 or more.
  std::chrono::milliseconds grace{0};
  // An event counts where its time is >= the watermark with its own record - lateness; an older one
  // changes no candle of any interval, so that an hour stays the sum of its minutes. 0 or more.
  std::chrono::milliseconds lateness{std::chrono::hours{1}};
  // Whether intervals without events get a candle, flat at the close of the one before them as it
  // is known when they close: from the first candle of the source's epoch on.
  bool fill = false;
  // So many of them at most for one silence of a symbol, the last ones. What one record makes is
  // bounded by that for each symbol: it can end the silence of every symbol of its partition. 1 or
  // more.
  std::int64_t fill_limit = 1'440;

  constexpr time_ms closes_at(time_ms start, candle_interval interval) const noexcept {
    return start + length_of(interval) + grace;
  }
  // Times below change nothing any more.
  constexpr time_ms oldest_that_counts(time_ms watermark) const noexcept {
    return watermark < time_ms::min() + lateness ? time_ms::min() : watermark - lateness;
  }
};

// What a claim says of the candles that are made from a stream.
struct candle_claim {
  std::shared_ptr<const candle_options> rules; // null: none are made from it
  time_ms watermark = time_ms::min();          // of its partition, as of the claim
};

// How candles are made of a topic.
struct candle_source {
  std::shared_ptr<const candle_options> rules;
  stream_kind stream = stream_kind::price; // or trade
  // How far the time of an event may be ahead of its record's for the watermark to follow it.
  std::chrono::milliseconds max_ahead{1'000};
  // A partition that is silent for so long shows the candles that are over as closed.
  std::chrono::milliseconds idle_close{5'000};
};

} // namespace tradepulse
