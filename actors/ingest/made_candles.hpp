#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

#include "actors/ingest/ingest_range.hpp"
#include "protocol/candle_state.hpp"
#include "protocol/market_events.hpp"

namespace tradepulse {

// What the events of one slot came to in the candles that are made from its stream.
struct made_candles {
  std::vector<logged_candle> facts;
  // One a (candle stream, epoch) that has facts here, by interval, then epoch; behind them those of
  // an epoch that begins here and has none yet: they say where their stream stands.
  std::vector<ingest_range::slot> runs;
  // Runs that their streams have not published yet: the range is not complete before.
  std::atomic<std::size_t> unpublished{0};
  // What is to be stored; absent where nothing has changed.
  std::optional<candle_update> update;
};

// Sorts what was closed or corrected by interval and start; of each candle its newest fact stays.
void keep_newest(std::vector<closed_candle>& closed);

} // namespace tradepulse
