#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "actors/market/candle_event.hpp"
#include "actors/market/candle_options.hpp"
#include "actors/market/candle_series.hpp"
#include "protocol/candle.hpp"
#include "protocol/candle_state.hpp"

namespace tradepulse {

// Makes one symbol's candles of every interval from its source stream. What it numbers is a
// function of the partition's log: of the stored state, the events, and the watermark with each
// record; never of a clock, of how batches are cut, or of what is in memory and what on disk.
//
// Called in the order of the log: apply() for each event of the source, advance() for each record
// of another symbol (or another stream) at which something closes: next_close() and close_schedule
// say when. Thread: one at a time.
class candle_builder {
 public:
  // Requires: at least one interval; grace and lateness are not negative.
  explicit candle_builder(std::shared_ptr<const candle_options> rules);

  struct outcome {
    bool began_epoch = false; // of the source: each candle stream begins one too
    bool too_late = false;    // older than lateness: no candle was changed
    std::uint32_t late_closes = 0; // closed candles that it made: one an interval at most
    std::uint32_t corrections = 0; // closed candles that it changed
    std::uint32_t overflows = 0;   // candles whose quote volume is unknown from now on
  };
  // The event of a record of this symbol. Appends its facts in the order of their numbers: what
  // closes at this record (shorter intervals first, of one interval the earlier start first), which
  // does not have the event; then, where the event is late, the closes and corrections that it
  // makes itself (shorter first), and what candles.fill puts behind them.
  // An event of a new epoch of the source first forgets all candles, also those that would close.
  // An event not above through() was applied before and changes nothing.
  // Requires: needs() is false.
  outcome apply(const candle_event& event, const candle_cause& cause,
                std::vector<candle_fact>& out);
  // The same for an event that only adds to open candles, as nearly all do: it needs nothing of the
  // database, and makes no fact. False: it does more, and nothing has changed.
  bool add_to_open(const candle_event& event, const candle_cause& cause) noexcept;
  // What closes at the record of another.
  void advance(const candle_cause& cause, std::vector<candle_fact>& out);

  // Flat candles that candles.fill_limit left out, since the last call.
  std::int64_t take_left_out() noexcept;

  // The least watermark at which something closes; time_ms::max(): nothing does.
  time_ms next_close() const noexcept { return next_close_; }
  // The newest event of the source that was applied.
  stream_position through() const noexcept { return through_; }

  // --- what may be on disk alone ---
  using key = candle_key;
  // Appends the closed candles that the event of a record with this watermark needs and that may
  // be in the database alone: read each and supply() it before apply(). None while nothing was
  // released. Returns whether there are any.
  bool needs(const candle_event& event, time_ms watermark, std::vector<key>& out) const;
  // What the database has there, or that it has nothing.
  void supply(const key& which, const std::optional<stored_candle>& found);
  // The transaction with save() number `committed` is done: closed candles that it or an earlier
  // one holds as they are leave memory, but for the newest of each interval. Not to call it keeps
  // all that count in memory.
  void release(std::uint32_t committed);

  // --- storing ---
  // Appends the rows that have changed since the save before; returns this save's number, from 1.
  std::uint32_t save(stored_candles& out);
  // Appends every stream and every open candle: what a restart begins with.
  void state(stored_candles& out);
  // Goes on from what the database has as of the partition's `watermark`; `through` is the position
  // of the source as of there. Rows may be more than count. With closed_loaded = false the closed
  // candles were left out, to be asked for by needs().
  void restore(const stored_candles& stored, time_ms watermark, stream_position through,
               bool closed_loaded = true);
  // Whether each stream has numbered as much as that says of it.
  bool covers(const stored_candles& stored) const;
  // Rows that start earlier (and are closed) are of no use any more.
  time_ms oldest_that_counts() const noexcept { return rules_->oldest_that_counts(watermark_); }

  // --- views: not numbered, lost at a restart ---
  // Open candles with events since the last call. Where `withdraws` is set it must be sent.
  void changed_views(std::vector<candle_view>& out);
  // The whole partition has been silent for candles.idle_close, and the wall clock is at `now`:
  // open candles that are over, provisionally closed; each once, until an event withdraws it.
  void idle_views(time_ms now, std::vector<candle_view>& out);
  // All open candles, as they were shown last: what an answer and a new subscriber get.
  void open_views(std::vector<candle_view>& out);

  std::span<const candle_series> series() const noexcept { return series_; } // shortest first
  std::size_t candles() const noexcept;
  // Of itself and what it holds.
  std::size_t memory_bytes() const noexcept;

 private:
  // Events that only add to open candles, as nearly all do: summed up before each candle gets the
  // sum. The next that does more, and whoever asks for the candles, finds them settled.
  struct open_run {
    time_ms from{}; // times of the newest candle of each interval, all of them open
    time_ms to{};   // exclusive; `from`: no run is under way
    int128 quote_room = 0;
    stored_candle sum; // starts at `from`

    bool covers(time_ms time) const noexcept { return time >= from && time < to; }
  };
  bool only_adds(const candle_event& event, const candle_cause& cause) const noexcept;
  void begin_run(time_ms at) noexcept;
  void settle() noexcept;
  void begin_epoch(const candle_event& first, const candle_cause& cause);
  void close_due(const candle_cause& cause, std::vector<candle_fact>& out);
  void add(const candle_event& event, const candle_cause& cause, std::vector<candle_fact>& out,
           outcome& result);
  void find_next_close() noexcept;
  void find_source_epoch() noexcept;

  std::shared_ptr<const candle_options> rules_;
  std::vector<candle_series> series_;
  stream_position through_;
  epoch source_epoch_; // that of all series; 0 where they differ (an interval that is new)
  time_ms watermark_ = time_ms::min(); // the greatest it was told in this epoch
  time_ms next_close_ = time_ms::max();
  open_run run_;
  std::uint32_t saves_ = 0;
  bool views_due_ = false;
};

} // namespace tradepulse
