// Clients that come back all at once, each with the same position of the same symbols, and catch
// up.
//
//   benchmark_returning_clients PORT CONNECTIONS FIRST_SYMBOL SYMBOLS SINCE THROUGH BASE_MS
//
// Says "ready", waits for a line on stdin, then connects all, subscribes each of them to the
// symbols FIRST_SYMBOL.. with `since` {1, SINCE} by one request, and reads until each has had the
// events up to THROUGH of every symbol. Each must come once, in order, unmerged, as it was produced
// (load_wire.hpp); what lies above THROUGH is not looked at. Prints one line of JSON: seconds from
// the line on stdin until all were connected and until all had all, of every connection the time
// until it had all (ms), the CPU of this process, counts, and what was wrong first.
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/benchmarks/client_frames.hpp"
#include "tests/benchmarks/fanout_connect.hpp"
#include "tests/benchmarks/load_histogram.hpp"
#include "tests/benchmarks/load_wire.hpp"

namespace {

using namespace benchmark;

constexpr std::int64_t patience_ns = 60'000'000'000;

std::int64_t ns_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

struct options {
  std::uint16_t port = 0;
  std::size_t connections = 0;
  std::size_t first = 0; // symbol
  std::size_t symbols = 0;
  std::int64_t since = 0;
  std::int64_t through = 0;
  std::int64_t base_ms = 0;
};

class returning {
 public:
  explicit returning(const options& given)
      : given_(given), epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll")),
        clients_(given.connections) {
    const auto each = static_cast<std::size_t>(given.through - given.since);
    for (std::size_t i = 0; i < given.symbols * each; ++i)
      append_update(
          due_.emplace_back(), given.base_ms,
          {given.first + i / each, given.since + 1 + static_cast<std::int64_t>(i % each)});
    request_ = masked_frame(request());
    handshake_ = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(given.port) +
                 "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " +
                 std::string(websocket_key) + "\r\nSec-WebSocket-Version: 13\r\n\r\n";
  }
  ~returning() {
    for (const auto& each : clients_)
      if (each.fd >= 0)
        close(each.fd);
    close(epoll_);
  }
  returning(const returning&) = delete;
  returning& operator=(const returning&) = delete;

  void run() {
    const auto cpu = ns_of(CLOCK_PROCESS_CPUTIME_ID);
    began_ = ns_of(CLOCK_MONOTONIC);
    for (std::size_t i = 0; i < clients_.size(); ++i)
      begin(i);
    std::array<epoll_event, 256> events;
    while (recovered_ < clients_.size() && wrong_.empty()) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
      if (count < 0 && errno != EINTR)
        checked(count, "epoll_wait");
      for (int i = 0; i < count; ++i)
        serve(clients_[events[static_cast<std::size_t>(i)].data.u64]);
      if (ns_of(CLOCK_MONOTONIC) - began_ > patience_ns)
        wrong_ = "not everybody had all after 60 s";
    }
    const auto ended = ns_of(CLOCK_MONOTONIC);
    std::printf(R"({"connected_s":%.6f,"recovered_s":%.6f,"cpu_s":%.6f,"recovered":%zu,)"
                R"("events":%)" PRIu64 R"(,"bytes":%)" PRIu64 R"(,"times":%s,"wrong":"%s"})"
                "\n",
                static_cast<double>(connected_at_ - began_) * 1e-9,
                static_cast<double>(ended - began_) * 1e-9,
                static_cast<double>(ns_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e-9, recovered_,
                events_, bytes_, times_.json().c_str(), wrong_.c_str());
    std::fflush(stdout);
  }

 private:
  enum class state : std::uint8_t { connecting, opening, subscribing, catching_up, recovered };
  struct client {
    int fd = -1;
    state at = state::connecting;
    std::vector<std::int64_t> seqs; // of the last event of each symbol
    std::size_t missing = 0;        // events
    std::string rest;               // bytes of what came in part
  };

  std::string request() const {
    std::string out = R"({"type":"subscribe","symbols":[)";
    for (std::size_t i = 0; i < given_.symbols; ++i) {
      out += i == 0 ? "\"" : ",\"";
      append_name(out, given_.first + i);
      out += '"';
    }
    return out + R"(],"since":{"epoch":1,"seq":)" + std::to_string(given_.since) + "}}";
  }

  void begin(std::size_t number) {
    auto& to = clients_[number];
    to.seqs.assign(given_.symbols, given_.since);
    to.missing = due_.size();
    to.fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
    const int yes = 1;
    checked(setsockopt(to.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), "TCP_NODELAY");
    bind_source(to.fd, number);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(given_.port);
    if (connect(to.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 &&
        errno != EINPROGRESS)
      checked(-1, "connect");
    epoll_event event{};
    event.events = EPOLLOUT;
    event.data.u64 = number;
    checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, to.fd, &event), "epoll_ctl");
  }

