#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tradepulse::web::testing {

// How long a test waits for what must come. Only a failing test waits that long.
inline constexpr std::chrono::seconds patience{20};

// A TCP client that speaks bytes, so that a test can also say what no library would. Reading throws
// std::runtime_error when nothing comes within `patience`.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port, int receive_buffer_bytes = 0);
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  void send(std::string_view bytes);
  // False where the peer has gone.
  bool try_send(std::string_view bytes);
  void finish_sending();
  void reset(); // RST
  // True once the peer has closed, in either way; drops what comes before.
  bool reaches_end();
  std::string read_until(std::string_view mark); // with the mark; throws at the end
  std::string read_bytes(std::size_t count);

  struct answer {
    int status = 0;
    std::string head;
    std::string body;
    int chunks = -1;                                 // -1: not chunked
    std::string header(std::string_view name) const; // empty where absent
  };
  answer read_answer(bool without_body = false);
  answer get(std::string_view target, std::string_view more_fields = {});

  // WebSocket.
  void upgrade(std::string_view target = "/ws", std::string_view more_fields = {});
  void send_frame(std::uint8_t first_octet, std::string_view payload);
  void send_text(std::string_view text) { send_frame(0x81, text); }
  struct frame {
    std::uint8_t first_octet = 0;
    std::string payload;
    std::uint16_t close_code() const; // 0 where there is none
    std::string close_reason() const;
  };
  std::optional<frame> read_frame(); // nothing at the end
  // Reads on to the close frame; throws where none comes.
  frame read_close();
  // Answers a close frame, and waits for the end.
  bool confirm_close(std::uint16_t code);

 private:
  bool fill();

  int socket_ = -1;
  std::string in_;
};

// A masked frame of a client.
std::string client_frame(std::uint8_t first_octet, std::string_view payload);

} // namespace tradepulse::web::testing
