#pragma once

// Private to adapters/web.
#include <memory>

#include "adapters/web/net.hpp"
#include "adapters/web/web_metrics.hpp"
#include "adapters/web/write_queue.hpp"

namespace tradepulse::web {

// A socket and the only code that writes to it.
// Invariant: while the kernel takes no more, exactly one wait for "writable" is pending, and
// nothing is written past what is queued. Thread: its I/O thread.
class client_socket {
 public:
  class events {
   public:
    // The queue shrank. `writable`: from the event loop, not from within somebody's flush().
    virtual void on_written(bool writable) = 0;
    // No more can be written; may come from within flush().
    virtual void on_write_failed() = 0;
    virtual std::shared_ptr<void> keep_alive() = 0;

   protected:
    ~events() = default;
  };

  client_socket(tcp_socket socket, events& owner, web_metrics& metrics)
      : socket_(std::move(socket)), owner_(owner), metrics_(metrics) {}

  tcp_socket& socket() noexcept { return socket_; }
  const write_queue& queue() const noexcept { return queue_; }
  bool dead() const noexcept { return dead_; }
  bool waiting() const noexcept { return waiting_; }
  // When the kernel last took a byte, or the queue began to fill.
  time_point last_progress() const noexcept { return last_progress_; }

  void append(frame_slice frames);
  void insert_urgent(std::shared_ptr<const std::string> frame);
  void drop_unstarted() { queue_.drop_unstarted(); }
  // One system call where the kernel takes it all; nothing while it is not writable.
  void flush();

  // Nothing is written any more; reading goes on.
  void stop_writing() noexcept;
  // Ends both ways. `hard` throws away what the kernel still holds: a peer that does not read
  // must not keep megabytes of ours.
  void close(bool hard) noexcept;

 private:
  bool write_once();
  void wait_writable();
  void on_writable(error_code failed);
  void began();

  tcp_socket socket_;
  events& owner_;
  web_metrics& metrics_;
  write_queue queue_;
  time_point last_progress_{};
  bool waiting_ = false;
  bool dead_ = false;
};

} // namespace tradepulse::web
