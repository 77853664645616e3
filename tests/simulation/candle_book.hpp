#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "actors/market/candle_options.hpp"
#include "protocol/candle.hpp"
#include "protocol/candle_state.hpp"
#include "protocol/stream_kind.hpp"

namespace tradepulse::simulation {

// A valid record of a partition's log, as far as candles go.
struct candle_record {
  std::int64_t offset = 0;
  std::int64_t ms = 0; // of its event, after some_time
  std::int64_t append_ms = 0;
  std::int64_t whole = 0;        // the price
  bool sized = false;            // one unit; else unknown
  const symbol* feeds = nullptr; // whose source stream; null: another stream's
};

// Which candles a partition's log makes, worked out once more and in another way than the engine
// does: the events themselves are kept, and each candle is made anew from those that are in it.
// Shares with the engine the rules as they are configured, and the values that are compared.
class candle_book {
 public:
  struct made {
    stream_key stream;
    candle_fact fact;
    stored_candle row; // as the table has it from now on
  };

  explicit candle_book(const candle_source& rules) : rules_(rules) {}

  // The log is another one, or goes on elsewhere: streams have this epoch from its next event on.
  void begin(epoch floor);
  // The next record. Appends what is numbered at it; within a stream in the order of the numbers.
  void record(const candle_record& of, std::vector<made>& out);

  std::optional<time_ms> watermark() const;
  // What a claim would bring of the candles of this symbol. Absent: it never had an event.
  std::optional<stored_candles> state(const symbol& of) const;
  // Of the stream, begun or not; 0/0: nothing ever was.
  stream_position position(const stream_key& candles) const;

  // The candle as it is open with the source's events up to `through`. Absent: no such event is in
  // it, or it was over by then, or all of that is forgotten.
  std::optional<candle> open_at(const stream_key& candles, time_ms start,
                                stream_position through) const;
  // The candle that starts last, if it is open and has events.
  std::optional<candle> newest_open(const stream_key& candles) const;
  stream_kind source() const noexcept { return rules_.stream; }
  const candle_source& rules() const noexcept { return rules_; }

 private:
  struct event {
    std::int64_t ms = 0; // since 1970
    std::int64_t seq = 0;
    std::int64_t whole = 0;
    std::int64_t offset = 0;
    bool sized = false;
  };
  struct said { // of a candle that is closed
    std::int32_t revision = 0;
    price close;
  };
  struct series {
    stream_position position;
    std::map<std::int64_t, std::vector<event>> events; // that count, by start
    std::map<std::int64_t, said> closed;               // by start
    std::set<std::int64_t> open;                       // with events and not closed
  };
  struct one_symbol {
    epoch source; // 0: no event yet
    std::int64_t seq = 0;
    std::optional<std::int64_t> partial_through;
    std::vector<std::int64_t> watermarks; // with each of its events
    std::map<candle_interval, series> all;
  };

  bool over(std::int64_t start, candle_interval interval, std::int64_t watermark) const;
  void first_of_epoch(one_symbol& of, std::int64_t ms) const;
  stored_candle candle_at(const one_symbol& of, candle_interval interval, std::int64_t start,
                          std::int64_t last_seq) const;
  void close_due(const symbol& name, one_symbol& of, candle_interval interval,
                 const candle_record& by, std::vector<made>& out) const;
  void add(const symbol& name, one_symbol& of, candle_interval interval, const candle_record& by,
           std::vector<made>& out) const;
  void say(const symbol& name, one_symbol& of, candle_interval interval, std::int64_t start,
           const candle_record& by, std::vector<made>& out) const;
  const one_symbol* find(const symbol& name) const;

  candle_source rules_;
  epoch floor_{1};
  std::optional<std::int64_t> watermark_; // since 1970
  std::map<symbol, one_symbol> symbols_;
};

} // namespace tradepulse::simulation
