#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "actors/market/candle_options.hpp"
#include "actors/market/candle_sums.hpp"
#include "protocol/candle.hpp"
#include "protocol/candle_state.hpp"

namespace tradepulse {

// The candles of one symbol and one interval: a part of candle_builder, which says what is called
// when. Closed ones lie before open ones, both by their start. Not only one is open: an event may
// be of an hour ahead of its record (ingest.max_ahead), and grace keeps those behind open.
class candle_series {
 public:
  explicit candle_series(candle_interval interval);

  candle_interval interval() const noexcept { return stream_.interval; }
  const stored_candle_stream& stream() const noexcept { return stream_; }

  // The source begins an epoch: what was made of the one before is forgotten.
  void begin(epoch source, std::optional<time_ms> partial_through, epoch floor);

  // Numbers what closes at this watermark, the earlier first.
  void close_due(const candle_options& rules, const candle_cause& cause,
                 std::vector<candle_fact>& out);
  // The least watermark at which something closes; time_ms::max(): nothing does.
  time_ms next_close(const candle_options& rules) const noexcept;

  struct added {
    bool opened = false;   // a candle that was not there
    bool numbered = false; // it is closed: a fact was made
    bool overflowed = false;
  };
  // Requires: close_due() is done with this record, the event counts, needs() is false.
  added add(const candle_options& rules, const measured_event& what, time_ms watermark,
            const candle_cause& cause, std::vector<candle_fact>& out);

  // The newest candle, where it is open and covers this time. Null: there is none.
  const candle* open_at(time_ms time) const noexcept {
    return open_ < slots_.size() && newest_covers(time) ? &slots_.back().row.candle : nullptr;
  }
  // Of events that fall into open_at() of their time. Requires: their quote volume fits there.
  void add_to_newest(const stored_candle& sum) noexcept;

  // Whether the newest candle covers this time, as it nearly always does: told without a division.
  bool newest_covers(time_ms event_time) const noexcept {
    return !slots_.empty() && event_time >= slots_.back().row.candle.start &&
           event_time < slots_.back().row.candle.end();
  }
  // Whether an event of this time needs a closed candle that may be in the database alone.
  std::optional<time_ms> needs(const candle_options& rules, time_ms event_time,
                               time_ms watermark) const noexcept;
  // What the database has there; of another source epoch is as good as nothing.
  void supply(time_ms start, const std::optional<stored_candle>& found);

  // Appends what has changed since the save before.
  void save(std::uint32_t number, stored_candles& out);
  // Appends the stream and its open candles.
  void state(stored_candles& out) const;
  // Saves up to `committed` are in the database: closed candles that have not changed since leave
  // memory, but for the newest.
  void release(std::uint32_t committed);
  void restore(const candle_options& rules, const stored_candle_stream& stream,
               std::span<const stored_candle> candles, time_ms watermark, bool closed_loaded);

  // Views of open candles: of those with events since the last call; of those that are over by the
  // clock and were not said to be yet; of all.
  void changed_views(stream_position through, std::vector<candle_view>& out);
  void idle_views(const candle_options& rules, time_ms now, stream_position through,
                  std::vector<candle_view>& out);
  void open_views(stream_position through, std::vector<candle_view>& out) const;

  // Flat candles beyond fill_limit that were not made, since the last call.
  std::int64_t take_left_out() noexcept { return std::exchange(left_out_, 0); }

  std::size_t size() const noexcept { return slots_.size(); }
  std::size_t open_size() const noexcept { return slots_.size() - open_; }
  std::size_t allocated_bytes() const noexcept { return slots_.capacity() * sizeof(slot); }

 private:
  struct slot {
    stored_candle row;
    std::uint32_t saved_in = 0;
    bool dirty = false; // not in any save
    // Of views alone, never stored.
    bool provisional = false;
    bool view_due = false;
    bool withdraws = false;
  };
  time_ms start_of(time_ms event_time) const noexcept {
    return newest_covers(event_time) ? slots_.back().row.candle.start
                                     : candle_start(event_time, interval());
  }
  std::size_t place(time_ms start) const noexcept; // of the first that starts no earlier
  bool there(std::size_t at, time_ms start) const noexcept;
  bool over(const candle_options& rules, time_ms start, time_ms watermark) const noexcept;
  slot& insert(std::size_t at, time_ms start);
  void erase_front(std::size_t count);
  void shorten_silence(const candle_options& rules, time_ms watermark) noexcept;
  void close_first_open(const candle_cause& cause, std::vector<candle_fact>& out);
  void closed_at(const candle& which) noexcept;
  void number(const candle& which, const candle_cause& cause, std::vector<candle_fact>& out);
  void mark(std::size_t at) noexcept;
  static void show(slot& changed) noexcept;
  void prune(const candle_options& rules, time_ms watermark);

  stored_candle_stream stream_;
  bool stream_dirty_ = false;
  std::vector<slot> slots_;
  std::size_t open_ = 0;       // index of the first that is open
  std::size_t dirty_from_ = 0; // none before it is dirty
  // Candles that start earlier may be in the database alone. min(): all that count are here.
  time_ms resident_from_ = time_ms::min();
  std::optional<time_ms> absent_; // the database has none there either
  std::int64_t left_out_ = 0;
};

} // namespace tradepulse