  void serve(client& of) {
    if (of.at == state::connecting) {
      send_all(of.fd, handshake_); // or it says why there is no connection
      of.at = state::opening;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = static_cast<std::uint64_t>(&of - clients_.data());
      checked(epoll_ctl(epoll_, EPOLL_CTL_MOD, of.fd, &event), "epoll_ctl");
      return;
    }
    const auto got = recv(of.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0)
      return complain("the server closed a connection");
    bytes_ += static_cast<std::uint64_t>(got);
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    if (of.rest.empty()) {
      take(of, bytes);
    } else {
      const std::string joined = std::exchange(of.rest, {}).append(bytes);
      take(of, joined);
    }
  }

  void take(client& of, std::string_view bytes) {
    if (of.at == state::opening) {
      const auto end = bytes.find("\r\n\r\n");
      if (end == std::string_view::npos) {
        of.rest = bytes;
        return;
      }
      if (!bytes.starts_with("HTTP/1.1 101"))
        return complain(bytes.substr(0, end));
      bytes.remove_prefix(end + 4);
      send_all(of.fd, request_);
      of.at = state::subscribing;
      if (++connected_ == clients_.size())
        connected_at_ = ns_of(CLOCK_MONOTONIC);
    }
    of.rest = take_frames(bytes, [&](unsigned opcode, std::string_view payload) {
      if (opcode == 1)
        take_text(of, payload);
      else if (opcode == 8)
        complain(payload);
    });
  }

  void take_text(client& of, std::string_view text) {
    if (text.starts_with(update_begins) && of.at >= state::catching_up)
      return take_update(of, text);
    if (text.starts_with(R"({"type":"subscribed")") && of.at == state::subscribing) {
      of.at = state::catching_up;
      if (occurrences(text, R"("recovered":true)") != given_.symbols)
        complain(text);
      return;
    }
    if (!text.starts_with(R"({"type":"ping")") && !text.starts_with(R"({"type":"connected")"))
      complain(text);
  }

  void take_update(client& of, std::string_view text) {
    const auto symbol = static_cast<std::size_t>(number_after(text, R"("symbol":"L)"));
    const std::size_t slot = symbol - given_.first; // wraps where it is below
    if (slot >= given_.symbols)
      return complain(text);
    auto& seq = of.seqs[slot];
    if (seq >= given_.through)
      return; // live
    const auto each = static_cast<std::size_t>(given_.through - given_.since);
    if (text != due_[slot * each + static_cast<std::size_t>(seq - given_.since)])
      return complain(text);
    ++seq;
    ++events_;
    if (--of.missing > 0)
      return;
    of.at = state::recovered;
    ++recovered_;
    times_.add(ns_of(CLOCK_MONOTONIC) - began_);
  }

  static std::size_t occurrences(std::string_view text, std::string_view of) {
    std::size_t count = 0;
    for (auto at = text.find(of); at != std::string_view::npos; at = text.find(of, at + of.size()))
      ++count;
    return count;
  }

  void complain(std::string_view text) {
    if (wrong_.empty())
      for (const char c : text.substr(0, 300))
        wrong_ += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '\'' : c;
  }

  const options given_;
  const int epoll_;
  std::vector<client> clients_;
  std::vector<std::string> due_; // by symbol, then by number
  std::string request_;
  std::string handshake_;
  std::int64_t began_ = 0;
  std::int64_t connected_at_ = 0;
  std::size_t connected_ = 0;
  std::size_t recovered_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  load_histogram times_;
  std::string wrong_;
  std::array<char, 262'144> buffer_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "usage: benchmark_returning_clients PORT CONNECTIONS FIRST_SYMBOL SYMBOLS "
                         "SINCE THROUGH BASE_MS\n");
    return 64;
  }
  try {
    const auto number = [&](int i) { return std::strtoll(argv[i], nullptr, 10); };
    const auto count = [&](int i) { return static_cast<std::size_t>(number(i)); };
    const auto all =
        std::make_unique<returning>(options{static_cast<std::uint16_t>(number(1)), count(2),
                                            count(3), count(4), number(5), number(6), number(7)});
    std::printf("ready\n");
    std::fflush(stdout);
    char line[16];
    if (std::fgets(line, sizeof line, stdin))
      all->run();
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "benchmark_returning_clients: %s\n", fault.what());
    return 70;
  }
  return 0;
}
