#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/market/symbol_directory.hpp"
#include "actors/market/waiting_candles.hpp"
#include "protocol/candle.hpp"
#include "protocol/kline_numbers.hpp"
#include "protocol/ports/bars.hpp"

namespace tradepulse {

// What the routes of bars need. Directory and source outlive every answer; the functions are not
// called any more once a route has returned. They are for any thread, and must not block.
struct bar_parts {
  const symbol_directory* directory = nullptr;
  bar_source* stored = nullptr;
  // The newest state of each candle of a symbol, of every interval, that is not closed by an event
  // yet. Absent: no candles are made.
  std::function<std::vector<candle_view>(const symbol&)> views_of;
  // Closes and corrections of a stream of candles that may not be in the tables yet. Absent: none.
  std::function<std::vector<waiting_candles>(const stream_key&)> waiting_of;
  // Whether a topic is configured with a decoder that brings klines of that length.
  std::function<bool(std::string_view topic, kline_interval)> brings_klines;
  // topics[].missed_klines of a topic, where there is that of that length; else, and where this is
  // absent, as_bars.
  std::function<missed_klines_from(std::string_view topic, kline_interval)> missed_from;
};

// Where the bars of a symbol come from, and what memory says of it. Read before the tables are
// asked: what was published before is in them, or here, or missing and told (`published`).
struct bar_stream {
  stream_kind kind;
  // Unknown: no event of it was seen. Another program may have left bars nevertheless.
  symbol_directory::lookup_state state = symbol_directory::lookup_state::unknown;
  std::optional<stream_position> published;
  std::vector<candle_view> views;       // of that interval
  std::vector<waiting_candles> waiting; // ascending
};

// kline_<interval> where the symbol has it and its topic is configured with it, else
// candle_<interval>; where the symbol has neither, the klines that are stored, if any are.
bar_stream find_bar_stream(const bar_parts& parts, const symbol& name, kline_interval interval);

// Which of the two answers where klines are asked for by number: as the topic says that the
// symbol's candles are made of, or will be. Other than with bars a stream of which nothing is
// numbered is unknown.
bar_stream find_missed_stream(const bar_parts& parts, const symbol& name, kline_interval interval);

// unknown_symbol, of a symbol that has no bars of that length and of which no event of them was
// seen. Bars are written as such, whatever journal.streams says.
std::optional<error> no_bars(const symbol& name, kline_interval interval, const bar_stream& from,
                             const bars_of_symbol& found);

} // namespace tradepulse
