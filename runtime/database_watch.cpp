#include "runtime/database_watch.hpp"

namespace tradepulse {

database_watch::database_watch(postgres_settings settings, std::shared_ptr<watchdog> dog,
                               std::chrono::seconds interval)
    : admin_(std::move(settings), std::move(dog)), interval_(interval), thread_([this] { run(); }) {
}

database_watch::~database_watch() {
  stop();
  thread_.join();
}

void database_watch::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

database_watch::reading database_watch::latest() {
  std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now - asked_ > std::chrono::minutes{1})
    changed_.notify_all();
  asked_ = now;
  return latest_;
}

void database_watch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    auto asked = admin_.statistics();
    lock.lock();
    latest_.taken = std::chrono::steady_clock::now();
    latest_.error = asked ? "" : asked.failure().detail;
    if (asked)
      latest_.statistics = std::move(*asked);
    const auto now = std::chrono::steady_clock::now();
    const bool wanted = !latest_.error.empty() || now - asked_ < std::chrono::minutes{1};
    changed_.wait_for(lock, wanted ? interval_ : std::chrono::seconds{60},
                      [&, before = asked_] { return stopping_ || (!wanted && asked_ != before); });
  }
}

} // namespace tradepulse
