#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "adapters/postgres/postgres_admin.hpp"

namespace tradepulse {

// Asks the database for its statistics on a thread of its own, so that GET /api/stats never waits:
// every `interval` while somebody asked within the last minute, else every minute.
class database_watch {
 public:
  database_watch(postgres_settings settings, std::shared_ptr<watchdog> dog,
                 std::chrono::seconds interval = std::chrono::seconds{5});
  ~database_watch();

  struct reading {
    std::optional<database_statistics> statistics;
    std::string error; // of the last attempt; empty: it went well
    std::chrono::steady_clock::time_point taken{};
  };
  // Thread: any.
  reading latest();
  // Asks nothing any more: an attempt to connect lasts for postgres.connect_timeout, and the end of
  // this object waits for it. Thread: any.
  void stop();

 private:
  void run();

  postgres_admin admin_;
  const std::chrono::seconds interval_;
  std::mutex mutex_;
  std::condition_variable changed_;
  reading latest_;
  std::chrono::steady_clock::time_point asked_{};
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace tradepulse
