#pragma once

// Private to adapters/web.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/web/io_worker.hpp"
#include "adapters/web/listener_state.hpp"
#include "adapters/web/net.hpp"

namespace tradepulse::web {

// One connection as its station sees it. Thread: the I/O thread of its station.
class session {
 public:
  virtual ~session() = default;
  // Looks at deadlines.
  virtual void sweep(time_point now) = 0;
  // The listener drains: say goodbye, finish what is under way.
  virtual void drain(close_code code, const std::function<std::string()>& reason) = 0;
  // Ends at once.
  virtual void abort() = 0;

 private:
  friend class station;
  std::size_t slot_ = 0; // its place in the station's list
};

// The connections of one listener on one I/O thread, and the one timer that watches over their
// deadlines and heartbeats.
// Thread: its I/O thread, but for the constructor and shared().
class station : public std::enable_shared_from_this<station> {
 public:
  station(std::shared_ptr<listener_state> shared, io_worker& worker, std::size_t index);

  listener_state& shared() noexcept { return *shared_; }
  const connection_limits& limits() const noexcept { return shared_->options.limits; }
  io_worker& worker() noexcept { return worker_; }
  std::size_t index() const noexcept { return index_; }

  void start();
  // The session takes over the count that its socket already has.
  void add(std::shared_ptr<session> one);
  // `ended`: the connection is gone, not handed to a session of another kind. Idempotent.
  void remove(session& one, bool ended);

  using reason_source = std::shared_ptr<const std::function<std::string()>>;
  // Says goodbye to everyone, some at a time, so that other work of the thread goes on.
  void close_all(close_code code, reason_source reason);
  // Once that has begun, whoever comes later is told the same.
  bool closing() const noexcept { return closing_reason_ != nullptr; }
  void dismiss(session& late) { late.drain(closing_code_, *closing_reason_); }
  void abort_all();

  // PING frame and JSON ping of this sweep, made once for all that need it.
  std::shared_ptr<const std::string> heartbeat();

 private:
  void arm_sweep();
  void sweep();
  void close_some(std::shared_ptr<std::vector<std::weak_ptr<session>>> left);

  std::shared_ptr<listener_state> shared_;
  io_worker& worker_;
  const std::size_t index_;
  wait_timer timer_;
  std::vector<std::shared_ptr<session>> sessions_;
  std::shared_ptr<const std::string> heartbeat_;
  close_code closing_code_{};
  reason_source closing_reason_; // null: not closing
  bool stopped_ = false;
};

} // namespace tradepulse::web
