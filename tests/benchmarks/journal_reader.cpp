// Pages of the journal at random positions, by the engine's own store and one connection.
//
//   benchmark_journal_reader URL SYMBOLS EACH QUERIES LIMIT BASE_MS SEED WARM_UP
//
// The journal is that of journal_load.py: SYMBOLS symbols with EACH events. Each page is that of
// LIMIT events behind a random position of a random symbol, and every event of it is compared.
// Prints one line of JSON: the first page's time, which has the connection's and the server's cold
// caches in it, the times of WARM_UP pages behind it, in which the session meets each leaf for the
// first time, those of QUERIES others, and a sum of the numbers that were read.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>

#include "adapters/postgres/history_store_postgres.hpp"
#include "tests/benchmarks/load_histogram.hpp"
#include "tests/benchmarks/load_wire.hpp"

namespace {

using namespace tradepulse;
using benchmark::load_event;
using steady = std::chrono::steady_clock;

struct journal {
  std::size_t symbols = 0;
  std::int64_t each = 0;
  std::int64_t base_ms = 0;
};

// Throws: an event is not the one that is due.
void compare(const numbered_event& found, const journal& of, load_event due) {
  const bool same =
      found.seq.value() == due.seq &&
      found.price.units() == benchmark::whole_price(due) * 100'000'000 + 50'000'000 &&
      found.volume &&
      found.volume->units() ==
          (1 + (due.seq + static_cast<std::int64_t>(due.symbol)) % 9) * int128{100'000'000} &&
      found.event_time.time_since_epoch().count() == of.base_ms + due.seq;
  if (!same)
    throw std::runtime_error("symbol " + std::to_string(due.symbol) + ", event " +
                             std::to_string(due.seq) + ": another one");
}

class reader {
 public:
  reader(const std::string& url, const journal& of, std::uint64_t seed, std::size_t limit)
      : of_(of), limit_(limit), random_(seed),
        store_(settings_of(url), std::make_shared<watchdog>()) {}

  // How long it took.
  steady::duration page() {
    const auto number = random_() % of_.symbols;
    const auto most = of_.each - static_cast<std::int64_t>(limit_);
    const auto after = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most + 1));
    std::string name;
    benchmark::append_name(name, number);
    const history_query query{.symbol = symbol::parse(name).value(),
                              .index = {},
                              .after = {epoch{1}, sequence{after}},
                              .through = std::nullopt,
                              .limit = limit_};
    const auto began = steady::now();
    const auto found = store_.read(query);
    const auto took = steady::now() - began;
    if (!found)
      throw std::runtime_error(found.failure().detail);
    load_event due{number, after};
    for (const auto& burst : found->bursts)
      for (const auto& each : prices_of(*burst).events()) {
        ++due.seq;
        compare(each, of_, due);
        sum_ += static_cast<std::uint64_t>(due.seq);
      }
    if (due.seq != after + static_cast<std::int64_t>(limit_) ||
        found->highest != stream_position{epoch{1}, sequence{of_.each}})
      throw std::runtime_error("a page that is not whole");
    return took;
  }
  std::uint64_t sum() const noexcept { return sum_; }

 private:
  static postgres_settings settings_of(const std::string& url) {
    postgres_settings out;
    out.url = url;
    return out;
  }

  const journal of_;
  const std::size_t limit_;
  std::mt19937_64 random_;
  history_store_postgres store_;
  std::uint64_t sum_ = 0;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 9) {
    std::fprintf(
        stderr,
        "usage: benchmark_journal_reader URL SYMBOLS EACH QUERIES LIMIT BASE_MS SEED WARM_UP\n");
    return 64;
  }
  try {
    const auto number = [&](int i) { return std::strtoll(argv[i], nullptr, 10); };
    reader from(argv[1], {static_cast<std::size_t>(number(2)), number(3), number(6)},
                static_cast<std::uint64_t>(number(7)), static_cast<std::size_t>(number(5)));
    const std::chrono::duration<double, std::milli> first = from.page();
    const auto pages = [&](std::int64_t count) {
      benchmark::load_histogram times;
      for (; count > 0; --count)
        times.add(std::chrono::nanoseconds(from.page()).count());
      return times.json();
    };
    const auto cold = pages(number(8));
    const auto warm = pages(number(4));
    std::printf(R"({"first_ms":%.3f,"cold":%s,"times":%s,"sum":%llu})"
                "\n",
                first.count(), cold.c_str(), warm.c_str(),
                static_cast<unsigned long long>(from.sum()));
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "benchmark_journal_reader: %s\n", fault.what());
    return 70;
  }
  return 0;
}
