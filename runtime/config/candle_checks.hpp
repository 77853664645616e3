#pragma once

#include "runtime/config/effective.hpp"

namespace tradepulse::config {

// Candles of topics that do not give what they are to be made of, or of one symbol from two topics;
// bounds of the candles.* keys that depend on each other.
void check_candles(const settings& s, const effective_values& effective, diagnostics& faults,
                   diagnostics& warnings);

} // namespace tradepulse::config
