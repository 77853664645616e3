#include "runtime/feeds/pace.hpp"

#include <algorithm>

namespace tradepulse {
namespace {

using seconds_f = std::chrono::duration<double>;

} // namespace

pace_clock::time_point replay_pace::due(std::chrono::nanoseconds received) {
  if (!first_)
    first_ = received;
  if (!speed_ || received <= *first_)
    return begin_;
  const seconds_f recorded = received - *first_;
  return begin_ + std::chrono::duration_cast<pace_clock::duration>(recorded / *speed_);
}

pace_clock::time_point steady_pace::due(std::uint64_t index) const {
  return begin_ + std::chrono::duration_cast<pace_clock::duration>(
                      seconds_f(static_cast<double>(index) / *rate_));
}

std::uint64_t steady_pace::take(pace_clock::time_point now) {
  if (!rate_)
    return largest_burst;
  if (now < begin_)
    return 0;
  if (now - due(taken_) > most_debt) {
    begin_ = now - most_debt;
    taken_ = 0;
  }
  auto until = static_cast<std::uint64_t>(seconds_f(now - begin_).count() * *rate_);
  // The two directions round differently; due() decides, so that next() and take() agree.
  while (until > taken_ && due(until - 1) > now)
    --until;
  while (due(until) <= now)
    ++until;
  until = std::min(until, taken_ + largest_burst);
  if (until <= taken_)
    return 0;
  const auto count = until - taken_;
  taken_ = until;
  return count;
}

pace_clock::time_point steady_pace::next(pace_clock::time_point now) const {
  if (!rate_)
    return now;
  const auto due_next = due(taken_);
  return due_next <= now ? now : std::max(due_next, now + shortest_wait);
}

} // namespace tradepulse
