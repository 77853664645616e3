#pragma once

#include <vector>

#include "protocol/candle.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse {

// Closes and corrections of the candles of one symbol and one length that one range has numbered,
// and that the tables may not have yet.
struct waiting_candles {
  struct close {
    tradepulse::candle candle;
    sequence seq;
  };

  tradepulse::epoch epoch;
  sequence first;            // every number from here
  sequence last;             // to here
  std::vector<close> newest; // of each start what came last
};

} // namespace tradepulse
