// What delivering costs at least: one thread, epoll, one prepared frame (or burst of frames) of a
// symbol that is sent to every connection that subscribed to it by one send() each. Speaks just
// enough of the protocol for the clients of this benchmark. Prints its port, then takes lines from
// stdin:
//   run TICKS BURST RATE SYMBOLS   sends TICKS events, BURST at a time, RATE events a second; open
//                                  loop. The first SYMBOLS symbols take turns.
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "tests/benchmarks/fanout_connect.hpp"

namespace {

using benchmark::checked;
using steady = std::chrono::steady_clock;

struct connection {
  int fd = -1;
  bool open = false;                // the handshake is answered
  std::vector<std::size_t> symbols; // that it gets
  std::string waiting;              // what the socket did not take
};

struct stream {
  std::int64_t seq = 0; // of the last event
  std::string due;      // frames of this burst
  std::vector<connection*> subscribers;
};

class server {
 public:
  server(std::size_t symbols, std::int64_t base_ms)
      : base_ms_(base_ms), streams_(symbols),
        epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        timer_(checked(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd")),
        listener_(
            checked(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket")) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    checked(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    checked(listen(listener_, 4096), "listen");
    socklen_t size = sizeof address;
    checked(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    std::printf("port %d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    watch(timer_, EPOLLIN, EPOLL_CTL_ADD);
    watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
  }

  void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno != EINTR)
        checked(count, "epoll_wait");
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == STDIN_FILENO) {
          if (!take_command())
            return;
        } else if (event.data.fd == listener_)
          accept_all();
        else if (event.data.fd == timer_)
          send_due();
        else
          serve(event.data.fd, event.events);
      }
    }
  }

 private:
  void watch(int fd, std::uint32_t what, int operation) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    checked(epoll_ctl(epoll_, operation, fd, &event), "epoll_ctl");
  }

  bool take_command() {
    char line[200];
    if (!std::fgets(line, sizeof line, stdin))
      return false;
    long ticks = 0;
    long burst = 0;
    long rate = 0;
    std::size_t symbols = 0;
    if (std::sscanf(line, "run %ld %ld %ld %zu", &ticks, &burst, &rate, &symbols) != 4 ||
        burst <= 0 || rate <= 0 || symbols == 0 || symbols > streams_.size())
      throw std::runtime_error("unknown command");
    left_ = ticks;
    turn_ = symbols;
    next_symbol_ = 0;
    burst_ = burst;
    interval_ = std::chrono::nanoseconds(std::chrono::seconds(1)) * burst / rate;
    due_ = steady::now() + interval_;
    arm();
    return true;
  }

  void arm() {
    const auto wait =
        std::max<std::chrono::nanoseconds>(due_ - steady::now(), std::chrono::nanoseconds(1));
    itimerspec when{};
    when.it_value.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(wait).count();
    when.it_value.tv_nsec = (wait % std::chrono::seconds(1)).count();
    checked(timerfd_settime(timer_, 0, &when, nullptr), "timerfd_settime");
  }

  void send_due() {
    std::uint64_t expirations = 0;
    if (read(timer_, &expirations, sizeof expirations) < 0 && errno != EAGAIN)
      checked(-1, "read");
    const long count = std::min(burst_, left_);
    touched_.clear();
    for (long i = 0; i < count; ++i) {
      const std::size_t symbol = next_symbol_;
      next_symbol_ = (next_symbol_ + 1) % turn_;
      auto& to = streams_[symbol];
      if (to.due.empty())
        touched_.push_back(symbol);
      to.due += benchmark::event_frame(symbol, base_ms_, ++to.seq);
    }
    for (const auto symbol : touched_) {
      auto& to = streams_[symbol];
      for (auto* each : to.subscribers)
        send_to(*each, to.due);
      to.due.clear();
    }
    left_ -= count;
    due_ += interval_; // open loop: what is late is made up for
    if (left_ > 0)
      arm();
  }

  void send_to(connection& to, std::string_view bytes) {
    if (!to.waiting.empty()) {
      to.waiting += bytes;
      return;
    }
    const auto sent = send(to.fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
      return; // the client counts what is missing
    const auto taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (taken < bytes.size()) {
      to.waiting = bytes.substr(taken);
      watch(to.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EAGAIN)
          return;
        checked(fd, "accept4");
      }
      const int yes = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      connections_[fd].fd = fd;
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void serve(int fd, std::uint32_t what) {
    auto& client = connections_.at(fd);
    if ((what & EPOLLOUT) != 0) {
      const std::string rest = std::move(client.waiting);
      client.waiting.clear();
      watch(fd, EPOLLIN, EPOLL_CTL_MOD);
      send_to(client, rest);
    }
    if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
      return;
    const auto got = recv(fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0) {
      for (const auto symbol : client.symbols)
        std::erase(streams_[symbol].subscribers, &client);
      close(fd);
      connections_.erase(fd);
      return;
    }
    // The client waits for each answer, so a request never comes in pieces with another.
    if (!client.open) {
      client.open = true;
      std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Accept: ";
      answer.append(benchmark::websocket_accept).append("\r\n\r\n");
      send_to(client, answer);
    } else if (client.symbols.empty()) {
      subscribe(client, {buffer_.data(), static_cast<std::size_t>(got)});
    }
  }

  void subscribe(connection& to, std::string_view request) {
    std::string positions;
    for (auto at = request.find(benchmark::symbol_prefix); at != std::string_view::npos;
         at = request.find(benchmark::symbol_prefix, at + 1)) {
      const std::size_t symbol = benchmark::symbol_at(request, at);
      to.symbols.push_back(symbol);
      streams_.at(symbol).subscribers.push_back(&to);
      positions += (positions.empty() ? R"({"symbol":")" : R"(,{"symbol":")") +
                   benchmark::symbol_name(symbol) +
                   R"(","stream":"price","known":true,"epoch":1,"seq":)" +
                   std::to_string(streams_[symbol].seq) + R"(,"recovered":false})";
    }
    send_to(to,
            benchmark::server_frame(R"({"type":"subscribed","positions":[)" + positions + "]}"));
  }

  const std::int64_t base_ms_;
  std::vector<stream> streams_;
  std::vector<std::size_t> touched_; // symbols of this burst
  std::size_t turn_ = 1;             // symbols that take turns
  std::size_t next_symbol_ = 0;
  int epoll_;
  int timer_;
  int listener_;
  std::map<int, connection> connections_;
  long left_ = 0;
  long burst_ = 1;
  std::chrono::nanoseconds interval_{};
  steady::time_point due_;
  std::array<char, 65'536> buffer_; // a whole request
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: benchmark_fanout_floor SYMBOLS BASE_MS\n");
    return 64;
  }
  try {
    server(static_cast<std::size_t>(std::atoll(argv[1])), std::atoll(argv[2])).run();
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "benchmark_fanout_floor: %s\n", fault.what());
    return 70;
  }
  return 0;
}
