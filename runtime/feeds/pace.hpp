#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace tradepulse {

// When the events of a feed are due. Pure: time is passed in.
using pace_clock = std::chrono::steady_clock;

// A recording played at `speed` times its own pace, from its first line on.
class replay_pace {
 public:
  // Requires: speed > 0, or absent: as fast as it goes.
  replay_pace(std::optional<double> speed, pace_clock::time_point begin)
      : speed_(speed), begin_(begin) {}

  // Lines may stand a little out of order: one that is older than the first is due at once.
  pace_clock::time_point due(std::chrono::nanoseconds received);

 private:
  const std::optional<double> speed_;
  const pace_clock::time_point begin_;
  std::optional<std::chrono::nanoseconds> first_;
};

// Events at a steady rate, in bursts where the rate is above the wake-ups a second.
class steady_pace {
 public:
  // A feed that was held up gives up what it owes beyond this, instead of a flood.
  static constexpr std::chrono::seconds most_debt{1};
  static constexpr std::chrono::milliseconds shortest_wait{1};
  static constexpr std::uint64_t largest_burst = 10'000;

  // Requires: rate > 0 events a second, or absent: as fast as it goes.
  steady_pace(std::optional<double> rate, pace_clock::time_point begin)
      : rate_(rate), begin_(begin) {}

  // How many events are due and not taken yet; the first one is due at once.
  std::uint64_t take(pace_clock::time_point now);
  // When to look again. Requires: take(now) was called.
  pace_clock::time_point next(pace_clock::time_point now) const;

 private:
  pace_clock::time_point due(std::uint64_t index) const;

  const std::optional<double> rate_;
  pace_clock::time_point begin_;
  std::uint64_t taken_ = 0; // since begin_
};

} // namespace tradepulse
