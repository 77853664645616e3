// Commits the same rows again and again by the engine's own store, without Kafka and actors.
//
//   benchmark_persistence_store URL TABLE CHANGED WARM_UP COMMITS
//
// The rows are those of persistence_load.py. Says "ready" after WARM_UP commits and "done" after
// COMMITS more, each time to go on when a line comes: so that its CPU and its backend's can be read
// while both stand still. "done" is followed by the seconds between the two lines.

#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "adapters/postgres/range_store_postgres.hpp"

using namespace tradepulse;
using steady = std::chrono::steady_clock;

namespace {

const topic_partition source{"price-ticks", 0};
constexpr std::int64_t first_time_ms = 1'700'000'000'000;
constexpr std::int64_t units = 10'000; // of 10^-8 in 0.0001

std::string name_of(std::int64_t number) {
  char out[16];
  std::snprintf(out, sizeof out, "SYM%05lld", static_cast<long long>(number));
  return out;
}

// The rows of an even or an odd commit, with the number and the time of commit 0.
std::vector<stream_row> rows_of(std::int64_t table, std::int64_t changed, bool odd) {
  std::vector<stream_row> out;
  for (std::int64_t i = 0; i < changed; ++i) {
    const std::int64_t number = i * (table / changed);
    const auto price_units = 100'000'000 + (number * 7919 + (odd ? 104'729 : 0)) % 800'000'000;
    const auto volume_units = 100'000 + (number * 31 + (odd ? 4'211 : 0)) % 900'000;
    stream_row& row = out.emplace_back();
    row.stream.symbol = symbol::parse(name_of(number)).value();
    row.stream.position = {epoch{1}, sequence{0}};
    row.stream.home = source;
    row.stream.snapshot =
        price_snapshot{{row.stream.symbol, row.stream.position, stream_kind::price},
                       price{price_units * units},
                       quantity{volume_units * units},
                       time_ms{std::chrono::milliseconds{first_time_ms + number}},
                       sequence{0},
                       std::nullopt};
  }
  return out;
}

void advance(std::vector<stream_row>& rows, std::int64_t commit, std::int64_t steps) {
  for (stream_row& row : rows) {
    row.stream.position.seq = sequence{commit};
    row.stream.snapshot->position = row.stream.position;
    row.stream.snapshot->price_seq = sequence{commit};
    row.stream.snapshot->event_time += std::chrono::milliseconds{steps};
  }
}

class load {
 public:
  load(const std::string& url, std::int64_t table, std::int64_t changed)
      : store_(settings_of(url), std::make_shared<watchdog>()), changed_(changed) {
    for (const bool odd : {false, true}) {
      auto& work = work_[odd ? 1 : 0];
      work = {.source = source,
              .gen = generation{1},
              .from = next_offset{0},
              .to = next_offset{0},
              .cluster_id = "benchmark",
              .last_applied = std::nullopt,
              .rows = rows_of(table, changed, odd),
              .events = {}};
    }
  }

  // False: a commit was not what it should be.
  bool commit(std::int64_t times) {
    for (std::int64_t i = 0; i < times; ++i) {
      ++done_;
      range_commit& work = work_[done_ % 2];
      advance(work.rows, done_, done_ == 1 ? 1 : 2);
      work.from = next_offset{(done_ - 1) * changed_};
      work.to = next_offset{done_ * changed_};
      work.last_applied = applied_record{record_offset{work.to.value() - 1},
                                         static_cast<std::uint64_t>(done_) * 0x9e3779b97f4a7c15};
      const auto outcome = store_.commit(work);
      const auto* good = std::get_if<committed>(&outcome);
      if (good == nullptr || good->rows != static_cast<std::size_t>(changed_))
        return false;
    }
    return true;
  }

 private:
  static postgres_settings settings_of(const std::string& url) {
    postgres_settings out;
    out.url = url;
    out.application_name = "benchmark-store";
    return out;
  }

  range_store_postgres store_;
  const std::int64_t changed_;
  range_commit work_[2];
  std::int64_t done_ = 0;
};

void stand_still() {
  std::string line;
  std::getline(std::cin, line);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: benchmark_persistence_store URL TABLE CHANGED WARM_UP COMMITS\n");
    return 64;
  }
  load work(argv[1], std::stoll(argv[2]), std::stoll(argv[3]));
  const bool warm = work.commit(std::stoll(argv[4]));
  std::cout << "ready" << std::endl;
  stand_still();
  const auto began = steady::now();
  const bool good = work.commit(std::stoll(argv[5]));
  const std::chrono::duration<double> wall = steady::now() - began;
  std::cout << "done " << wall.count() << std::endl;
  stand_still();
  if (!warm || !good)
    std::fprintf(stderr, "a commit was refused\n");
  return warm && good ? 0 : 70;
}
