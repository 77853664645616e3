// Journals the same rows in turn by the engine's own store (rows, positions and events in one
// transaction) and by a bare binary COPY into the same leaf, each by one connection.
//
//   benchmark_journal_store URL EVENTS CHANGED PAIRS CANDLES(0|1)
//
// Each of PAIRS + 3 commits has EVENTS events of CHANGED symbols; with CANDLES also the state of
// six open candles of each of them, and with every tenth commit a closed candle of each. The rows
// of the COPY are made before the clock starts. Prints seconds and commits of each, without the
// first three pairs:
// {"commits":..,"engine":..,"copy":..}.

#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/journal_rows.hpp"
#include "adapters/postgres/range_store_postgres.hpp"
#include "adapters/postgres/raw_calls.hpp"
#include "adapters/postgres/statements.hpp"

using namespace tradepulse;
using steady = std::chrono::steady_clock;

namespace {

const topic_partition source{"price-ticks", 0};
constexpr std::int64_t first_time_ms = 1'700'000'000'000;
constexpr int warm_up = 3;
// Streams of the bare COPY: ids that the engine has not given.
constexpr std::int32_t first_copied_stream = 1'000'000;

std::string name_of(std::int64_t number) {
  char out[32];
  std::snprintf(out, sizeof out, "SYM%05lld", static_cast<long long>(number));
  return out;
}

class load {
 public:
  load(std::int64_t events, std::int64_t changed, bool candles)
      : events_(events), changed_(changed), candles_(candles) {
    ticks_.resize(static_cast<std::size_t>(events));
  }

