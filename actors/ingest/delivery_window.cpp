#include "actors/ingest/delivery_window.hpp"

#include <algorithm>
#include <utility>

#include "protocol/expects.hpp"

namespace tradepulse {

std::shared_ptr<delivery_window> delivery_window::make(delivery_window_limits limits,
                                                       std::function<void()> opened,
                                                       std::function<clock::time_point()> now) {
  return std::shared_ptr<delivery_window>(
      new delivery_window(limits, std::move(opened), std::move(now)));
}

delivery_window::delivery_window(delivery_window_limits limits, std::function<void()> opened,
                                 std::function<clock::time_point()> now)
    : limits_(limits), opened_(std::move(opened)), now_(std::move(now)), size_(limits.usual) {
  TRADEPULSE_EXPECTS(limits.least > 0 && limits.least <= limits.usual &&
                     limits.usual <= limits.most);
}

std::size_t delivery_window::allowance() {
  std::lock_guard lock(mutex_);
  if (in_flight_ >= size_)
    closed_ = narrow_ = true;
  return closed_ ? 0 : size_ - in_flight_;
}

std::shared_ptr<passage> delivery_window::take(std::size_t records) {
  const auto entered = now_();
  std::uint64_t passed = 0;
  {
    std::lock_guard lock(mutex_);
    in_flight_ += records;
    passed = passed_;
  }
  return std::make_shared<passage>(shared_from_this(), records, entered, passed);
}

void delivery_window::give_back(const passage& from) {
  bool open = false;
  {
    std::lock_guard lock(mutex_);
    in_flight_ -= from.records_;
    passed_ += from.records_;
    adapt(from);
    open = closed_ && in_flight_ <= size_ / 2;
    if (open)
      closed_ = false;
  }
  if (open && opened_)
    opened_();
}

// Requires: the lock.
void delivery_window::adapt(const passage& from) {
  const auto took = now_() - from.entered_;
  if (took >= limits_.target / 4) {
    // Something waits: what passes in `target` is what may be under way.
    const auto passed = static_cast<double>(passed_ - from.passed_before_);
    const double fitting = passed * (std::chrono::duration<double>(limits_.target) /
                                     std::chrono::duration<double>(took));
    const double next = 0.75 * static_cast<double>(size_) + 0.25 * fitting;
    size_ = static_cast<std::size_t>(next);
  } else if (std::exchange(narrow_, false)) {
    size_ += size_ / 4;
  } else if (size_ > limits_.usual) {
    size_ = std::max(limits_.usual, size_ - size_ / 64);
  } else {
    size_ = std::min(limits_.usual, size_ + size_ / 4);
  }
  size_ = std::clamp(size_, limits_.least, limits_.most);
}

std::size_t delivery_window::in_flight() const {
  std::lock_guard lock(mutex_);
  return in_flight_;
}

std::size_t delivery_window::size() const {
  std::lock_guard lock(mutex_);
  return size_;
}

} // namespace tradepulse
