#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <random>

namespace tradepulse {

// Exponential, with jitter in [half, whole], so that many who wait for one server do not come at
// once.
class backoff {
 public:
  backoff(std::chrono::milliseconds first, std::chrono::milliseconds most,
          std::uint64_t seed = std::random_device{}())
      : first_(first), most_(most), random_(seed) {}

  std::chrono::milliseconds next() {
    const auto whole = std::min(most_, first_ * (std::int64_t{1} << std::min(attempts_, 20U)));
    ++attempts_;
    std::uniform_int_distribution<std::int64_t> pick(whole.count() / 2, whole.count());
    return std::chrono::milliseconds{pick(random_)};
  }
  void reset() noexcept { attempts_ = 0; }
  unsigned attempts() const noexcept { return attempts_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds most_;
  unsigned attempts_ = 0;
  std::mt19937_64 random_;
};

// "N failures in T": whether one more is too many.
class failure_window {
 public:
  failure_window(std::size_t allowed, std::chrono::milliseconds window)
      : allowed_(allowed), window_(window) {}

  bool too_many(std::chrono::steady_clock::time_point now) {
    times_.push_back(now);
    while (!times_.empty() && now - times_.front() > window_)
      times_.pop_front();
    return times_.size() > allowed_;
  }

 private:
  std::size_t allowed_;
  std::chrono::milliseconds window_;
  std::deque<std::chrono::steady_clock::time_point> times_;
};

} // namespace tradepulse