  // The next commit: each symbol gets its share of the events, sorted by symbol.
  const range_commit& next() {
    const auto each = events_ / changed_;
    const auto from = done_ * events_;
    work_ = {.source = source,
             .gen = generation{1},
             .from = next_offset{from},
             .to = next_offset{from + events_},
             .cluster_id = "benchmark",
             .last_applied = applied_record{record_offset{from + events_ - 1}, 7},
             .rows = {},
             .events = {},
             .commit_time = time_ms{std::chrono::milliseconds{first_time_ms + done_}}};
    std::size_t at = 0;
    for (std::int64_t i = 0; i < changed_; ++i) {
      const auto count = each + (i < events_ % changed_ ? 1 : 0);
      const auto name = symbol::parse(name_of(i)).value();
      const auto begin = at;
      for (std::int64_t n = 0; n < count; ++n, ++at) {
        auto& t = ticks_[at];
        t.offset = record_offset{from + n * changed_ + i};
        t.event_time = time_ms{std::chrono::milliseconds{first_time_ms + t.offset.value()}};
        t.price = price{100'000'000 + (t.offset.value() * 7919) % 900'000'000'000};
        t.volume = quantity{100'000'000 + (t.offset.value() * 31) % 90'000'000'000};
      }
      const auto first = done_ * count + 1; // the same symbols get one more each time
      const sequence last{first + count - 1};
      work_.events.push_back(
          {name, epoch{1}, sequence{first},
           std::span<const tick>(ticks_).subspan(begin, static_cast<std::size_t>(count))});
      auto& row = work_.rows.emplace_back();
      row.stream.symbol = name;
      row.stream.position = {epoch{1}, last};
      row.stream.home = source;
      const auto& shown = ticks_[at - 1];
      row.stream.snapshot = price_snapshot{{name, row.stream.position, stream_kind::price},
                                           shown.price,
                                           shown.volume,
                                           shown.event_time,
                                           last,
                                           std::nullopt};
      if (candles_)
        work_.candles.push_back(candles_of(row.stream, shown));
    }
    ++done_;
    return work_;
  }

  std::string copied() const {
    std::vector<located_run> runs;
    for (std::size_t i = 0; i < work_.events.size(); ++i)
      runs.push_back({first_copied_stream + static_cast<std::int32_t>(i), &work_.events[i]});
    journal_rows rows(runs, 1, work_.commit_time);
    std::string out;
    rows.write(out, static_cast<std::size_t>(events_));
    return out;
  }

 private:
  // All six are open; a minute ends with every tenth commit.
  candle_update candles_of(const stored_stream& of, const tick& last) const {
    auto state = std::make_shared<stored_candles>();
    candle_update out{of.key(), {}, {}};
    const auto minute = time_ms{std::chrono::milliseconds{first_time_ms / 60'000 * 60'000}} +
                        std::chrono::minutes{done_ / 10};
    for (const auto interval : all_candle_intervals) {
      if (!candle_intervals::usual().contains(interval))
        continue;
      stored_candle open;
      auto& candle = open.candle;
      candle.interval = interval;
      candle.start = candle_start(minute, interval);
      candle.open = candle.low = price{last.price.units() - 100};
      candle.high = candle.close = last.price;
      candle.trades = of.position.seq.value();
      candle.volume_units = last.volume->units() * candle.trades;
      candle.quote_units = candle.volume_units * last.price.units();
      candle.source_epoch = epoch{1};
      candle.first_seq = open.open_seq = sequence{1};
      candle.last_seq = open.close_seq = of.position.seq;
      candle.flags = candle_flags::sized | candle_flags::lacks_taker;
      state->streams.push_back({interval,
                                epoch{1},
                                {epoch{1}, sequence{done_ / 10 + 1}},
                                std::nullopt,
                                candle_start(minute, interval) - length_of(interval),
                                last.price});
      state->candles.push_back(open);
      if (interval == candle_interval::m1 && done_ % 10 == 9) {
        open.candle.flags = open.candle.flags | candle_flags::closed;
        out.closed.push_back({open, {epoch{1}, sequence{done_ / 10 + 1}}});
      }
    }
    out.state = std::move(state);
    return out;
  }

  const std::int64_t events_;
  const std::int64_t changed_;
  const bool candles_;
  std::int64_t done_ = 0;
  std::vector<tick> ticks_;
  range_commit work_;
};

bool copy(PGconn* on, const std::string& statement, const std::string& rows) {
  PQclear(PQexec(on, statement.c_str()));
  if (PQputCopyData(on, rows.data(), static_cast<int>(rows.size())) != 1 ||
      PQputCopyEnd(on, nullptr) != 1)
    return false;
  bool good = false;
  while (PGresult* answer = PQgetResult(on)) {
    good = PQresultStatus(answer) == PGRES_COMMAND_OK;
    PQclear(answer);
  }
  return good;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: benchmark_journal_store URL EVENTS CHANGED PAIRS CANDLES(0|1)\n");
    return 64;
  }
  postgres_settings settings;
  settings.url = argv[1];
  range_store_postgres store(settings, std::make_shared<watchdog>());
  const auto connection = connection_string(settings);
  PGconn* on = connection ? PQconnectdb(connection->c_str()) : nullptr;
  load work(std::stoll(argv[2]), std::stoll(argv[3]), std::string(argv[5]) == "1");
  const int pairs = std::stoi(argv[4]);
  const auto statement = sql::copy_into_journal("journal_prices_20231114"); // of first_time_ms
  std::chrono::duration<double> engine{0};
  std::chrono::duration<double> bare{0};
  for (int i = 0; i < warm_up + pairs; ++i) {
    const auto& next = work.next();
    const auto rows = work.copied();
    const auto began = steady::now();
    const auto outcome = store.commit(next);
    const auto between = steady::now();
    const bool good = copy(on, statement, rows);
    const auto ended = steady::now();
    if (!std::holds_alternative<committed>(outcome) || !good) {
      std::fprintf(stderr, "a commit was refused: %s\n", PQerrorMessage(on));
      return 70;
    }
    if (i >= warm_up) {
      engine += between - began;
      bare += ended - between;
    }
  }
  PQfinish(on);
  std::printf("{\"commits\":%d,\"engine\":%.6f,\"copy\":%.6f}\n", pairs, engine.count(),
              bare.count());
  return 0;
}
