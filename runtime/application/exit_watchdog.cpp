#include "runtime/application/exit_watchdog.hpp"

#include <cstdio>
#include <unistd.h>

namespace tradepulse {

exit_watchdog::exit_watchdog(std::chrono::milliseconds limit, exit_code status)
    : thread_([this, limit, status] {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, limit, [this] { return over_; }))
          return;
        // Not through the log: its thread may be what hangs.
        std::fprintf(stderr, "tradepulse: the end hangs (%s); ending the process now\n",
                     stage_.load());
        ::_exit(static_cast<int>(status));
      }) {}

exit_watchdog::~exit_watchdog() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

} // namespace tradepulse
