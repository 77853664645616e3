#pragma once

#include <chrono>

#include "protocol/timestamps.hpp"

namespace tradepulse {

// For histograms alone: nothing is decided by it.
inline double seconds_since(time_ms then) {
  return std::chrono::duration<double>(std::chrono::system_clock::now() - then).count();
}

} // namespace tradepulse
