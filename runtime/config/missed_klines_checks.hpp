#pragma once

#include "runtime/config/effective.hpp"

namespace tradepulse::config {

// Faults: topics[].missed_klines that wants what there is not. Warnings: answers that would change
// with the first kline that comes, and numbers that candles do not have.
void check_missed_klines(const settings& s, const effective_values& effective, diagnostics& faults,
                         diagnostics& warnings);

} // namespace tradepulse::config
