#pragma once

// Private to adapters/web.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/web/net.hpp"

namespace tradepulse::web {

// A write of Beast's that is not finished. Asio's any_completion_handler of 1.81 recurses until the
// stack ends when it is built from a non-const lvalue of itself, so the type is erased by hand.
class pending_write {
 public:
  virtual ~pending_write() = default;
  // Once; Beast hears of it from the event loop, never from within this call.
  virtual void complete(error_code result, std::size_t bytes) = 0;
};

// The connection behind a layer. Lives as long as any handler of the stream.
class layer_host {
 public:
  virtual tcp_socket& socket() noexcept = 0;
  // Bytes that came with the upgrade request, before Beast was there: taken first.
  virtual std::string& early_bytes() noexcept = 0;
  virtual void received(std::string_view bytes) = 0;
  // True: nothing is read from this peer any more (a flood); the read that asks is forgotten.
  virtual bool reading_ended() const noexcept = 0;
  virtual void write(std::string bytes, std::unique_ptr<pending_write> done) = 0;
  // Beast considers the WebSocket over; what remains of TCP is ours.
  virtual void torn_down() noexcept = 0;

 protected:
  ~layer_host() = default;
};

} // namespace tradepulse::web
