#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include "protocol/timestamps.hpp"

namespace tradepulse {

// What the engine takes from outside without being sent it: the time, and chance. Whoever gives the
// same of both, and the same messages in the same order, gets the same decisions.
// Thread: any.
class clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  virtual ~clock() = default;
  // For deadlines and pauses.
  virtual time_point now() const { return std::chrono::steady_clock::now(); }
  // Of events, may go back.
  virtual time_ms wall() const {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
  // For the jitter of pauses; another one at each call.
  virtual std::uint64_t seed() const { return std::random_device{}(); }
};

// The machine's own.
inline const clock& process_clock() {
  static const clock the_one;
  return the_one;
}

} // namespace tradepulse
