#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "actors/market/waiting_candles.hpp"
#include "protocol/candle.hpp"
#include "protocol/shown_candle.hpp"

namespace tradepulse {

class ingest_range;
struct made_candles;

// The open candles of one symbol as they are now, and the closes that wait for their commit, for
// those who ask: written by the worker of their source, read by whoever has the entry of one of
// their streams. Thread: any; nothing is locked within.
class candle_board {
 public:
  // `source`: `trade` or `price`.
  candle_board(const symbol& name, stream_kind source) : symbol_(name), source_(source) {}

  // As of this position of the source. What is read again after a claim may be behind what was
  // shown: that stays until the source has come so far. `fill` appends to the vector.
  template <class Fill>
  void set(stream_position through, Fill&& fill) {
    std::lock_guard lock(mutex_);
    if (through < through_)
      return;
    through_ = through;
    views_.clear();
    fill(views_);
  }
  std::vector<candle_view> all() const {
    std::lock_guard lock(mutex_);
    return views_;
  }
  // Before anybody is told of the numbers; so whoever knows of one finds it here or, where the
  // range has ended, in the tables. A range that was not committed is read again.
  void add(const ingest_range& range, const made_candles& made);
  // In the order in which they were numbered.
  std::vector<waiting_candles> waiting(candle_interval interval) const;
  // The newest of that interval, as it is sent. Null: none.
  candle_view_ptr newest(candle_interval interval) const {
    std::lock_guard lock(mutex_);
    const candle_view* out = nullptr;
    for (const auto& each : views_)
      if (each.candle.interval == interval && (!out || out->candle.start < each.candle.start))
        out = &each;
    return out ? std::make_shared<const shown_candle>(symbol_, source_, *out) : nullptr;
  }

 private:
  symbol symbol_;
  stream_kind source_;
  stream_position through_;
  mutable std::mutex mutex_;
  std::vector<candle_view> views_;
  struct held {
    std::weak_ptr<const ingest_range> range; // ends with its commit, or with its claim
    candle_interval interval;
    waiting_candles what;
  };
  std::vector<held> waiting_; // bounded as the ranges are, by the credit of ingest
};

} // namespace tradepulse
