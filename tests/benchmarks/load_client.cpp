// A load and its judge in one process: an open-loop producer, many WebSocket connections of the
// engine, and beside them a bare consumer of the same topic. Times are those from produce() to
// receipt. Everything that comes is compared with what was produced. Takes lines from stdin and
// answers each with one line:
//   rate EVENTS_A_SECOND   changes the load (0: none)
//   report                 times and counts since the last report, as JSON
//   finish SECONDS         ends the load and waits until everything has come; then as `report`
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/benchmarks/load_connections.hpp"
#include "tests/benchmarks/load_floor.hpp"
#include "tests/benchmarks/load_plan.hpp"
#include "tests/benchmarks/load_producer.hpp"

namespace {

using namespace benchmark;

class load {
 public:
  struct options {
    load_producer::options producer;
    load_connections::options connections;
    std::size_t symbols = 1;
    std::int64_t base_ms = 0;
    bool floor = true;
  };

  explicit load(const options& given)
      : plan_(given.symbols, given.base_ms), connections_(plan_, given.connections),
        floor_(given.floor
                   ? std::make_unique<load_floor>(plan_, given.producer.brokers,
                                                  given.producer.topic, given.producer.partitions)
                   : nullptr),
        producer_(plan_, given.producer) {}

  void run() {
    answer("ready");
    connections_.watch(STDIN_FILENO);
    while (!ended_)
      if (connections_.serve(-1))
        take_command();
  }

 private:
  static void answer(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  void take_command() {
    char line[200];
    double value = 0;
    if (!std::fgets(line, sizeof line, stdin)) {
      ended_ = true;
    } else if (std::sscanf(line, "rate %lf", &value) == 1) {
      producer_.set_rate(value);
      answer("rate");
    } else if (std::sscanf(line, "finish %lf", &value) == 1) {
      finish(value);
      report();
    } else if (std::strcmp(line, "report\n") == 0) {
      report();
    } else {
      throw std::runtime_error("unknown command");
    }
  }

  void finish(double seconds) {
    producer_.stop();
    const auto give_up = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (auto look_at = now_ns(); now_ns() < give_up;) {
      connections_.serve(20);
      if (now_ns() < look_at)
        continue;
      if (connections_.missing(plan_.produced()) == 0 && unread() == 0)
        break;
      look_at = now_ns() + 20'000'000;
    }
  }

  // Records that the bare consumer has not got yet.
  std::uint64_t unread() {
    if (floor_) {
      auto found = floor_->take();
      floor_latency_.add(found.latency);
      floor_records_ = found.records;
      floor_wrong_ = found.wrong;
    }
    return floor_ ? plan_.produced() - floor_records_ : 0;
  }

  void report() {
    const auto produced = plan_.produced();
    const auto seen = connections_.take();
    const auto bare_missing = unread();
    char counts[400];
    std::snprintf(counts, sizeof counts,
                  R"({"produced":%)" PRIu64 R"(,"events":%)" PRIu64 R"(,"updates":%)" PRIu64
                  R"(,"merged":%)" PRIu64 R"(,"wrong":%)" PRIu64 R"(,"missing":%)" PRId64
                  R"(,"bare_missing":%)" PRIu64 R"(,"bare_wrong":%)" PRIu64,
                  produced, seen.events, seen.updates, seen.merged, seen.wrong,
                  connections_.missing(produced), bare_missing, floor_wrong_);
    answer(counts + (R"(,"latency":)" + seen.latency.json()) + R"(,"bare":)" +
           floor_latency_.json() + R"(,"lateness":)" + producer_.take_lateness().json() +
           R"(,"detail":")" + seen.first_wrong + "\"}");
    floor_latency_.clear();
  }

  load_plan plan_;
  load_connections connections_;
  std::unique_ptr<load_floor> floor_;
  load_producer producer_; // last: ends first
  load_histogram floor_latency_;
  std::uint64_t floor_records_ = 0;
  std::uint64_t floor_wrong_ = 0;
  bool ended_ = false;
};

std::size_t count(const char* text) {
  return static_cast<std::size_t>(std::strtoull(text, nullptr, 10));
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 11) {
    std::fprintf(stderr, "usage: benchmark_load_client BROKERS TOPIC PARTITIONS LINGER_MS PORT "
                         "CONNECTIONS SUBSCRIPTIONS_OF_EACH SYMBOLS BASE_MS FLOOR(0|1)\n");
    return 64;
  }
  try {
    load::options given;
    given.producer = {argv[1], argv[2], std::atoi(argv[3]), argv[4]};
    given.connections = {static_cast<std::uint16_t>(std::atoi(argv[5])), count(argv[6]),
                         count(argv[7])};
    given.symbols = count(argv[8]);
    given.base_ms = std::atoll(argv[9]);
    given.floor = count(argv[10]) != 0;
    std::make_unique<load>(given)->run();
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "benchmark_load_client: %s\n", fault.what());
    return 70;
  }
  return 0;
}
