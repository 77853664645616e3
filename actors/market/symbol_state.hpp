#pragma once

#include <memory>
#include <span>
#include <vector>

#include "actors/ingest/ingest_range.hpp"
#include "actors/market/event_ring.hpp"
#include "actors/market/price_stream.hpp"
#include "actors/market/snapshot_pair.hpp"
#include "protocol/metrics.hpp"
#include "protocol/price_burst.hpp"

namespace tradepulse {

// Everything a symbol actor knows, without an actor: numbering, what was published, what waits for
// its epoch to be committed.
class symbol_state {
 public:
  symbol_state(const symbol& name, stream_index index, std::size_t ring_capacity);

  struct outcome {
    // To publish. What waited are bursts, in order. What was just numbered is not made one yet,
    // because mostly nobody listens: see burst_of(). Never both.
    std::vector<burst_ptr> bursts;
    std::span<const numbered_event> events;
    tradepulse::epoch epoch; // of the events
    time_ms oldest_append{};
    std::shared_ptr<const price_snapshot> published; // null: unchanged
    std::size_t late = 0;
    bool became_unordered = false; // an operator has to look
    std::int64_t source_gap = 0;
  };

  // Numbers the events of one slot and writes its row. Publishes at once, unless the epoch was
  // begun here and is not committed yet. `room` keeps the events of the outcome: it is used again
  // and again, for any symbol.
  outcome apply(ingest_range& range, ingest_range::slot& slot, std::vector<numbered_event>& room);
  // Requires: there are events.
  burst_ptr burst_of(const outcome& done) const;
  // The epoch (and all before it) is in the database.
  outcome commit_epoch(epoch committed);

  struct restored {
    // The database was ahead of what was published: the loaded snapshot, for `gap` and join.
    std::shared_ptr<const price_snapshot> moved;
  };
  // Goes on from a claim. `published` is the highest published snapshot (the directory keeps it);
  // what was held back is forgotten, it will be read again.
  restored restore(stored_stream stored, std::shared_ptr<const price_snapshot> published,
                   bool uncommitted_epoch = false);

  // Nothing comes for a while: what only saves work is given back.
  void rest() noexcept { snapshots_.forget_older(); }

  const event_ring& ring() const noexcept { return ring_; }
  const std::shared_ptr<const price_snapshot>& published() const noexcept { return published_; }

 private:
  struct held {
    burst_ptr burst;
    std::shared_ptr<const price_snapshot> snapshot;
  };
  void release(std::span<const numbered_event> events, epoch of,
               std::shared_ptr<const price_snapshot> snapshot, outcome& out);

  price_stream stream_;
  stream_index index_;
  snapshot_pair snapshots_;
  event_ring ring_;
  std::shared_ptr<const price_snapshot> published_;
  std::vector<held> held_; // in order; empty but for the moments after a move of the home
};

} // namespace tradepulse
