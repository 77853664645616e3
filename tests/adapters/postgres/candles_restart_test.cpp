// A claim of as many streams with open candles as a node is meant for.
#include <chrono>

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/candles.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr int symbols = 10'000;
constexpr int symbols_a_commit = 1'000;

std::string name_of_symbol(int n) {
  return "S" + std::to_string(10'000 + n);
}

// Six intervals, each with one candle open.
std::shared_ptr<const stored_candles> six_open(int n) {
  stored_candles state;
  for (const auto interval : all_candle_intervals) {
    if (interval == candle_interval::s1)
      continue;
    state.streams.push_back(candle_stream(interval, 1, 100'000 + n));
    state.candles.push_back(open_candle(3, "61240.01", 5'000'000 + n, interval));
  }
  return std::make_shared<const stored_candles>(std::move(state));
}

TEST(CandlesRestart, AClaimOfTenThousandSymbolsHasEveryOpenCandle) {
  test_database db;
  db.migrate();
  range_store_postgres store(db.settings("node-1"), shared_watchdog());
  own(store, part0);
  for (int from = 0; from < symbols; from += symbols_a_commit) {
    auto work = range(part0, 1, from, from + symbols_a_commit, {});
    for (int n = from; n < from + symbols_a_commit; ++n) {
      const auto name = name_of_symbol(n);
      for (const auto interval : all_candle_intervals)
        if (interval != candle_interval::s1)
          work.rows.push_back(position(name, stream_kind::candle(interval), 1, 100'000 + n));
      auto price = row(name, 1, 5'000'000 + n, "61240.01", 1000);
      work.rows.insert(work.rows.end() - 6, std::move(price));
      work.candles.push_back(update_of(name, stream_kind::price, six_open(n)));
    }
    ASSERT_EQ(word(store.commit(work)), "committed 7000");
  }
  ASSERT_EQ(db.value("SELECT count(*) FROM stream_positions"), "60000");

  range_store_postgres next(db.settings("node-2"), shared_watchdog());
  const auto begun = std::chrono::steady_clock::now();
  const auto claimed = next.claim(part0, "node-2");
  const auto taken = std::chrono::steady_clock::now() - begun;
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  ASSERT_EQ(claimed->streams.size(), std::size_t{symbols});
  for (int n = 0; n < symbols; ++n) {
    const auto& stream = claimed->streams[static_cast<std::size_t>(n)];
    ASSERT_EQ(stream.key(), stream_key(sym(name_of_symbol(n))));
    ASSERT_TRUE(stream.candles && same(*stream.candles, *six_open(n))) << stream.symbol.view();
  }
  RecordProperty(
      "claim_ms",
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(taken).count()));
  RecordProperty("state_bytes", db.value("SELECT round(avg(length(state)), 1) FROM candle_states"));
  RecordProperty("table_bytes_a_row",
                 db.value("SELECT pg_total_relation_size('candle_states') / 10000"));
}

} // namespace
} // namespace tradepulse
