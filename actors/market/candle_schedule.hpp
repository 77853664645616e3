#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "actors/market/candle_options.hpp"
#include "protocol/candle_state.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// Which symbols of a partition have candles that close at a watermark, so that they take part in
// the range of the batch that brings it there. It is told what the symbols' builders are told, and
// asks none of them: they work on other threads. A symbol that is named where nothing of it closes
// (its candle was forgotten with its epoch) costs a message; none that closes is left out.
//
// A record costs a comparison where nothing closes and its symbol stays in its candle. Symbols are
// dense numbers given by the caller; each deadline has a bit for each of them.
class close_schedule {
 public:
  explicit close_schedule(const candle_options& rules);

  // Whether anything closes at this watermark: then collect() before the record's own event().
  bool due(time_ms watermark) const noexcept {
    return !deadlines_.empty() && watermark >= deadlines_.front().at;
  }
  // Appends the symbols of which something closes, in the order of their names (`names` by id);
  // each once, and not again until something else of it is to close.
  void collect(time_ms watermark, std::span<const symbol> names, std::vector<std::uint32_t>& out);

  // An event of a source stream, at its record's watermark.
  void event(std::uint32_t id, time_ms event_time, time_ms watermark);
  // What a symbol has stored. Rows may be more than those that are open.
  void restore(std::uint32_t id, const stored_candles& stored);
  // Symbols of which something closes at a watermark above `then` and up to `now`; nothing changes.
  std::vector<std::uint32_t> between(time_ms then, time_ms now) const;
  // Another log, or another claim: all is told anew.
  void clear();

  std::size_t memory_bytes() const noexcept;

 private:
  struct deadline {
    time_ms at{};
    std::vector<std::uint64_t> symbols;
  };
  void enter(std::uint32_t id, time_ms at);
  std::vector<std::uint64_t> empty_set();
  time_ms next_of_shortest(time_ms watermark) const noexcept;

  candle_options rules_;
  candle_interval shortest_;
  std::vector<deadline> deadlines_; // by time: those of the open candles, a few minutes mostly
  std::vector<std::vector<std::uint64_t>> spare_;
  std::vector<time_ms> newest_; // by id: the start of the shortest candle of the last event
};

} // namespace tradepulse
