#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "runtime/commands/exit_code.hpp"

namespace tradepulse {

// Ends the process when its orderly end hangs in a library, and says where. By then everything
// that can be committed is.
class exit_watchdog {
 public:
  exit_watchdog(std::chrono::milliseconds limit, exit_code status);
  ~exit_watchdog();
  exit_watchdog(const exit_watchdog&) = delete;
  exit_watchdog& operator=(const exit_watchdog&) = delete;

  // A literal: what is being done now.
  void stage(const char* what) noexcept { stage_ = what; }

 private:
  std::atomic<const char*> stage_{"draining"};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

} // namespace tradepulse
