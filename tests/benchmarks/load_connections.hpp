#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/benchmarks/client_frames.hpp"
#include "tests/benchmarks/fanout_connect.hpp"
#include "tests/benchmarks/load_histogram.hpp"
#include "tests/benchmarks/load_plan.hpp"

namespace benchmark {

// WebSocket connections, of which number i is subscribed to `each` symbols from i * each on, round
// and round. Compares every update with the plan: it must be the next of its symbol, or a merged
// one that begins there. Thread: one.
class load_connections {
 public:
  struct options {
    std::uint16_t port = 0;
    std::size_t connections = 1;
    std::size_t each = 1;
  };
  struct report {
    load_histogram latency;    // since it was asked before; of every event that an update covers
    std::uint64_t events = 0;  // that updates covered, since the start
    std::uint64_t updates = 0; // since the start
    std::uint64_t merged = 0;  // of those, since the start
    std::uint64_t wrong = 0;   // since the start
    std::string first_wrong;
  };

  load_connections(const load_plan& plan, const options& given)
      : plan_(plan), each_(given.each), epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll")),
        connections_(given.connections), due_(plan.symbols() * kept_frames) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      auto& to = connections_[i];
      to.first = i * each_ % plan_.symbols();
      to.seqs.resize(each_);
      auto opened = open_websocket(given.port, "/ws", i);
      to.fd = opened.fd;
      to.rest = std::move(opened.rest);
      send_all(to.fd, masked_frame(request(to)));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, to.fd, &event), "epoll_ctl");
    }
    const auto deadline = now_ns() + 60'000'000'000;
    while (subscribed_ < connections_.size()) {
      if (now_ns() > deadline)
        throw std::runtime_error("not every subscription was answered in 60 s");
      serve(100);
    }
  }

  ~load_connections() {
    for (const auto& each : connections_)
      if (each.fd >= 0)
        close(each.fd);
    close(epoll_);
  }
  load_connections(const load_connections&) = delete;
  load_connections& operator=(const load_connections&) = delete;

  // From now on serve() says when that descriptor has something to read.
  void watch(int other) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = watched;
    checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, other, &event), "epoll_ctl");
  }

  // Reads each connection that has something, once. True: so has the watched descriptor.
  bool serve(int timeout_ms) {
    std::array<epoll_event, 256> events;
    const int count =
        epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    if (count < 0 && errno != EINTR)
      checked(count, "epoll_wait");
    bool other = false;
    for (int i = 0; i < count; ++i) {
      const auto which = events[static_cast<std::size_t>(i)].data.u64;
      if (which == watched)
        other = true;
      else
        receive(connections_[which]);
    }
    return other;
  }

  report take() {
    return {std::exchange(latency_, {}), events_, updates_, merged_, wrong_, detail_};
  }

  // Of the first `records` of all, how many subscriptions have not got yet.
  std::int64_t missing(std::uint64_t records) const {
    std::int64_t count = 0;
    for (const auto& at : connections_)
      for (std::size_t i = 0; i < each_; ++i)
        count += plan_.events_of((at.first + i) % plan_.symbols(), records) - at.seqs[i];
    return count;
  }

 private:
  static constexpr std::size_t kept_frames = 256; // of each symbol
  static constexpr std::uint64_t watched = ~std::uint64_t{0};

  struct connection {
    int fd = -1;
    bool subscribed = false;
    std::size_t first = 0;          // symbol
    std::vector<std::int64_t> seqs; // of the last event of each subscription
    std::string rest;               // of a frame that came in part
  };
  struct due_update {
    std::int64_t seq = 0;
    std::string text;
  };

  std::string request(const connection& to) const {
    std::string out = R"({"type":"subscribe","symbols":[)";
    for (std::size_t i = 0; i < each_; ++i) {
      out += i == 0 ? "\"" : ",\"";
      append_name(out, (to.first + i) % plan_.symbols());
      out += '"';
    }
    return out + "]}";
  }

  void receive(connection& from) {
    const auto got = recv(from.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0)
      throw std::runtime_error("the server closed a connection");
    now_ = now_ns();
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    if (from.rest.empty()) {
      take_bytes(from, bytes);
    } else {
      const std::string joined = std::exchange(from.rest, {}).append(bytes);
      take_bytes(from, joined);
    }
  }

  void take_bytes(connection& from, std::string_view bytes) {
    from.rest = take_frames(bytes, [&](unsigned opcode, std::string_view payload) {
      if (opcode == 1)
        take_text(from, payload);
      else if (opcode == 8)
        throw std::runtime_error("the server said goodbye");
    });
  }

  void take_text(connection& from, std::string_view text) {
    if (text.starts_with(update_begins)) {
      const auto number = number_after(text, R"("symbol":"L)");
      const auto symbol = static_cast<std::size_t>(number);
      const std::size_t slot = (symbol + plan_.symbols() - from.first) % plan_.symbols();
      if (number >= 0 && symbol < plan_.symbols() && slot < each_ && from.subscribed)
        return take_update(from.seqs[slot], symbol, text);
    } else if (!from.subscribed && text.starts_with(R"({"type":"subscribed")")) {
      return take_answer(from, text);
    } else if (text.starts_with(R"({"type":"price_update","snapshot":true)") ||
               text.starts_with(R"({"type":"ping")") ||
               text.starts_with(R"({"type":"connected")")) {
      return;
    }
    complain(text);
  }

  void take_update(std::int64_t& seq, std::size_t symbol, std::string_view text) {
    const load_event due{symbol, seq + 1};
    ++updates_;
    if (text == expected(due)) {
      seq = due.seq;
      ++events_;
      latency_.add(plan_.age(due, now_));
      return;
    }
    const load_event last{symbol, number_after(text, R"("sequence":)")};
    std::string merged;
    if (last.seq > due.seq)
      append_merged(merged, plan_.base_ms(), due.seq, last);
    if (text != merged)
      return complain(text);
    ++merged_;
    for (++seq; seq <= last.seq; ++seq, ++events_)
      latency_.add(plan_.age({symbol, seq}, now_));
    seq = last.seq;
  }

  // Made once for all connections that get it at about the same time.
  const std::string& expected(load_event e) {
    auto& kept = due_[e.symbol * kept_frames + static_cast<std::size_t>(e.seq) % kept_frames];
    if (kept.seq != e.seq) {
      kept.seq = e.seq;
      kept.text.clear();
      append_update(kept.text, plan_.base_ms(), e);
    }
    return kept.text;
  }

  // Its members stand in the order in which they were asked for.
  void take_answer(connection& from, std::string_view text) {
    text.remove_prefix(std::min(text.find(R"("positions":)"), text.size()));
    for (auto& seq : from.seqs) {
      seq = number_after(text, R"("seq":)");
      if (seq < 0)
        throw std::runtime_error("an answer without a position");
      text.remove_prefix(text.find(R"("seq":)") + 6);
    }
    from.subscribed = true;
    ++subscribed_;
  }

  void complain(std::string_view text) {
    ++wrong_;
    if (detail_.empty())
      for (const char c : text.substr(0, 300))
        detail_ += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '\'' : c;
  }

  const load_plan& plan_;
  const std::size_t each_;
  const int epoll_;
  std::vector<connection> connections_;
  std::vector<due_update> due_;
  std::size_t subscribed_ = 0;
  std::int64_t now_ = 0; // of the bytes that are looked at
  load_histogram latency_;
  std::uint64_t events_ = 0;
  std::uint64_t updates_ = 0;
  std::uint64_t merged_ = 0;
  std::uint64_t wrong_ = 0;
  std::string detail_;
  std::array<char, 262'144> buffer_;
};

} // namespace benchmark
