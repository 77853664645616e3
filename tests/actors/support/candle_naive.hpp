#pragma once

#include <span>
#include <vector>

#include "actors/market/candle_options.hpp"
#include "tests/actors/support/candle_line.hpp"

namespace tradepulse {

// The facts of one symbol, worked out anew at every record from all events so far: no state but the
// events and what was said already.
std::vector<candle_fact> naive_facts(const candle_options& rules,
                                     std::chrono::milliseconds max_ahead,
                                     std::span<const candle_record> log, std::uint32_t symbol);

} // namespace tradepulse
