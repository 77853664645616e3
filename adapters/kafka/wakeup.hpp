#pragma once

#include <atomic>
#include <chrono>

namespace tradepulse::kafka {

// One eventfd that a thread waits on and everybody rings. Rings that come before the thread has
// looked are one ring: what a ring announces must be visible (an atomic, a queue) before ring().
class wakeup {
 public:
  wakeup();
  ~wakeup();
  wakeup(const wakeup&) = delete;
  wakeup& operator=(const wakeup&) = delete;

  // Thread: any, also inside callbacks of librdkafka. Never blocks.
  void ring() noexcept;
  // Returns at once where it has been rung since the last wait. Blocks: at most `timeout`.
  void wait(std::chrono::milliseconds timeout) noexcept;

 private:
  int fd_;
  std::atomic<bool> rung_{false};
};

} // namespace tradepulse::kafka
