#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/postgres/history_statements.hpp"

// The SQL that bars are read with, as text. Rows are found by the key (symbol, interval, time) of
// their table, in its order: a page costs its rows, whatever the table holds.
namespace tradepulse::sql {

// How many rows of a bar a table may have, and of which interval. Of several that with the greatest
// number counts, and of these the last one that was written, as `migrate` would adopt them.
enum class bar_rows : std::uint8_t {
  one,                     // its key is (symbol, interval, time)
  several,                 // nothing keeps it to one
  without_interval,        // several, and NULL is an interval of '1m'
  without_interval_along,  // the same, and an index has the interval before the time,
  without_interval_against // in the other direction
};

struct bar_table {
  std::string name;
  std::string columns; // a list of a SELECT from it: our_klines(), candles(), foreign_bars()
  bar_rows rows = bar_rows::one;
};

// Which tables have klines. Rows, the one that counts first: (name, columns, bar_rows as a number):
// NULL but for the name of a table of our form; else `columns` is what foreign_bars() takes.
std::string tables_of_klines();
// Rows: the names of those among them that another program made.
std::string names_of_foreign_klines();

// The columns of `bars_in`, as the list of a SELECT from a table `b`.
std::string our_klines();
std::string candles();
// Of a table that another program made; `columns` from tables_of_klines().
std::string foreign_bars(std::string_view columns);

// Bars of one table. $1 symbols (text[]), $2 interval, $3 and $4 times (from, before), $5 how many
// of each symbol. Rows, of each symbol in the order of time: place of the symbol in $1 (from 1),
// start in ms, open, high, low, close, volume, quote volume, taker's volume, taker's quote volume,
// trades, first and last trade id, closed, epoch, seq, revision, source epoch, first and last seq,
// partial; one for a time. What a price cannot hold is left out.
std::string bars_in(const bar_table& in, bool newest);

// The committed positions of streams. $1 symbols (text[]), $2 stream. Rows: (place, epoch, seq).
std::string committed_positions();

// The leaves of some epochs. $1 symbol, $2 stream, $3 and $4 epochs, both inclusive. Rows, in
// order: (stream_id, epoch, leaf, first_seq).
std::string leaves_of_epochs();

// What only the journal has of klines. $1 stream_id, $2 epoch, $3 numbers (bigint[]). Rows: (seq,
// taker's volume, taker's quote volume, trades, first and last trade id).
std::string kline_details(std::string_view leaf, leaf_access by = leaf_access::by_name);

} // namespace tradepulse::sql
