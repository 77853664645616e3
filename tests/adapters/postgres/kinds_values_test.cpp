// What trades, quotes and klines say, written and read back: every digit, at the bounds too.
#include <gtest/gtest.h>

#include "adapters/postgres/history_store_postgres.hpp"
#include "tests/adapters/postgres/support/journal.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t noon = 1'699'963'200'000; // 2023-11-14
constexpr std::int64_t most = 9'223'372'036'854'775'807;

class KindsValues : public testing::Test {
 protected:
  KindsValues() {
    db.migrate();
    own(store, part0);
  }
  std::string rows(const std::string& journal, const std::string& columns) {
    return event_rows(db, journal, columns);
  }
  template <class Burst>
  std::vector<typename Burst::event> read_back(const char* name, stream_kind kind, std::int64_t e) {
    auto query = behind(name, pos(e, 0));
    query.kind = kind;
    history_store_postgres reader(db.settings("reader"), shared_watchdog());
    const auto page = reader.read(query).value();
    std::vector<typename Burst::event> out;
    for (const auto& burst : page.bursts) {
      EXPECT_EQ(burst->kind(), kind);
      for (const auto& each : dynamic_cast<const Burst&>(*burst).events())
        out.push_back(each);
    }
    return out;
  }

  test_database db;
  kept_events ticks;
  kept_kinds events;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
};

TEST_F(KindsValues, KeepsEveryDigitOfATradeAtTheBounds) {
  auto greatest = trade(most - 1, "92233720368.54775807", "999999999999.99999999",
                        4'102'444'799'999, trade_side::sell, most);
  greatest.source_sequence = most;
  auto least = trade(0, "0.00000001", "0.00000001", 946'684'800'000, trade_side::buy, -most - 1);
  least.source_sequence = -1;
  const auto zero = trade(1, "0", "0", 946'684'800'000);
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 0, 9, {}),
                                         {events.run("A", 1, 1, {least, zero}),
                                          events.run("B", 2'147'483'647, most, {greatest})},
                                         noon))),
            "committed 0");
  EXPECT_EQ(rows("journal_trades", "price, size, size_rest, flags, coalesce(trade_id::text, '-'), "
                                   "coalesce(source_sequence::text, '-')"),
            "A/trade 1/1 1 0 1 2 -9223372036854775808 -1, A/trade 1/2 0 0 0 0 - -, "
            "B/trade 2147483647/9223372036854775807 9223372036854775807 999999999999999999 99 4 "
            "9223372036854775807 9223372036854775807");
  const auto a = read_back<trade_burst>("A", stream_kind::trade, 1);
  ASSERT_EQ(a.size(), 2U);
  EXPECT_EQ(a[0].value, least.value);
  EXPECT_EQ(a[0].source_sequence, -1);
  EXPECT_EQ(a[0].seq, sequence{1});
  EXPECT_EQ(a[1].value, zero.value);
  EXPECT_EQ(a[1].source_sequence, std::nullopt);
  const auto b = read_back<trade_burst>("B", stream_kind::trade, 2'147'483'647);
  ASSERT_EQ(b.size(), 1U);
  EXPECT_EQ(b[0].value, greatest.value);
  EXPECT_EQ(b[0].event_time, at_ms(4'102'444'799'999));
  EXPECT_EQ(b[0].source_sequence, most);
}

TEST_F(KindsValues, KeepsEveryDigitOfAQuoteAtTheBounds) {
  auto greatest = quote(0, "92233720368.54775807", "999999999999.99999999", "92233720368.54775806",
                        "999999999999.00000001", 1000);
  greatest.source_sequence = most;
  const auto least = quote(1, "0", "0.00000099", "0.00000001", "0", 2000);
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 0, 9, {}),
                                         {events.run("A", 1, 1, {greatest, least})}, noon))),
            "committed 0");
  EXPECT_EQ(rows("journal_quotes", "bid_size, bid_size_rest, ask_size, ask_size_rest"),
            "A/quote 1/1 999999999999999999 99 999999999999000000 1, A/quote 1/2 0 99 0 0");
  const auto a = read_back<quote_burst>("A", stream_kind::quote, 1);
  ASSERT_EQ(a.size(), 2U);
  EXPECT_EQ(a[0].value, greatest.value);
  EXPECT_EQ(a[0].source_sequence, most);
  EXPECT_EQ(a[1].value, least.value);
  EXPECT_EQ(a[1].value.bid_size.to_string(), "0.00000099");
}

