#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/result.hpp"
#include "protocol/stream_kind.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// Bars of symbols, by the times at which they start: upstream's klines, or candles. Those outside
// [earliest_asked_time, latest_asked_time) are none.
struct bar_query {
  std::vector<tradepulse::symbol> symbols; // of each the same
  stream_kind kind{};                      // kline_<interval> or candle_<interval>
  std::optional<time_ms> from = {};        // that start then or later
  std::optional<time_ms> until = {};       // and before then
  std::size_t limit = 100;                 // of each symbol
  bool newest = false;                     // those that start last; else those that start first
  // Also what only the journal has of klines: trades, and what takers bought.
  bool details = false;
};

struct bar {
  time_ms start{};
  time_ms end{}; // exclusive
  price open, high, low, close;
  // Exact decimals, without exponent and trailing zeros. Absent: not known.
  std::optional<std::string> volume;
  std::optional<std::string> quote_volume;
  std::optional<std::string> taker_buy_volume;
  std::optional<std::string> taker_buy_quote_volume;
  std::optional<std::int64_t> trades;
  std::optional<std::int64_t> first_trade_id;
  std::optional<std::int64_t> last_trade_id;
  std::optional<bool> closed; // absent: another program wrote it and did not say
  // Its newest event in its stream. Absent: another program wrote it, or it is not numbered yet.
  std::optional<stream_position> position;

  // Of candles alone: how often it was corrected, the events that it is made of, and whether some
  // of another epoch may be missing in it.
  std::optional<std::int32_t> revision;
  std::optional<tradepulse::epoch> source_epoch;
  sequence first_seq; // 0: no event
  sequence last_seq;
  bool partial = false;
  // Of a candle that is not numbered yet: the newest event of its source that it knows of, and
  // whether it is over by the wall clock alone.
  std::optional<stream_position> through;
  bool provisional = false;

  friend bool operator==(const bar&, const bar&) = default;
};

struct bars_of_symbol {
  tradepulse::symbol symbol;
  std::vector<bar> bars;     // ascending
  bool more = false;         // the limit was reached: there are later ones, or earlier (`newest`)
  stream_position committed; // of the stream, as of the same moment; 0/0: nothing was
  bool any = false;          // there are bars of it, at whatever time
};
// In the order of the query's symbols.
using bar_page = std::vector<bars_of_symbol>;

using bar_answer = std::function<void(result<bar_page>)>;

// Stored bars for those who must not block.
// Thread: any. `then` is called once, on a thread of the source's, or on the caller's where the
// query is refused at once; it must not block either, nor throw.
class bar_source {
 public:
  virtual ~bar_source() = default;
  // Requires: query.kind is a kline or a candle, limit > 0.
  // Errors: those of the database; database_busy, not_ready.
  virtual void read(bar_query query, bar_answer then) = 0;
};

} // namespace tradepulse
