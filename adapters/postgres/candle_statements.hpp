#pragma once

#include <string>

// The SQL of candles, as text.
namespace tradepulse::sql {

// Each of these writes nothing where the partition's row is not as this transaction's commit() has
// left it: whoever is fenced takes no lock that another owner waits for.
// $1 topic, $2 partition, $3 generation, $4 next_offset, then the arrays of candle_state_arrays.
std::string write_candle_states();
// The same, then the arrays of candle_arrays: each row gives way to a greater (epoch, sequence).
std::string write_candles();
// Without that condition, for a look at which row is refused: the arrays alone, from $1 on.
std::string try_candles();

// $1 symbol, $2 name of the source's kind, $3 names of intervals, $4 starts: arrays. Columns: those
// of read_candles.
std::string candles_of_keys();

} // namespace tradepulse::sql
