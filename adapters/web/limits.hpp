#pragma once

#include <chrono>
#include <cstddef>

namespace tradepulse::web {

// What one connection may cost. Deadlines are judged by a sweep (see sweep_interval), so they are
// met within a quarter of the shortest of them, at most a second late.
struct connection_limits {
  std::size_t target_bytes = 8 * 1024;
  std::size_t header_bytes = 16 * 1024; // request line and fields together
  std::size_t body_bytes = 1024 * 1024;
  std::size_t message_bytes = 64 * 1024; // of one WebSocket message
  std::size_t outbound_queue_bytes = 256 * 1024;

  std::chrono::milliseconds handshake_timeout{10'000}; // first byte to the whole request
  std::chrono::milliseconds keep_alive_timeout{60'000};
  std::chrono::milliseconds write_timeout{30'000}; // without a byte taken by the kernel
  std::chrono::milliseconds close_timeout{2'000};  // for the peer's close frame, and for its FIN

  // A PING frame and a JSON ping each interval; nothing heard for timeout closes with 4408.
  // An interval of 0 sends none, a timeout of 0 waits for ever.
  std::chrono::milliseconds heartbeat_interval{30'000};
  std::chrono::milliseconds heartbeat_timeout{60'000};

  // Text messages; beyond them 4429. A rate of 0 is no limit.
  double messages_per_second = 50;
  double message_burst = 200;
  // Frames of any kind and bytes; beyond them it is a flood, 1008. Bursts are twice the rates.
  double frames_per_second = 1'000;
  double bytes_per_second = 1024.0 * 1024.0;

  int send_buffer_bytes = 0; // SO_SNDBUF of a connection; 0 leaves it to the kernel
};

// How often deadlines are looked at: a quarter of the shortest, 5 ms to 1 s.
std::chrono::milliseconds sweep_interval(const connection_limits& limits) noexcept;

} // namespace tradepulse::web
