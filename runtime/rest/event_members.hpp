#pragma once

#include <cstddef>
#include <string>

#include "protocol/event_burst.hpp"

namespace tradepulse {

// The i-th event of a burst as REST gives it: {"seq","epoch","timestamp",...,"source_sequence"?,
// "late"?}; between those
//   price  "price","volume"
//   trade  "price","size","side"?,"trade_id"?
//   quote  "bid","bid_size","ask","ask_size"
//   kline  "start","end","open","high","low","close","volume","quote_volume"?,"taker_buy_volume"?,
//          "taker_buy_quote_volume"?,"trades"?,"first_trade_id"?,"last_trade_id"?,"closed"
//   candle as a kline, with "partial"?:true,"source_epoch","first_seq"?,"last_seq"?,"revision"
// Requires: i < burst.count().
std::string event_members(const event_burst& burst, std::size_t i);

} // namespace tradepulse
