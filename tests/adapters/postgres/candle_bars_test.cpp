// Bars that come from the table of closed candles.
#include <gtest/gtest.h>

#include "adapters/postgres/bar_statements.hpp"
#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/journal_page.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using namespace test;

class CandleBars : public testing::Test {
 protected:
  CandleBars() {
    migrated(db);
    db.run("INSERT INTO candles (time, symbol, interval, epoch, sequence, revision, open, high, "
           "low, close, volume, quote_volume, taker_buy_volume, taker_buy_quote_volume, trades, "
           "first_trade_id, last_trade_id, source, source_epoch, first_seq, last_seq, partial, "
           "flags, open_after_ms, close_after_ms, open_seq, close_seq) VALUES "
           "('2024-08-08 14:00Z', 'A', '1m', 3, 7, 2, 1, 4, 0.5, 2.00000001, 7.10, "
           "8.1234567890123456, 0, NULL, 5, 10, 19, 'trade', 4, 100, 109, true, 7, 0, 0, 100, "
           "109), "
           "('2024-08-08 14:01Z', 'A', '1m', 3, 8, 0, 2, 2, 2, 2, NULL, NULL, NULL, NULL, 0, "
           "NULL, NULL, 'trade', 4, 0, 0, false, 1, 0, 0, 0, 0), "
           "('2024-08-08 14:00Z', 'A', '5m', 3, 1, 0, 1, 4, 0.5, 2, 1, 1, 1, 1, 5, 1, 2, "
           "'trade', 4, 100, 109, false, 7, 0, 0, 100, 109)");
    db.run("INSERT INTO stream_positions (symbol, stream, epoch, last_sequence) "
           "VALUES ('A', 'candle_1m', 3, 8)");
  }
  bars_of_symbol of(const bar_query& query) {
    const auto read = store.read_bars(query);
    EXPECT_TRUE(read) << read.failure().detail;
    return read ? read->at(0) : bars_of_symbol{};
  }

  const stream_kind candle_1m = stream_kind::candle(candle_interval::m1);
  test_database db;
  history_store_postgres store{db.settings("reader"), shared_watchdog()};
};

TEST_F(CandleBars, HaveEachValueAndTheirPosition) {
  const auto got = of({{sym("A")}, candle_1m});
  EXPECT_EQ(got.committed, (stream_position{epoch{3}, sequence{8}}));
  EXPECT_FALSE(got.more);
  ASSERT_EQ(got.bars.size(), 2U);
  const auto& first = got.bars[0];
  EXPECT_EQ(first.start, at_ms(1'723'125'600'000));
  EXPECT_EQ(first.end, at_ms(1'723'125'660'000));
  EXPECT_EQ(first.close, money("2.00000001"));
  EXPECT_EQ(first.volume, "7.1");
  EXPECT_EQ(first.quote_volume, "8.1234567890123456");
  EXPECT_EQ(first.taker_buy_volume, "0");
  EXPECT_EQ(first.taker_buy_quote_volume, std::nullopt);
  EXPECT_EQ(first.trades, 5);
  EXPECT_EQ(first.first_trade_id, 10);
  EXPECT_EQ(first.last_trade_id, 19);
  EXPECT_EQ(first.closed, true);
  EXPECT_EQ(first.position, (stream_position{epoch{3}, sequence{7}}));
  EXPECT_EQ(first.revision, 2);
  EXPECT_EQ(first.source_epoch, epoch{4});
  EXPECT_EQ(first.first_seq, sequence{100});
  EXPECT_EQ(first.last_seq, sequence{109});
  EXPECT_TRUE(first.partial);
  const auto& flat = got.bars[1];
  EXPECT_EQ(flat.volume, std::nullopt);
  EXPECT_EQ(flat.trades, 0);
  EXPECT_EQ(flat.first_seq, sequence{0});
  EXPECT_FALSE(flat.partial);
}

TEST_F(CandleBars, AreTheNewestOrTheOldestOfATime) {
  bar_query query{{sym("A")}, candle_1m};
  query.limit = 1;
  EXPECT_EQ(of(query).bars.at(0).position->seq, sequence{7});
  EXPECT_TRUE(of(query).more);
  query.newest = true;
  EXPECT_EQ(of(query).bars.at(0).position->seq, sequence{8});
  query.until = at_ms(1'723'125'660'000);
  EXPECT_EQ(of(query).bars.at(0).position->seq, sequence{7});
  EXPECT_FALSE(of(query).more);
}

TEST_F(CandleBars, AreFoundByTheKeyOfTheirTable) {
  const auto text = connection_string(settings_of_journal_readers(db.settings("plans")));
  pqxx::connection connection(text.value());
  pqxx::nontransaction transaction(connection);
  transaction.exec("PREPARE asked AS " + sql::bars_in({"candles", sql::candles()}, true));
  std::string plan;
  for (const auto& row : transaction.exec(
           "EXPLAIN (COSTS OFF) EXECUTE asked ('{A}', '1m', '-infinity', 'infinity', 100)"))
    plan += row[0].as<std::string>() + "\n";
  EXPECT_TRUE(holds(plan, "Index Scan Backward using candles_pkey on candles b")) << plan;
  EXPECT_FALSE(holds(plan, "Sort")) << plan;
}

} // namespace
} // namespace tradepulse
