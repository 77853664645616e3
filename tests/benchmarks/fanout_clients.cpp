// Many WebSocket connections in one thread, each subscribed to the same symbol. Compares every
// byte that comes with what is due next on that connection: nothing may be missing, doubled, out
// of order or merged. Prints `subscribed N`, then takes lines from stdin:
//   expect COUNT SECONDS   answers with one line of JSON when every connection has COUNT events
//                          more than at the last `expect`, or when the time is up
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tests/benchmarks/fanout_wire.hpp"

namespace {

using steady = std::chrono::steady_clock;

int checked(int outcome, const char* what) {
  if (outcome < 0)
    throw std::system_error(errno, std::generic_category(), what);
  return outcome;
}

// A client's text frame; the mask is zero, which leaves the payload as it is.
std::string client_frame(std::string_view payload) {
  if (payload.size() > 125)
    throw std::length_error("a request of the benchmark is short");
  std::string out{'\x81', static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0};
  return out.append(payload);
}

struct connection {
  int fd = -1;
  bool subscribed = false;
  std::int64_t seq = 0; // of the last event
  std::string rest;     // of a frame that came in part
};

class clients {
 public:
  clients(std::uint16_t port, std::string path, std::size_t count, std::string symbol,
          std::int64_t base_ms)
      : symbol_(std::move(symbol)), base_ms_(base_ms),
        epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")), connections_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      open(connections_[i], port, path);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].fd, &event), "epoll_ctl");
    }
    const auto deadline = steady::now() + std::chrono::seconds(30);
    while (subscribed_ < count) {
      if (steady::now() > deadline)
        throw std::runtime_error("not every subscription was answered in 30 s");
      poll_once(100);
    }
    for (const auto& each : connections_)
      if (each.seq != connections_.front().seq)
        throw std::runtime_error("connections joined at different positions before any event");
    position_ = connections_.front().seq;
    std::printf("subscribed %zu at %" PRId64 "\n", count, position_);
    std::fflush(stdout);
  }

  void run() {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = commands;
    checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, STDIN_FILENO, &event), "epoll_ctl");
    while (!ended_) {
      poll_once(asked_ ? 100 : -1);
      if (asked_ && (complete_ == connections_.size() || steady::now() > give_up_at_))
        answer();
    }
  }

 private:
  static constexpr std::uint64_t commands = ~std::uint64_t{0};

  void open(connection& to, std::uint16_t port, const std::string& path) const {
    to.fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    const int yes = 1;
    checked(setsockopt(to.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), "TCP_NODELAY");
    const timeval patience{10, 0}; // for the handshake; later reads do not block
    checked(setsockopt(to.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    checked(connect(to.fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
    send_all(to.fd, "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " +
                        std::string(benchmark::websocket_key) +
                        "\r\nSec-WebSocket-Version: 13\r\n\r\n");
    std::string head;
    std::size_t end = std::string::npos;
    while ((end = head.find("\r\n\r\n")) == std::string::npos) {
      char buffer[2048];
      const auto got = recv(to.fd, buffer, sizeof buffer, 0);
      if (got <= 0)
        throw std::runtime_error("the handshake was not answered");
      head.append(buffer, static_cast<std::size_t>(got));
    }
    if (!head.starts_with("HTTP/1.1 101") ||
        head.find(benchmark::websocket_accept) == std::string::npos)
      throw std::runtime_error("the handshake was refused: " + head.substr(0, 100));
    to.rest = head.substr(end + 4);
    send_all(to.fd, client_frame(R"({"type":"subscribe","symbol":")" + symbol_ + R"("})"));
  }

  static void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0)
        checked(-1, "send");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void poll_once(int timeout_ms) {
    std::array<epoll_event, 256> events;
    const int count =
        epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    if (count < 0 && errno != EINTR)
      checked(count, "epoll_wait");
    for (int i = 0; i < count; ++i) {
      const auto which = events[static_cast<std::size_t>(i)].data.u64;
      if (which == commands)
        take_command();
      else
        receive(connections_[which]);
    }
  }

  void take_command() {
    char line[200];
    if (!std::fgets(line, sizeof line, stdin)) {
      ended_ = true;
      return;
    }
    long long count = 0;
    long seconds = 0;
    if (std::sscanf(line, "expect %lld %ld", &count, &seconds) != 2)
      throw std::runtime_error("unknown command");
    asked_ = count;
    target_ = position_ + count;
    give_up_at_ = steady::now() + std::chrono::seconds(seconds);
    deliveries_ = reads_ = bytes_ = wrong_ = 0;
    complete_ = 0;
    for (const auto& each : connections_)
      complete_ += each.seq >= target_ ? 1U : 0U;
    std::printf("expecting\n");
    std::fflush(stdout);
  }

  void answer() {
    std::int64_t missing = 0;
    for (const auto& each : connections_)
      missing += target_ - each.seq;
    std::printf("{\"deliveries\":%" PRId64 ",\"missing\":%" PRId64 ",\"wrong\":%" PRId64
                ",\"reads\":%" PRId64 ",\"bytes\":%" PRId64 ",\"detail\":\"%s\"}\n",
                deliveries_, missing, wrong_, reads_, bytes_, first_wrong_.c_str());
    std::fflush(stdout);
    position_ = target_;
    asked_.reset();
  }

  const std::string& expected(std::int64_t seq) {
    if (seq < base_seq_)
      throw std::runtime_error("connections joined at different positions before any event");
    const auto index = static_cast<std::size_t>(seq - base_seq_);
    while (frames_.size() <= index)
      frames_.push_back(benchmark::event_frame(
          symbol_, base_ms_, base_seq_ + static_cast<std::int64_t>(frames_.size())));
    return frames_[index];
  }

  void receive(connection& from) {
    const auto got = recv(from.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0)
      throw std::runtime_error("the server closed a connection");
    ++reads_;
    bytes_ += got;
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    if (!from.rest.empty()) {
      from.rest += bytes;
      const std::string joined = std::move(from.rest);
      from.rest.clear();
      take_frames(from, joined);
    } else {
      take_frames(from, bytes);
    }
  }

  void take_frames(connection& from, std::string_view bytes) {
    while (!bytes.empty()) {
      if (from.subscribed) { // the usual case: the whole frame that is due
        const std::string& due = expected(from.seq + 1);
        if (bytes.starts_with(due)) {
          ++deliveries_;
          ++from.seq;
          complete_ += from.seq == target_ ? 1U : 0U;
          bytes.remove_prefix(due.size());
          continue;
        }
      }
      const std::size_t head = bytes.size() < 2 || (bytes[1] & 0x7f) < 126 ? 2 : 4;
      if (bytes.size() < head)
        break;
      const std::size_t size =
          head == 2 ? static_cast<std::size_t>(bytes[1] & 0x7f)
                    : (static_cast<std::size_t>(static_cast<unsigned char>(bytes[2])) << 8) |
                          static_cast<unsigned char>(bytes[3]);
      if (bytes.size() < head + size)
        break;
      take_other(from, bytes.substr(head, size));
      bytes.remove_prefix(head + size);
    }
    from.rest = bytes;
  }

  void take_other(connection& from, std::string_view payload) {
    if (!from.subscribed && payload.starts_with(R"({"type":"subscribed")")) {
      constexpr std::string_view name = R"("seq":)";
      const auto at = payload.find(name);
      if (at == std::string_view::npos)
        throw std::runtime_error("an answer without a position");
      from.seq = std::atoll(std::string(payload.substr(at + name.size(), 20)).c_str());
      from.subscribed = true;
      ++subscribed_;
      if (subscribed_ == 1)
        base_seq_ = from.seq;
      return;
    }
    if (payload.starts_with(R"({"type":"price_update","snapshot":true)") ||
        payload.starts_with(R"({"type":"ping")") || payload.starts_with(R"({"type":"connected")"))
      return;
    ++wrong_;
    if (first_wrong_.empty())
      for (const char c : payload.substr(0, 200))
        first_wrong_ += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '\'' : c;
  }

  const std::string symbol_;
  const std::int64_t base_ms_;
  int epoll_;
  std::vector<connection> connections_;
  std::size_t subscribed_ = 0;
  std::int64_t base_seq_ = 0;       // frames_[0]
  std::vector<std::string> frames_; // made once, for all connections
  std::int64_t position_ = 0;       // where all connections stood at the last `expect`
  std::int64_t target_ = -1;
  std::size_t complete_ = 0;
  std::optional<long long> asked_;
  steady::time_point give_up_at_;
  std::int64_t deliveries_ = 0;
  std::int64_t reads_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t wrong_ = 0;
  std::string first_wrong_;
  bool ended_ = false;
  std::array<char, 65'536> buffer_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: benchmark_fanout_clients PORT PATH CONNECTIONS SYMBOL BASE_MS\n");
    return 64;
  }
  try {
    auto all = std::make_unique<clients>(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2],
                                         static_cast<std::size_t>(std::atoll(argv[3])), argv[4],
                                         std::atoll(argv[5]));
    all->run();
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "benchmark_fanout_clients: %s\n", fault.what());
    return 70;
  }
  return 0;
}
