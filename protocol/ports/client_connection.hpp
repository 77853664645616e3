#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/error_codes.hpp"
#include "protocol/frame_slice.hpp"
#include "protocol/identifiers.hpp"

namespace tradepulse {

enum class push_outcome : std::uint8_t {
  accepted, // will be written, in order
  refused,  // the bound: nothing of it was taken; on_drained follows
  closed,   // sealed or gone
};

// The only writer of a client's socket. Invariant: not empty <=> one wait for "writable" is pending
// or flush() is due.
// Thread: the I/O thread of its connection.
class outbox {
 public:
  virtual ~outbox() = default;
  // Takes the slice whole or refuses it whole. The bound is max(limit, one slice).
  virtual push_outcome push(frame_slice frames) = 0;
  // Writes what waits, in one system call where the kernel takes it.
  virtual void flush() = 0;
  virtual std::size_t queued_bytes() const noexcept = 0;
  // Sends a close frame after what is queued, then ends. May be called twice.
  virtual void close(close_code code, std::string_view reason) = 0;
};

// What one connection's owner hears. Thread: the I/O thread of the connection; must not block.
class client_handler {
 public:
  virtual ~client_handler() = default;
  virtual void on_text(std::string_view message) = 0;
  // The outbox has refused something and is now empty.
  virtual void on_drained() = 0;
  // Once, at the end, whoever ended it. Nothing comes after it.
  virtual void on_closed(close_code code) = 0;
};

struct client_info {
  connection_id id;
  std::string remote_address;
  std::string target; // path and query of the upgrade request
  std::size_t io_thread = 0;
};

// Thread: the I/O thread that accepted the connection.
class client_service {
 public:
  virtual ~client_service() = default;
  virtual std::shared_ptr<client_handler> opened(const client_info& client,
                                                 std::shared_ptr<outbox> out) = 0;
};

// One I/O thread. From any thread; never blocks.
class io_thread {
 public:
  virtual ~io_thread() = default;
  // Tasks run in order, before what sockets have to do where both wait.
  virtual void post(std::function<void()> task) = 0;
  // Behind them, and behind sockets that are ready: for long work, a piece at a time.
  virtual void post_behind(std::function<void()> task) = 0;
};

} // namespace tradepulse
