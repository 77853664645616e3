#pragma once

#include <span>
#include <string>
#include <vector>

#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// A row of the table `candles`.
struct candle_row {
  stream_key source;
  const closed_candle* closed = nullptr;

  // Whose numbered events it shows: candle_<interval>.
  stream_key stream() const noexcept {
    return {source.symbol, stream_kind::candle(closed->row.candle.interval)};
  }
};

// Those that a commit writes, in the order in which each session locks them: by symbol, interval
// and start, as they come. The rows point into `work`.
std::vector<candle_row> candle_rows(const range_commit& work);

// The array parameters of sql::write_candle_states() and sql::write_candles(), in binary form; what
// is usual is absent, and the statement puts it back.
std::vector<std::string> candle_state_arrays(std::span<const candle_update> updates);
std::vector<std::string> candle_arrays(std::span<const candle_row> rows);

} // namespace tradepulse
