#pragma once

#include <cstdint>

namespace tradepulse {

// The numbers by which clients know klines (klines.missed_numbers): those that upstream has sent
// with them, or those that the engine gives within an epoch.
enum class kline_numbers : std::uint8_t { source, engine };

// What answers those who ask for missed klines of a symbol (topics[].missed_klines): what its bars
// are of, or always the one or the other.
enum class missed_klines_from : std::uint8_t { as_bars, klines, candles };

} // namespace tradepulse
