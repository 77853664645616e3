#pragma once

#include <variant>

#include "protocol/stream_position.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// Where a client goes on: behind a position, or behind what was committed before a time. 0/0 where
// nothing is said: before the first event.
class since_point {
 public:
  since_point() = default;
  since_point(stream_position position) : what_(position) {}
  since_point(time_ms time) : what_(time) {}

  const std::variant<stream_position, time_ms>& what() const noexcept { return what_; }

  friend bool operator==(const since_point&, const since_point&) = default;

 private:
  std::variant<stream_position, time_ms> what_;
};

} // namespace tradepulse
