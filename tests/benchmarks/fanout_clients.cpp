// Many WebSocket connections in one thread, each subscribed to some of the symbols, which are drawn
// from a seed. Compares every byte that comes with what is due next on that subscription: nothing
// may be missing, doubled, out of order or merged. Answers pings. Prints `subscribed N`, then takes
// lines from stdin and answers each with one line:
//   expect COUNT SECONDS   `expecting`; then JSON, when every subscription has COUNT events more
//                          than at the last `expect`, or when the time is up
//   pings                  JSON: the connections, all open, and the PING frames they have answered
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <span>

#include "tests/benchmarks/fanout_connect.hpp"
#include "tests/benchmarks/fanout_due.hpp"

namespace {

using benchmark::checked;
using steady = std::chrono::steady_clock;

struct subscription {
  std::size_t symbol = 0;
  std::int64_t seq = 0; // of the last event
};

struct connection {
  int fd = -1;
  std::size_t answered = 0;                // subscriptions with a position
  std::vector<subscription> subscriptions; // by symbol
  std::string rest;                        // of a frame that came in part
};

struct plan {
  std::uint16_t port;
  std::string path;
  std::size_t connections;
  std::size_t symbols;
  std::size_t subscriptions; // of each connection, all different
  std::uint64_t seed;
  std::int64_t base_ms;
};

class clients {
 public:
  explicit clients(const plan& what)
      : due_(what.symbols, what.base_ms),
        epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        connections_(what.connections), wanted_(what.connections * what.subscriptions) {
    std::mt19937_64 random(what.seed);
    std::vector<std::size_t> pool(what.symbols);
    for (std::size_t i = 0; i < pool.size(); ++i)
      pool[i] = i;
    for (std::size_t i = 0; i < what.connections; ++i) {
      for (std::size_t k = 0; k < what.subscriptions; ++k)
        std::swap(pool[k], pool[k + random() % (pool.size() - k)]);
      open(i, what, std::span(pool).first(what.subscriptions));
    }
    const auto deadline = steady::now() + std::chrono::seconds(30);
    while (subscribed_ < wanted_) {
      if (steady::now() > deadline)
        throw std::runtime_error("not every subscription was answered in 30 s");
      poll_once(100);
    }
    std::printf("subscribed %zu\n", subscribed_);
    std::fflush(stdout);
  }

  void run() {
    watch(STDIN_FILENO, commands);
    while (!ended_) {
      poll_once(asked_ ? 100 : -1);
      if (asked_ && (complete_ == wanted_ || steady::now() > give_up_at_))
        answer();
    }
  }

 private:
  static constexpr std::uint64_t commands = ~std::uint64_t{0};

  void watch(int fd, std::uint64_t as) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = as;
    checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }

