#pragma once

#include <algorithm>
#include <chrono>

namespace tradepulse::web {

// So many a second, with a reserve for bursts. A rate of 0 or less never refuses.
class token_bucket {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  token_bucket(double per_second, double burst, time_point now) noexcept
      : per_second_(per_second), burst_(burst), level_(burst), at_(now) {}

  // Takes `amount` or says no. What a refused caller asked for is not taken.
  bool take(double amount, time_point now) noexcept {
    if (per_second_ <= 0)
      return true;
    const std::chrono::duration<double> passed = now - at_;
    level_ = std::min(burst_, level_ + passed.count() * per_second_);
    at_ = now;
    if (level_ < amount)
      return false;
    level_ -= amount;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double level_;
  time_point at_;
};

} // namespace tradepulse::web
