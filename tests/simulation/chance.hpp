#pragma once

#include <cstddef>
#include <cstdint>

namespace tradepulse::simulation {

// Everything that a run does not get from the code comes from here, and so from its seed alone: the
// same numbers with any standard library.
class chance {
 public:
  explicit chance(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 0x1234567U) {}

  std::uint64_t next() { // splitmix64
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  // [0, n). Requires: n > 0.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  // [low, high], both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::size_t>(high - low + 1)));
  }
  bool in(std::size_t n) { return below(n) == 0; } // once in n times
  bool percent(std::size_t p) { return below(100) < p; }

 private:
  std::uint64_t state_;
};

} // namespace tradepulse::simulation
