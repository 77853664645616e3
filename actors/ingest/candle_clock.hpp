#pragma once

#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "actors/market/candle_options.hpp"
#include "actors/market/candle_schedule.hpp"
#include "actors/market/candle_watermark.hpp"
#include "protocol/identifiers.hpp"

namespace tradepulse {

// Where the watermark of a partition rises within one range, and at which of its records candles
// close: the same for every symbol that takes part. Immutable once the range is opened.
struct candle_marks {
  struct rise {
    record_offset offset;
    time_ms watermark{}; // from this record on
  };
  struct closing {
    record_offset offset;
    time_ms time{}; // of the record's event
    time_ms watermark{};
  };

  candle_source made;
  std::vector<rise> rises;
  std::vector<closing> closings;
  time_ms before = partition_watermark::none; // of the records before the first rise
  time_ms behind = partition_watermark::none; // of the last record

  time_ms watermark_at(record_offset offset) const noexcept;
};

// The event time of one partition's log: what its records make of the watermark, and which symbols
// have to take part in a range because something of theirs closes in it. Symbols are dense numbers,
// those that the events of their stream are grouped by.
class candle_clock {
 public:
  explicit candle_clock(const candle_source& of);

  // A claim: goes on from what is stored; each source stream follows by restore().
  void claimed(std::optional<time_ms> watermark);
  void restore(std::uint32_t id, const symbol& name, const stored_candles& stored);

  // --- a batch: begin(), then for each record record() and, where it feeds the source, event() ---
  void begin(std::size_t records);
  // Requires: it is a valid record, of any stream.
  void record(record_offset offset, time_ms event_time, time_ms append_time);
  void event(std::uint32_t id, const symbol& name, time_ms event_time);
  std::shared_ptr<const candle_marks> marks() const { return marks_; }
  // Of which something closes in this batch, without order; each once.
  const std::vector<std::uint32_t>& closers();

  // Of which something is over by a clock at `now`, and was not before `then`; nothing changes.
  std::vector<symbol> over(time_ms then, time_ms now) const;
  std::uint64_t held_back() const noexcept { return watermark_.held_back(); }
  const candle_source& source() const noexcept { return of_; }

 private:
  void know(std::uint32_t id, const symbol& name);

  candle_source of_;
  partition_watermark watermark_;
  close_schedule schedule_;
  std::vector<symbol> names_; // by id
  std::shared_ptr<candle_marks> marks_;
  std::vector<std::uint32_t> closers_;
};

} // namespace tradepulse
