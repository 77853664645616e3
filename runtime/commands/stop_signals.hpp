#pragma once

#include <signal.h>

#include <chrono>

namespace tradepulse {

// SIGINT and SIGTERM as something to wait for, without a handler. While it lives they are blocked
// in the thread that made it and in threads made later; after the first one a second ends the
// process at once. Thread: the one that made it. Make it before any other thread exists.
class stop_signals {
 public:
  stop_signals() noexcept;
  ~stop_signals();
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;

  // Whether one has come. Costs a system call.
  bool requested() noexcept { return wait_until(std::chrono::steady_clock::time_point::min()); }
  // Sleeps until then, or until one comes: true.
  bool wait_until(std::chrono::steady_clock::time_point deadline) noexcept;
  // Sleeps until one comes.
  void wait() noexcept;

 private:
  void received() noexcept;

  sigset_t set_{};
  sigset_t before_{};
  bool received_ = false;
};

} // namespace tradepulse
