#pragma once

#include <span>
#include <string>
#include <string_view>

#include "adapters/postgres/history_statements.hpp"

// The SQL that klines are read with by upstream's numbers, as text. Each finds its rows by an
// index: of a leaf (stream_id, source_sequence), of adopted tables (symbol, sequence).
namespace tradepulse::sql {

// $1 symbol, $2 stream. Rows: (what, stream_id, epoch, leaf as YYYYMMDD, number), `what` being
// 1 a leaf and the first number of the epoch in it, in the order of (epoch, leaf); 2 the committed
// position (no leaf); 3 the stream's id alone.
std::string places_of_source();

// Of each leaf: (leaf, its lowest number, its highest; NULL where it has none). $1 stream_id.
std::string source_range_of_leaves(std::span<const std::string> leaves, leaf_access by);

// The number of the oldest message of an epoch in a leaf, of those that have one. $1 stream_id,
// $2 epoch.
std::string source_first_of_leaf(std::string_view leaf, leaf_access by);

// Of each leaf the newest message of each number, at most so many numbers. $1 stream_id, $2 above,
// $3 up to, $4 how many. Columns: source_columns.
std::string source_klines_of_leaves(std::span<const std::string> leaves, leaf_access by);
inline constexpr std::string_view source_columns =
    "source_sequence, epoch, event_time, seq, start_time, end_time, open, high, low, close, volume";

// The same of what other programs wrote. $1 symbol, $2 interval, $3 above, $4 up to, $5 how many.
// Columns: (sequence, usable, start in ms, open, high, low, close, volume), prices as decimals. Not
// usable: no row of that number is a kline; what it says else is to be left alone.
std::string adopted_klines();
// Whether there is one. $1 symbol, $2 interval, $3 at or below, $4 above.
std::string adopted_around();
// $1 symbol, $2 interval: whether there is any.
std::string adopted_any();

} // namespace tradepulse::sql
