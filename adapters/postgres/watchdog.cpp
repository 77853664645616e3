#include "adapters/postgres/watchdog.hpp"

#include <algorithm>
#include <utility>

#include <sys/socket.h>

#include "protocol/expects.hpp"
#include "protocol/log.hpp"

namespace tradepulse {

watchdog::watchdog(std::function<clock::time_point()> now)
    : now_(std::move(now)), thread_([this] { run(); }) {}

watchdog::~watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void watchdog::look() {
  {
    // Whoever is between its comparison and its sleep holds the mutex.
    const std::lock_guard lock(mutex_);
    wakes_at_ = clock::time_point::min();
  }
  changed_.notify_one();
}

void watchdog::cut_all() {
  {
    const std::lock_guard lock(mutex_);
    cutting_all_ = true;
  }
  changed_.notify_one();
}

bool watchdog::cuts_all() const {
  const std::lock_guard lock(mutex_);
  return cutting_all_;
}

void watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = now_();
    wakes_at_ = clock::time_point::max();
    std::uint64_t cut_now = 0;
    for (watched& call : calls_) {
      if (call.cut)
        continue;
      if (cutting_all_ || call.deadline <= now) {
        // Its reader gets an end of file and fails as for any lost connection.
        ::shutdown(call.socket, SHUT_RDWR);
        call.cut = true;
        ++cut_now;
      } else {
        wakes_at_ = std::min(wakes_at_, call.deadline);
      }
    }
    if (cut_now > 0) {
      cuts_.fetch_add(cut_now, std::memory_order_relaxed);
      lock.unlock();
      // Whose call it was says so, and how long it lasts; here it would be a line an attempt.
      log::debug("database_cut", {{"connections", cut_now}, {"reason", "no answer in time"}});
      lock.lock();
      continue; // guards may have come meanwhile
    }
    if (wakes_at_ == clock::time_point::max())
      changed_.wait(lock);
    else
      changed_.wait_until(lock, wakes_at_);
  }
}

watchdog::guard::guard(watchdog& dog, int socket, std::chrono::milliseconds limit)
    : dog_(dog), limit_(limit) {
  TRADEPULSE_EXPECTS(socket >= 0);
  bool earlier = false;
  {
    const std::lock_guard lock(dog_.mutex_);
    entry_ = dog_.calls_.insert(dog_.calls_.end(), {socket, dog_.now_() + limit_});
    // Deadlines mostly rise, so the thread rarely has to be woken: once a limit, not once a call.
    earlier = dog_.cutting_all_ || entry_->deadline < dog_.wakes_at_;
    if (earlier)
      dog_.wakes_at_ = entry_->deadline;
  }
  if (earlier)
    dog_.changed_.notify_one();
}

watchdog::guard::~guard() {
  const std::lock_guard lock(dog_.mutex_);
  dog_.calls_.erase(entry_);
}

void watchdog::guard::restart() {
  const std::lock_guard lock(dog_.mutex_);
  entry_->deadline = dog_.now_() + limit_;
}

void watchdog::guard::restart(std::chrono::milliseconds limit) {
  limit_ = limit;
  restart();
}

bool watchdog::guard::cut() const {
  const std::lock_guard lock(dog_.mutex_);
  return entry_->cut;
}

} // namespace tradepulse
