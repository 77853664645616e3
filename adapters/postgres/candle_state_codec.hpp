#pragma once

#include <string>
#include <string_view>

#include "protocol/candle_state.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// The column candle_states.state: a version byte, then numbers of 7 bits a byte, the lowest first,
// signed ones folded (0 -1 1 -2). Times, prices and numbers of events are differences to the
// candle before, which nearly are the same: about 50 bytes a candle.
std::string encode_candle_state(const stored_candles& state);

// Errors: database_refused, saying what is wrong: another version, bytes that are missing, that are
// too many or that no state has.
result<stored_candles> decode_candle_state(std::string_view bytes);

} // namespace tradepulse
