#include "tests/adapters/web/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace tradepulse::web::testing {
namespace {

int poll_milliseconds() {
  return static_cast<int>(std::chrono::milliseconds(patience).count());
}

char octet(std::uint64_t value, int shift) {
  return static_cast<char>(static_cast<unsigned char>((value >> shift) & 0xff));
}

} // namespace

raw_client::raw_client(std::uint16_t port, int receive_buffer_bytes) {
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  const int one = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (receive_buffer_bytes > 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof(receive_buffer_bytes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr generic{};
  static_assert(sizeof(generic) == sizeof(address));
  std::copy_n(reinterpret_cast<const char*>(&address), sizeof(address),
              reinterpret_cast<char*>(&generic));
  if (::connect(socket_, &generic, sizeof(generic)) != 0)
    throw std::runtime_error("connect failed");
}

raw_client::~raw_client() {
  if (socket_ >= 0)
    ::close(socket_);
}

void raw_client::send(std::string_view bytes) {
  if (!try_send(bytes))
    throw std::runtime_error("send failed");
}

bool raw_client::try_send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void raw_client::finish_sending() {
  ::shutdown(socket_, SHUT_WR);
}

void raw_client::reset() {
  const linger hard{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  ::close(socket_);
  socket_ = -1;
}

// False at the end.
bool raw_client::fill() {
  pollfd one{socket_, POLLIN, 0};
  if (::poll(&one, 1, poll_milliseconds()) <= 0)
    throw std::runtime_error("nothing came; so far: " + in_.substr(0, 200));
  std::array<char, 16384> bytes{};
  const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (got <= 0)
    return false;
  in_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

bool raw_client::reaches_end() {
  while (fill())
    in_.clear();
  return true;
}

std::string raw_client::read_until(std::string_view mark) {
  std::size_t at = 0;
  while ((at = in_.find(mark)) == std::string::npos)
    if (!fill())
      throw std::runtime_error("the end came before the mark; so far: " + in_.substr(0, 200));
  std::string out = in_.substr(0, at + mark.size());
  in_.erase(0, out.size());
  return out;
}

std::string raw_client::read_bytes(std::size_t count) {
  while (in_.size() < count)
    if (!fill())
      throw std::runtime_error("the end came too early");
  std::string out = in_.substr(0, count);
  in_.erase(0, count);
  return out;
}

std::string raw_client::answer::header(std::string_view name) const {
  const auto at = head.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos)
    return {};
  const auto from = at + name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

raw_client::answer raw_client::read_answer(bool without_body) {
  answer out;
  out.head = read_until("\r\n\r\n");
  out.status = std::stoi(out.head.substr(9, 3));
  if (without_body || out.status == 204)
    return out;
  if (out.header("Transfer-Encoding") == "chunked") {
    out.chunks = 0;
    for (;;) {
      const auto size = std::stoul(read_until("\r\n"), nullptr, 16);
      out.body += read_bytes(size);
      if (read_bytes(2) != "\r\n")
        throw std::runtime_error("a chunk without its end");
      if (size == 0)
        return out;
      ++out.chunks;
    }
  }
  if (const auto length = out.header("Content-Length"); !length.empty()) {
    out.body = read_bytes(std::stoul(length));
  } else {
    while (fill()) {
    }
    out.body.swap(in_);
  }
  return out;
}

raw_client::answer raw_client::get(std::string_view target, std::string_view more_fields) {
  send("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more_fields) +
       "\r\n");
  return read_answer();
}

void raw_client::upgrade(std::string_view target, std::string_view more_fields) {
  send("GET " + std::string(target) +
       " HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
       std::string(more_fields) + "\r\n");
  const auto given = read_until("\r\n\r\n");
  if (given.find("HTTP/1.1 101 ") != 0)
    throw std::runtime_error("not upgraded: " + given);
}

std::string client_frame(std::uint8_t first_octet, std::string_view payload) {
  constexpr std::array<unsigned char, 4> mask{0x12, 0x34, 0x56, 0x78};
  std::string out(1, static_cast<char>(first_octet));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80U | payload.size()));
  } else if (payload.size() <= 0xffff) {
    out += "\xfe";
    out.push_back(octet(payload.size(), 8));
    out.push_back(octet(payload.size(), 0));
  } else {
    out += "\xff";
    for (int shift = 56; shift >= 0; shift -= 8)
      out.push_back(octet(payload.size(), shift));
  }
  for (const unsigned char m : mask)
    out.push_back(static_cast<char>(m));
  for (std::size_t i = 0; i < payload.size(); ++i)
    out.push_back(static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % 4]));
  return out;
}

void raw_client::send_frame(std::uint8_t first_octet, std::string_view payload) {
  send(client_frame(first_octet, payload));
}

std::uint16_t raw_client::frame::close_code() const {
  if (payload.size() < 2)
    return 0;
  return static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                    static_cast<unsigned char>(payload[1]));
}

std::string raw_client::frame::close_reason() const {
  return payload.size() < 2 ? std::string() : payload.substr(2);
}

std::optional<raw_client::frame> raw_client::read_frame() {
  if (in_.empty() && !fill())
    return std::nullopt;
  const std::string start = read_bytes(2);
  frame out;
  out.first_octet = static_cast<std::uint8_t>(start[0]);
  std::uint64_t length = static_cast<unsigned char>(start[1]);
  if (length > 127)
    throw std::runtime_error("a torn frame: a server does not mask");
  if (length >= 126) {
    const std::string extended = read_bytes(length == 126 ? 2 : 8);
    length = 0;
    for (const char c : extended)
      length = (length << 8) | static_cast<unsigned char>(c);
  }
  out.payload = read_bytes(length);
  return out;
}

raw_client::frame raw_client::read_close() {
  while (auto one = read_frame())
    if (one->first_octet == 0x88)
      return *one;
  throw std::runtime_error("the end came without a close frame");
}

bool raw_client::confirm_close(std::uint16_t code) {
  send_frame(0x88, std::string{octet(code, 8), octet(code, 0)});
  return reaches_end();
}

} // namespace tradepulse::web::testing