  void open(std::size_t number, const plan& what, std::span<const std::size_t> symbols) {
    auto& made = connections_[number];
    auto opened = benchmark::open_websocket(what.port, what.path, number);
    made.fd = opened.fd;
    made.rest = std::move(opened.rest);
    watch(made.fd, number);
    if (symbols.empty())
      return;
    std::string request;
    for (const auto symbol : symbols) {
      made.subscriptions.push_back({symbol, 0});
      request += (request.empty() ? R"({"type":"subscribe","symbols":[")" : R"(",")") +
                 benchmark::symbol_name(symbol);
    }
    std::sort(made.subscriptions.begin(), made.subscriptions.end(),
              [](const auto& a, const auto& b) { return a.symbol < b.symbol; });
    benchmark::send_all(made.fd, benchmark::client_frame(request + R"("]})"));
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
    if (std::string_view(line) == "pings\n") {
      std::printf("{\"connections\":%zu,\"pings\":%" PRId64 "}\n", connections_.size(), pings_);
    } else if (std::sscanf(line, "expect %lld %ld", &count, &seconds) == 2) {
      asked_ = count;
      due_.expect(count);
      give_up_at_ = steady::now() + std::chrono::seconds(seconds);
      deliveries_ = reads_ = bytes_ = wrong_ = 0;
      complete_ = count == 0 ? wanted_ : 0;
      std::printf("expecting\n");
    } else {
      throw std::runtime_error("unknown command");
    }
    std::fflush(stdout);
  }

  void answer() {
    std::int64_t missing = 0;
    for (const auto& each : connections_)
      for (const auto& one : each.subscriptions)
        missing += due_.target(one.symbol) - one.seq;
    std::printf("{\"deliveries\":%" PRId64 ",\"missing\":%" PRId64 ",\"wrong\":%" PRId64
                ",\"reads\":%" PRId64 ",\"bytes\":%" PRId64 ",\"detail\":\"%s\"}\n",
                deliveries_, missing, wrong_, reads_, bytes_, first_wrong_.c_str());
    std::fflush(stdout);
    asked_.reset();
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
    while (const auto bounds = benchmark::bounds_of(bytes)) {
      const auto frame = bytes.substr(0, bounds->end);
      if (!take_event(from, frame, frame.substr(bounds->payload)))
        take_other(from, frame[0], frame.substr(bounds->payload));
      bytes.remove_prefix(bounds->end);
    }
    from.rest = bytes;
  }

  // True: it was the whole frame that is due on that subscription.
  bool take_event(connection& from, std::string_view frame, std::string_view payload) {
    if (!payload.starts_with(benchmark::event_prefix))
      return false;
    auto* to = find(from, benchmark::symbol_at(payload, benchmark::event_prefix.size()));
    if (!to || frame != due_.frame(to->symbol, to->seq + 1))
      return false;
    ++deliveries_;
    ++to->seq;
    complete_ += to->seq == due_.target(to->symbol) ? 1U : 0U;
    return true;
  }

  static subscription* find(connection& in, std::size_t symbol) {
    const auto at =
        std::lower_bound(in.subscriptions.begin(), in.subscriptions.end(), symbol,
                         [](const auto& one, auto wanted) { return one.symbol < wanted; });
    return at != in.subscriptions.end() && at->symbol == symbol ? &*at : nullptr;
  }

  void take_other(connection& from, char first_byte, std::string_view payload) {
    if (first_byte == '\x89') {
      ++pings_;
      return benchmark::send_all(from.fd, benchmark::client_frame(payload, '\x8a'));
    }
    if (payload.starts_with(R"({"type":"subscribed")"))
      return take_positions(from, payload);
    if (payload.starts_with(R"({"type":"price_update","snapshot":true)") ||
        payload.starts_with(R"({"type":"ping")") || payload.starts_with(R"({"type":"connected")"))
      return;
    ++wrong_;
    if (first_wrong_.empty())
      for (const char c : payload.substr(0, 200))
        first_wrong_ += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '\'' : c;
  }

  void take_positions(connection& to, std::string_view payload) {
    constexpr std::string_view symbol = R"({"symbol":")";
    constexpr std::string_view seq = R"("seq":)";
    for (auto at = payload.find(symbol); at != std::string_view::npos;
         at = payload.find(symbol, at)) {
      at += symbol.size();
      auto* one = find(to, benchmark::symbol_at(payload, at));
      const auto number = payload.find(seq, at);
      if (!one || number > payload.find('}', at)) // or a symbol that nobody has seen
        throw std::runtime_error("an answer without the position that was asked for");
      one->seq = std::atoll(std::string(payload.substr(number + seq.size(), 20)).c_str());
      due_.joined(one->symbol, one->seq);
      ++to.answered;
      ++subscribed_;
    }
    if (to.answered != to.subscriptions.size())
      throw std::runtime_error("an answer with other subscriptions than asked for");
  }

  benchmark::due_events due_;
  int epoll_;
  std::vector<connection> connections_;
  const std::size_t wanted_; // subscriptions
  std::size_t subscribed_ = 0;
  std::size_t complete_ = 0;
  std::optional<long long> asked_;
  steady::time_point give_up_at_;
  std::int64_t deliveries_ = 0;
  std::int64_t reads_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t wrong_ = 0;
  std::int64_t pings_ = 0;
  std::string first_wrong_;
  bool ended_ = false;
  std::array<char, 65'536> buffer_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "usage: benchmark_fanout_clients PORT PATH CONNECTIONS SYMBOLS "
                         "SUBSCRIPTIONS SEED BASE_MS\n");
    return 64;
  }
  const auto number = [&](int at) { return std::atoll(argv[at]); };
  const plan what{static_cast<std::uint16_t>(number(1)),
                  argv[2],
                  static_cast<std::size_t>(number(3)),
                  static_cast<std::size_t>(number(4)),
                  static_cast<std::size_t>(number(5)),
                  static_cast<std::uint64_t>(number(6)),
                  number(7)};
  try {
    if (what.symbols > benchmark::most_symbols || what.subscriptions > what.symbols)
      throw std::runtime_error("too many symbols");
    std::make_unique<clients>(what)->run();
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "benchmark_fanout_clients: %s\n", fault.what());
    return 70;
  }
  return 0;
}
