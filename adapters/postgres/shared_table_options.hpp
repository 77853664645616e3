#pragma once

#include "protocol/kline_numbers.hpp"

namespace tradepulse {

// What goes into the tables that other programs read.
struct shared_table_options {
  kline_numbers numbers = kline_numbers::engine; // of market_klines
  bool tracker = false;                          // sequence_tracker is written, too
};

} // namespace tradepulse
