#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace tradepulse {

// Cuts connections whose call gets no answer. A frozen server (a stopped process, a dead disk, a
// machine that went away without a word) blocks libpq for good: no timeout of the client library
// or of TCP helped, shutting the socket down under it did. One thread serves all connections.
// Thread: any. The thread sleeps while nothing is watched, and calls that end in time do not wake
// it.
class watchdog {
 public:
  using clock = std::chrono::steady_clock;

  explicit watchdog(std::function<clock::time_point()> now = clock::now);
  ~watchdog(); // Requires: no guard is left.
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

 private:
  struct watched {
    int socket;
    clock::time_point deadline;
    bool cut = false;
  };

 public:
  // Watches one blocking call for as long as it lives. The socket stays open that long.
  class guard {
   public:
    guard(watchdog& dog, int socket, std::chrono::milliseconds limit);
    ~guard();
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    // An answer came: the limit counts from now.
    void restart();
    // The same, with another limit from here on.
    void restart(std::chrono::milliseconds limit);
    bool cut() const;

   private:
    watchdog& dog_;
    std::chrono::milliseconds limit_;
    std::list<watched>::iterator entry_;
  };

  // Compares the deadlines again: the clock it was given has moved.
  void look();
  // Cuts every call that is under way, and from now on each other one as it begins: the process
  // ends, and waits for no answer.
  void cut_all();
  bool cuts_all() const;

  // Connections cut so far.
  std::uint64_t cuts() const noexcept { return cuts_.load(std::memory_order_relaxed); }

 private:
  void run();

  const std::function<clock::time_point()> now_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<watched> calls_;
  clock::time_point wakes_at_ = clock::time_point::max();
  bool stopping_ = false;
  bool cutting_all_ = false;
  std::atomic<std::uint64_t> cuts_{0};
  std::thread thread_;
};

} // namespace tradepulse
