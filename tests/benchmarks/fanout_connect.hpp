#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "tests/benchmarks/fanout_wire.hpp"

// How a client of the benchmarks comes to its WebSocket.
namespace benchmark {

inline int checked(int outcome, const char* what) {
  if (outcome < 0)
    throw std::system_error(errno, std::generic_category(), what);
  return outcome;
}

inline void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0)
      checked(-1, "send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// An address has fewer ports for outgoing connections than a benchmark has connections, and one
// that was closed keeps its port for a while: a thousand connections share one of 127.0.0.0/8.
inline void bind_source(int fd, std::size_t number) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(number / 1000));
  const int yes = 1; // the port is chosen when the destination is known
  checked(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes), "bind");
  checked(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
}

struct opened_websocket {
  int fd = -1;
  std::string rest; // what came behind the handshake's answer
};

// Connection `number` of a process. Blocks until the handshake is answered.
inline opened_websocket open_websocket(std::uint16_t port, const std::string& path,
                                       std::size_t number) {
  const int fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int yes = 1;
  checked(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), "TCP_NODELAY");
  const timeval patience{10, 0}; // for the handshake; later reads do not block
  checked(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
  bind_source(fd, number);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  checked(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
  send_all(fd, "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                   "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " +
                   std::string(websocket_key) + "\r\nSec-WebSocket-Version: 13\r\n\r\n");
  std::string head;
  std::size_t end = std::string::npos;
  while ((end = head.find("\r\n\r\n")) == std::string::npos) {
    char buffer[2048];
    const auto got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0)
      throw std::runtime_error("the handshake was not answered");
    head.append(buffer, static_cast<std::size_t>(got));
  }
  if (!head.starts_with("HTTP/1.1 101") || head.find(websocket_accept) == std::string::npos)
    throw std::runtime_error("the handshake was refused: " + head.substr(0, 100));
  return {fd, head.substr(end + 4)};
}

} // namespace benchmark
