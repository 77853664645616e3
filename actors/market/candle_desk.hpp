#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "actors/ingest/candle_clock.hpp"
#include "actors/ingest/ingest_range.hpp"
#include "actors/market/candle_builder.hpp"

namespace tradepulse {

// The candles of one source stream beside its numbering: takes the slots of its ranges, whose
// events are numbered, and leaves in each what came of it. Thread: that of the symbol's state.
class candle_desk {
 public:
  explicit candle_desk(std::shared_ptr<const candle_options> rules);

  // As of a claim. `source` is the row of the stream whose events they are made of.
  void restore(const stored_stream& source, time_ms watermark);

  // Of events, beyond what is stored.
  struct tally {
    std::size_t closes = 0; // with corrections
    std::size_t corrections = 0;
    std::size_t too_late = 0;
    std::size_t overflows = 0;
    std::int64_t left_out = 0; // by fill_limit
  };
  // Goes through the events of the slot and what closes in its range. Returns what it has to know
  // of the database before it can go on: supply() it and call again, with the same slot. Nothing:
  // slot.candles is written. `hold`: the source's epoch is not committed yet.
  // Requires: the slot's row is written, its range has marks.
  const std::vector<candle_key>& work(const ingest_range& range, ingest_range::slot& slot,
                                      bool hold);
  // Nothing was asked: the slot is given up, and none is worked on before the next restore().
  void supply(std::span<const candle_key> asked, std::span<const stored_candle> found);
  // The next slot is another one: that which waits comes to nothing.
  void begin_slot() noexcept;
  // What the last slot came to.
  const tally& counts() const noexcept { return tally_; }

  candle_intervals intervals() const noexcept { return rules_->intervals; }

  // --- views ---
  // Open candles that have changed since the call before.
  void changed_views(std::vector<candle_view>& out) { builder_.changed_views(out); }
  void idle_views(time_ms now, std::vector<candle_view>& out) { builder_.idle_views(now, out); }
  void open_views(std::vector<candle_view>& out) { builder_.open_views(out); }

  const candle_builder& builder() const noexcept { return builder_; }

 private:
  // False: something is missing.
  template <class Logged>
  bool go_through(const ingest_range& range, const ingest_range::slot& slot,
                  std::span<const Logged> events);
  void close_before(const ingest_range& range, record_offset offset);
  void pass_over(const ingest_range& range, record_offset first);
  void apply(const candle_event& event, const candle_cause& cause);
  void release_committed();
  void remember_save(const ingest_range& range, std::uint32_t number);
  std::shared_ptr<made_candles> made(const ingest_range& range, const ingest_range::slot& slot,
                                     bool hold);
  void add_run(made_candles& to, const ingest_range& range, const ingest_range::slot& slot,
               candle_interval interval, stream_position first, bool hold);
  bool is_uncommitted(const ingest_range& range, candle_interval interval, stream_position first);
  candle_update update_of(const ingest_range::slot& slot, const stored_candles& changed);

  std::shared_ptr<const candle_options> rules_;
  candle_builder builder_;
  // Of intervals that are not made any more: their numbers must not be given again.
  std::vector<stored_candle_stream> others_;
  // Of the slot that is worked on:
  std::size_t next_event_ = 0;
  std::size_t next_closing_ = 0;
  std::vector<candle_fact> facts_;
  bool began_epoch_ = false; // of candle streams, with the source
  std::vector<candle_key> missing_;
  tally tally_;
  using fate_ptr = std::shared_ptr<const std::atomic<range_fate>>;
  struct saved {
    fate_ptr fate;
    std::uint32_t number = 0;
  };
  std::deque<saved> saves_; // whose ranges wait for their commit
  bool lost_ = false;       // one of those has ended: nothing is committed before a claim
  struct begun_epoch {
    fate_ptr fate;
    candle_interval interval;
    tradepulse::epoch epoch;
  };
  std::vector<begun_epoch> begun_; // by candle streams, in ranges that are not committed
};

} // namespace tradepulse
