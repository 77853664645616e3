#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/timestamps.hpp"

namespace tradepulse {

// A market that does not exist: seeded random walks, one a symbol (SIM001, SIM002, ...), written
// as price ticks: {"symbol":"SIM001","price":123.45,"volume":1.5,"timestamp":1723161256543}.
// Numbers are exact decimals; a third of the symbols each trades in steps of 0.01, 0.0001 and
// 0.00000001, so that all digits are used.
// Guarantees: the same seed, symbols and times give the same bytes, on every machine. A price
// stays between a tenth and ten times its start, so it is positive.
// Thread: one at a time.
class synthetic_market {
 public:
  static constexpr std::size_t most_symbols = 1'000'000;

  // Requires: 1 <= symbols <= most_symbols.
  synthetic_market(std::size_t symbols, std::uint64_t seed);

  struct event {
    std::string_view symbol; // the key
    std::string_view value;
  };
  // The next event, of a symbol drawn at random. The views hold until the next call.
  event next(time_ms event_time);

 private:
  struct walk {
    std::string symbol;
    std::int64_t price_steps = 0;
    std::int64_t start_steps = 0;
    std::int64_t step_units = 0; // of 10^-8
  };

  // 0 .. bound - 1. The distributions of the standard library differ between libraries.
  std::uint64_t draw(std::uint64_t bound);
  void move(walk& w);

  std::mt19937_64 random_;
  std::vector<walk> walks_;
  std::string value_;
};

} // namespace tradepulse