TEST_F(KindsValues, KeepsEveryDigitOfAKlineAtTheBounds) {
  auto greatest =
      kline(0, 1'699'963'200'000, "92233720368.54775807", "999999999999.99999999", true);
  greatest.value.open = money("92233720368.54775806");
  greatest.value.high = money("92233720368.54775805");
  greatest.value.low = money("0.00000001");
  greatest.value.quote_volume = parse_decimal("9999999999999999999999999999.99999999").value();
  greatest.value.taker_buy_volume = parse_decimal("999999999999.99999998").value();
  greatest.value.taker_buy_quote_volume =
      parse_decimal("9999999999999999999999999999.99999998").value();
  greatest.value.trades = most;
  greatest.value.first_trade_id = -most - 1;
  greatest.value.last_trade_id = most;
  greatest.source_sequence = most;
  auto least = kline(1, -60'000, "0", "0");
  least.value.quote_volume = 0;
  least.value.taker_buy_volume = 1;
  const auto bare = kline(2, 0, "1", "0.00000001");
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 0, 9, {}),
                                         {events.run("A", 1, 1, {greatest, least, bare})}, noon))),
            "committed 0");
  EXPECT_EQ(rows("journal_klines", "volume, coalesce(quote_volume::text, '-'), "
                                   "coalesce(taker_buy_volume::text, '-'), "
                                   "coalesce(taker_buy_quote_volume::text, '-')"),
            "A/kline_1m 1/1 999999999999.99999999 9999999999999999999999999999.99999999 "
            "999999999999.99999998 9999999999999999999999999999.99999998, "
            "A/kline_1m 1/2 0.00000000 0.00000000 0.00000001 -, "
            "A/kline_1m 1/3 0.00000001 - - -");
  const auto a = read_back<kline_burst>("A", kline_1m, 1);
  ASSERT_EQ(a.size(), 3U);
  EXPECT_EQ(a[0].value, greatest.value);
  EXPECT_EQ(a[0].source_sequence, most);
  EXPECT_EQ(a[1].value, least.value);
  EXPECT_EQ(a[2].value, bare.value);
}

TEST_F(KindsValues, SaysWhichEventsAreLate) {
  auto first = events.run("A", 1, 4, {trade(0, "1", "1", 499), trade(1, "1", "1", 500)});
  first.newest_before = at_ms(500);
  ASSERT_EQ(word(store.commit(journalled(
                range(part0, 1, 0, 9, {}),
                {first, events.run("A", 1, 1, {kline(2, 9'000, "1", "1"), kline(3, 0, "1", "1")})},
                noon))),
            "committed 0");
  EXPECT_EQ(rows("journal_trades", "flags"), "A/trade 1/4 1, A/trade 1/5 0");
  EXPECT_EQ(rows("journal_klines", "flags"), "A/kline_1m 1/1 0, A/kline_1m 1/2 1");
  const auto read = read_back<trade_burst>("A", stream_kind::trade, 1);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_TRUE(read[0].late);
  EXPECT_FALSE(read[1].late);
}

TEST_F(KindsValues, RefusesAnEpochThatItCannotHold) {
  EXPECT_EQ(word(store.commit(journalled(range(part0, 1, 0, 2, {}),
                                         {events.trades_of("A", 2'147'483'648, 1, 2)}, noon))),
            "try_again: A/trade: epoch 2147483648, the journal holds at most 2147483647");
}

// As they come: 20 streams, each some events a commit, 5,000 a day. A stream's last page of the index
// is half empty, so one of few events takes more.
TEST_F(KindsValues, PriceAndTradeRowsTakeAtMost150BytesWithTheirIndex) {
  constexpr int commits = 50;
  constexpr int streams = 20;
  constexpr int events_each = 100;
  for (int i = 0; i < commits; ++i) {
    std::vector<journal_run> runs;
    for (int s = 0; s < streams; ++s) {
      const auto name = "S" + std::to_string(10 + s);
      const auto first = i * events_each + 1;
      std::vector<tick> prices;
      std::vector<logged_trade> trades;
      for (int n = 0; n < events_each; ++n) {
        trades.push_back(trade(first + n, "61234.56", "0.12345678", noon + n, trade_side::buy,
                               3'000'000'000 + first + n));
        prices.push_back(event(first + n, "61234.56", noon + n));
        prices.back().volume = amount("0.12345678");
        prices.back().source_sequence = trades.back().source_sequence = first + n;
      }
      runs.push_back(ticks.run(name, 1, first, std::move(prices)));
      runs.push_back(events.run(name, 1, first, std::move(trades)));
    }
    ASSERT_EQ(word(store.commit(journalled(range(part0, 1, i, i + 1, {}), std::move(runs), noon))),
              "committed 0");
  }
  for (const char* leaf : {"journal_prices_20231114", "journal_trades_20231114"}) {
    const auto bytes = db.run("SELECT pg_total_relation_size('" + std::string(leaf) +
                              "') / count(*)::float8 FROM " + leaf)[0][0]
                           .as<double>();
    RecordProperty(std::string(leaf) + "_bytes", std::to_string(bytes));
    EXPECT_LE(bytes, 150.0) << leaf;
  }
}

} // namespace
} // namespace tradepulse
