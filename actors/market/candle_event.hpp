#pragma once

#include <cstdint>
#include <optional>

#include "protocol/decimal.hpp"
#include "protocol/market_events.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// An event of the stream that candles are made of.
struct candle_event {
  stream_position position; // in that stream
  time_ms event_time{};
  tradepulse::price price;
  std::optional<quantity> size = {};
  std::optional<trade_side> taker = {}; // absent: unknown
  std::optional<std::int64_t> trade_id = {};
};

} // namespace tradepulse
