#pragma once

// Private to adapters/web.
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "adapters/web/listener.hpp"
#include "adapters/web/origins.hpp"
#include "adapters/web/web_metrics.hpp"

namespace tradepulse::web {

// What the stations of one listener share. Thread: any.
struct listener_state {
  listener_state(listener_options chosen, metrics::registry& registry, io_pool::impl& threads)
      : options(std::move(chosen)), origins(options.allowed_origins),
        metrics(registry, options.name), pool(threads) {}

  const listener_options options;
  const origin_policy origins;
  web_metrics metrics;
  io_pool::impl& pool;
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> websockets{0};
  std::atomic<std::size_t> lane_of_refused{0}; // over the budget, being told so

  // Every accepted socket, from before its hand-over to the end of its session.
  void connection_opened() noexcept;
  void connection_closed() noexcept;
  std::size_t connections() const noexcept;
  bool wait_until_empty(std::chrono::milliseconds deadline);

 private:
  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  std::size_t connections_ = 0; // guarded by mutex_
};

} // namespace tradepulse::web
