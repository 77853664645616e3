#pragma once

// Private to adapters/web.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/web/layer_host.hpp"

namespace tradepulse::web {

// How reading a WebSocket came to its end.
enum class reading_end : std::uint8_t {
  closed_by_peer,  // a close frame was read and is answered
  broken_protocol, // what came is no WebSocket, or too large: a close frame has said so
  lost,            // the connection is gone
};

// Reads one WebSocket: takes the upgrade, puts messages together, answers pings and close frames,
// and judges every frame. The one place that knows Beast's WebSocket stream; what it wants written
// goes through the host. Thread: the I/O thread of the connection.
class websocket_reader {
 public:
  // Never called from within a call to the reader.
  class events {
   public:
    virtual void on_accepted() = 0;
    // `payload` is valid during the call.
    virtual void on_message(std::string_view payload, bool is_text) = 0;
    virtual void on_reading_end(reading_end how) = 0;
    virtual std::shared_ptr<void> keep_alive() = 0;

   protected:
    ~events() = default;
  };

  // `host` and `owner` live as long as what keep_alive() returns.
  websocket_reader(layer_host& host, events& owner, std::size_t message_bytes);
  ~websocket_reader();
  websocket_reader(const websocket_reader&) = delete;
  websocket_reader& operator=(const websocket_reader&) = delete;

  // Answers the upgrade request, which was judged already. on_accepted() follows, or the end.
  void accept(const std::string& host_name, const std::string& key);
  // Reads for ever: message after message, to the end.
  void start();
  // The code of the peer's close frame; 0 where none has come.
  std::uint16_t peers_close_code() const noexcept;

 private:
  struct stream;
  const std::unique_ptr<stream> stream_;
};

} // namespace tradepulse::web
