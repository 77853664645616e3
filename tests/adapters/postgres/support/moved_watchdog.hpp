#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "adapters/postgres/watchdog.hpp"

namespace tradepulse::test {

// A watchdog whose time the test moves: a connection is cut where the test says, however slow the
// machine is, and nothing else is.
class moved_watchdog {
 public:
  std::shared_ptr<watchdog> dog() { return dog_; }

  // Makes a call that cannot end. Time moves once `blocked` is true, until a connection is cut.
  template <class Call>
  auto cut(const std::function<bool()>& blocked, const Call& call) {
    const auto cuts = dog_->cuts();
    std::thread time([&] {
      while (!blocked())
        std::this_thread::yield();
      while (dog_->cuts() == cuts) {
        *ahead_ += std::chrono::milliseconds(std::chrono::minutes{1}).count();
        dog_->look();
        std::this_thread::yield();
      }
    });
    auto out = call();
    time.join();
    return out;
  }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> ahead_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
  std::shared_ptr<watchdog> dog_ = std::make_shared<watchdog>([ahead = ahead_] {
    return watchdog::clock::now() + std::chrono::milliseconds(ahead->load());
  });
};

} // namespace tradepulse::test
