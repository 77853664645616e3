#include "tests/adapters/postgres/support/wire_proxy.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace tradepulse::test {
namespace {

template <class Address>
const sockaddr* generic(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void send_all(int to, const char* data, std::size_t size) {
  while (size > 0) {
    const auto sent = ::send(to, data, size, MSG_NOSIGNAL);
    if (sent <= 0)
      return;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

} // namespace

wire_proxy::wire_proxy(std::string host, std::string port)
    : upstream_host_(std::move(host)), upstream_port_(std::move(port)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, generic(address), length) != 0 || ::listen(listener_, 8) != 0)
    throw std::runtime_error("the proxy cannot listen");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

wire_proxy::~wire_proxy() {
  stopping_ = true;
  thread_.join();
  ::close(listener_);
}

int wire_proxy::connect_upstream() const {
  int out = -1;
  int failed = 0;
  if (upstream_host_.starts_with("/")) {
    out = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = upstream_host_ + "/.s.PGSQL." + upstream_port_;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    failed = ::connect(out, generic(address), sizeof address);
  } else {
    addrinfo* found = nullptr;
    if (::getaddrinfo(upstream_host_.c_str(), upstream_port_.c_str(), nullptr, &found) != 0)
      throw std::runtime_error("the proxy cannot resolve " + upstream_host_);
    out = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    failed = ::connect(out, found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
  }
  if (failed != 0)
    throw std::runtime_error("the proxy cannot reach the server");
  return out;
}

void wire_proxy::serve() {
  while (!stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 20) <= 0)
      continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int server = connect_upstream();
    started_ = false;
    pending_.clear();
    relay(client, server);
    ::close(client);
    ::close(server);
  }
}

void wire_proxy::relay(int client, int server) {
  std::array<char, 65536> buffer;
  while (!stopping_) {
    std::array<pollfd, 2> both{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (::poll(both.data(), both.size(), 20) <= 0)
      continue;
    for (const int side : {0, 1}) {
      if (both[static_cast<std::size_t>(side)].revents == 0)
        continue;
      const int from = side == 0 ? client : server;
      const auto got = ::recv(from, buffer.data(), buffer.size(), 0);
      if (got <= 0)
        return;
      const auto size = static_cast<std::size_t>(got);
      if (side == 0) {
        if (lose_request_.exchange(false))
          return;
        if (!count(buffer.data(), size))
          return;
        send_all(server, buffer.data(), size);
      } else {
        if (lose_answer_.exchange(false))
          return;
        send_all(client, buffer.data(), size);
      }
    }
  }
}

bool wire_proxy::count(const char* data, std::size_t size) {
  pending_.append(data, size);
  for (;;) {
    const std::size_t header = started_ ? 1 : 0;
    if (pending_.size() < header + 4)
      return true;
    const char type = started_ ? pending_[0] : '\0';
    if (type == 'd' && cut_copy_.exchange(false))
      return false;
    std::uint32_t length = 0;
    std::memcpy(&length, pending_.data() + header, 4);
    const std::size_t whole = header + ntohl(length);
    if (pending_.size() < whole)
      return true;
    if (type == 'Q' || type == 'S' || type == 'c')
      ++round_trips_;
    if (type == 'c' && lose_copy_answer_.exchange(false))
      lose_answer_ = true;
    started_ = true;
    pending_.erase(0, whole);
  }
}

} // namespace tradepulse::test
