#pragma once

#include <memory>
#include <vector>

#include "actors/ingest/ingest_range.hpp"
#include "actors/market/candle_desk.hpp"
#include "actors/market/recalled_events.hpp"
#include "actors/market/waiting_ranges.hpp"
#include "protocol/event_burst.hpp"

namespace tradepulse {

// Where events are between their numbering and their burst: memory that is used again and again,
// for any stream.
struct event_room {
  std::vector<numbered_event> prices;
  std::vector<numbered_trade> trades;
  std::vector<numbered_quote> quotes;
  std::vector<numbered_kline> klines;
  std::vector<numbered_candle> candles;
  std::vector<candle_view> views;
};

// Everything a symbol actor knows of its stream, without an actor: numbering, what was published,
// what waits for its epoch to be committed. What differs by kind: symbol_state_of.
class symbol_state {
 public:
  virtual ~symbol_state() = default;

  struct outcome {
    // To publish. What waited are bursts, in order. What was just numbered is not made one yet,
    // because mostly nobody listens: see burst_of(). Never both.
    std::vector<burst_ptr> bursts;
    bool events = false;     // there are some in the room
    bool held = false;       // they wait for the commit of their epoch
    tradepulse::epoch epoch; // of them
    time_ms oldest_append{};
    head_ptr published; // null: unchanged
    std::size_t late = 0;
    bool became_unordered = false; // an operator has to look
    std::int64_t source_gap = 0;
  };

  // Numbers the events of one slot and writes its row. Publishes at once, unless the epoch was
  // begun here and is not committed yet. A slot of candles has its numbers and is only read; one
  // without events says that an epoch has begun.
  virtual outcome apply(ingest_range& range, ingest_range::slot& slot, event_room& room) = 0;
  // Of what that call has left in the room. Requires: there are events.
  virtual burst_ptr burst_of(const outcome& done, const event_room& room) const = 0;
  // The epoch (and all before it) is in the database.
  virtual outcome commit_epoch(epoch committed) = 0;

  struct restored {
    // The database was ahead of what was published: the loaded head, for `gap` and join.
    head_ptr moved;
    // It was not; but what has been numbered since the claim before may be there by now, or has to
    // be read again.
    bool claimed_again = false;
  };
  // Goes on from a claim. `published` is the highest published head (the directory keeps it);
  // what was held back is forgotten, it will be read again.
  virtual restored restore(stored_stream stored, head_ptr published, bool uncommitted_epoch = false,
                           const candle_claim& candles = {}) = 0;

  // Whether it has numbered, with its candles, all that this row knows of: then it says nothing new.
  virtual bool covers(const stored_stream& stored) const = 0;

  // Behind apply() of a slot whose range has marks: makes candles of its events, where they are
  // made from this stream. As candle_desk::work().
  virtual const std::vector<candle_key>& make_candles(const ingest_range& range,
                                                      ingest_range::slot& slot) = 0;
  // Null: none are made from it.
  virtual candle_desk* candles() noexcept = 0;
  // Of a stream that no claim has known: candles are made from it from now on, numbered behind
  // what their streams have.
  virtual void begin_candles(const std::shared_ptr<const candle_options>& rules,
                             std::shared_ptr<const stored_candles> numbered) = 0;

  // What was published behind `after`, as far as the ring and the ranges that wait for their commit
  // have it: one burst of at most `limit` events (0: only where the stream stands), shared by those
  // who ask at once. Whether the partition is settled, or away, others know.
  virtual recalled_events recall(stream_position after, std::size_t limit) = 0;

  // Nothing comes for a while: what only saves work is given back.
  virtual void rest() noexcept = 0;

  // What waits of earlier epochs than the one that a move of the home has begun.
  virtual std::optional<waiting_ranges::earlier> waits_before(epoch begun) const = 0;

  // Events in the ring.
  virtual std::size_t remembered() const noexcept = 0;
};

std::shared_ptr<symbol_state> make_symbol_state(const stream_key& key, stream_index index,
                                                std::size_t ring_capacity);

} // namespace tradepulse
