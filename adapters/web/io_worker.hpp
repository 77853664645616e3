#pragma once

// Private to adapters/web.
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

#include "adapters/web/give_way.hpp"
#include "adapters/web/io_pool.hpp"
#include "adapters/web/net.hpp"

namespace tradepulse::web {

// One thread and its event loop.
class io_worker final : public io_thread {
 public:
  explicit io_worker(std::string name);
  void start();
  void stop();
  void post(std::function<void()> task) override;
  void post_behind(std::function<void()> task) override;
  net::io_context& context() noexcept { return context_; }

 private:
  void run();
  void run_handlers();
  void go_on_behind();
  void do_next_behind();
  void wake();
  void drain();
  void run_tasks();

  const std::string name_;
  net::io_context context_{1}; // a hint: one thread runs it
  net::executor_work_guard<executor> work_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_; // guarded by mutex_
  bool wake_posted_ = false;                 // guarded by mutex_
  std::atomic<bool> has_tasks_{false};       // written under mutex_
  // The I/O thread's own:
  std::vector<std::function<void()>> taken_;
  time_point sockets_until_{};
  std::deque<std::function<void()>> behind_;
  bool next_is_due_ = false; // of those, as soon as they have given way to others
  give_way way_;
  wait_timer pause_;
  std::thread thread_;
};

struct io_pool::impl {
  std::vector<std::unique_ptr<io_worker>> workers;
  std::atomic<std::uint64_t> last_connection_id{0};
  bool stopped = false;
};

} // namespace tradepulse::web
