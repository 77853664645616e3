#pragma once

// Private to adapters/web.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/web/client_socket.hpp"
#include "adapters/web/layer_host.hpp"
#include "protocol/ports/client_connection.hpp"

namespace tradepulse::web {

// What leaves by one WebSocket, and in which order: prepared frames up to a bound, what the reader
// wants written (the handshake's answer, pongs, its close frame), and as the last a close frame,
// which seals it. Thread: the I/O thread of the connection.
class websocket_writer final : private client_socket::events {
 public:
  class events {
   public:
    // A push was refused, and now nothing waits. From the event loop.
    virtual void on_room() = 0;
    // A close frame with this code is queued. May come from within any call.
    virtual void on_sealed(std::uint16_t code) = 0;
    // And has left, with all before it. May come from within any call.
    virtual void on_close_sent() = 0;
    // Nothing can be written any more. May come from within any call.
    virtual void on_write_failed() = 0;
    virtual std::shared_ptr<void> keep_alive() = 0;

   protected:
    ~events() = default;
  };

  websocket_writer(tcp_socket socket, events& owner, web_metrics& metrics, std::size_t queue_bytes)
      : wire_(std::move(socket), *this, metrics), owner_(owner), metrics_(metrics),
        queue_bytes_(queue_bytes) {}

  tcp_socket& socket() noexcept { return wire_.socket(); }
  std::size_t queued_bytes() const noexcept { return wire_.queue().bytes(); }
  bool sealed() const noexcept { return sealed_; }
  // While something waits: when the kernel last took a byte, or it began to wait.
  time_point last_progress() const noexcept { return wire_.last_progress(); }

  // As in outbox.
  push_outcome push(frame_slice frames);
  void flush() { wire_.flush(); }
  // Not bound by the queue's limit; for what is small and rare. Nothing when sealed.
  void push_anyway(frame_slice frames);
  // Nothing where it is sealed already, or where nothing can be written.
  void seal(std::uint16_t code, std::string_view reason);

  // Bytes of the reader's own. `peers_code`: of the peer's close frame, 0 without one.
  void write(std::string bytes, std::unique_ptr<pending_write> done, std::uint16_t peers_code);

  // Nothing is written any more; reading goes on.
  void stop() noexcept { wire_.stop_writing(); }
  // Ends both ways; see client_socket.
  void close(bool hard);

 private:
  void append_close_frame(std::uint16_t code, std::string_view reason);
  void complete_readers_write();
  void on_written(bool writable) override;
  void on_write_failed() override { owner_.on_write_failed(); }
  std::shared_ptr<void> keep_alive() override { return owner_.keep_alive(); }

  client_socket wire_;
  events& owner_;
  web_metrics& metrics_;
  const std::size_t queue_bytes_;
  std::unique_ptr<pending_write> readers_write_;
  std::size_t readers_write_bytes_ = 0;
  bool refused_ = false; // on_room is owed
  bool sealed_ = false;
};

} // namespace tradepulse::web
