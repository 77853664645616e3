#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "protocol/candle.hpp"
#include "protocol/stream_kind.hpp"

namespace tradepulse {

// What PostgreSQL keeps of the candles of one symbol, and what a restart begins with.

// A stream candle_<interval>: one row a (symbol, interval).
struct stored_candle_stream {
  candle_interval interval = candle_interval::m1;
  epoch source_epoch;       // of the events that its candles are made of; 0: there was none yet
  stream_position position; // of its last numbered event; 0/0: nothing was ever numbered
  // Candles that start no later are partial. Absent: the source was seen from its very beginning.
  std::optional<time_ms> partial_through;
  // The newest closed candle of this source epoch: nothing up to it is open.
  std::optional<time_ms> last_closed; // its start
  price last_close;

  friend bool operator==(const stored_candle_stream&, const stored_candle_stream&) = default;
};

// A candle, open or closed: one row a (symbol, interval, start).
struct stored_candle {
  tradepulse::candle candle;
  // The events that make open and close: ms after the start, and their numbers.
  std::uint32_t open_after_ms = 0;
  std::uint32_t close_after_ms = 0;
  sequence open_seq;
  sequence close_seq;

  friend bool operator==(const stored_candle&, const stored_candle&) = default;
};

struct stored_candles {
  std::vector<stored_candle_stream> streams;
  std::vector<stored_candle> candles;

  bool empty() const noexcept { return streams.empty() && candles.empty(); }
  void clear() noexcept {
    streams.clear();
    candles.clear();
  }
};

struct candle_key {
  candle_interval interval{};
  time_ms start{};

  friend bool operator==(const candle_key&, const candle_key&) = default;
};

struct closed_candle {
  stored_candle row;
  stream_position position; // of its newest event: the close, or the last correction
};

// What a transaction writes of the candles that are made from one stream.
struct candle_update {
  stream_key source; // its symbol, and `price` or `trade`
  // Every stream and every open candle, in place of what is stored. Never null.
  std::shared_ptr<const stored_candles> state;
  // That were closed or corrected: the newest state of each, by (interval, start).
  std::vector<closed_candle> closed;
  // Of the source, as of the state. Another partition may have committed a later one, whose state
  // then stays.
  epoch source_epoch{};
};

} // namespace tradepulse
