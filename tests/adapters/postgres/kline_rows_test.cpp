#include "adapters/postgres/kline_rows.hpp"

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/kline_rows.hpp"

namespace tradepulse {
namespace {

using test::holds;
using test::kline_at;
using test::migrated;
using test::test_database;

using KlineRows = test::kline_rows_test;

TEST_F(KlineRows, AreStoredExactly) {
  auto one = kline_at(7);
  one.quote_volume = 5;
  EXPECT_EQ(write({one}).written, 1u);
  EXPECT_EQ(stored("symbol, interval, time AT TIME ZONE 'UTC', open, high, low, close, volume, "
                   "quote_volume, closed, epoch, engine_seq, last_sequence"),
            "BTCUSDT 1m 2024-08-08 14:30:00 1.00000001 9000000000.00000000 1.00000001 1.00000000 "
            "1234567890123.45678001 0.00000005 f 1 7 1007");
}

TEST_F(KlineRows, CarryTheirSequenceOnceTheyAreClosed) {
  write({kline_at(1)});
  EXPECT_EQ(stored("sequence IS NULL, last_sequence"), "t 1001");
  write({kline_at(2)});
  EXPECT_EQ(stored("sequence IS NULL, last_sequence"), "t 1002");
  auto closing = kline_at(3);
  closing.closed = true;
  write({closing});
  EXPECT_EQ(stored("sequence, last_sequence, closed"), "1003 1003 t");
  // And keep up with what comes behind the close, also without a number.
  write({kline_at(4)});
  EXPECT_EQ(stored("sequence, last_sequence, closed"), "1004 1004 f");
  auto unnumbered = kline_at(5);
  unnumbered.number.reset();
  write({unnumbered});
  EXPECT_EQ(stored("sequence, last_sequence, engine_seq"), "1004 1004 5");
}

TEST_F(KlineRows, CarryTheirSequenceWhereTheSourceDoesNotSayWhenTheyClose) {
  auto one = kline_at(1);
  one.closed.reset();
  write({one});
  EXPECT_EQ(stored("sequence, closed IS NULL"), "1001 t");
  auto unnumbered = kline_at(1);
  unnumbered.symbol = symbol::parse("A").value();
  unnumbered.closed.reset();
  unnumbered.number.reset();
  unnumbered.volume.reset();
  write({unnumbered});
  EXPECT_EQ(stored("symbol, sequence, volume"), "A; BTCUSDT 1001 1234567890123.45678001");
}

TEST_F(KlineRows, GiveWayToAGreaterPositionOnly) {
  auto second = kline_at(5, 50);
  second.position.epoch = epoch{2};
  EXPECT_EQ(write({second}).written, 1u);
  EXPECT_EQ(write({kline_at(9, 90)}).written, 0u); // of the epoch before
  EXPECT_EQ(write({second}).written, 0u);       // the same again
  second.position.seq = sequence{4};
  EXPECT_EQ(write({second}).written, 0u);
  EXPECT_EQ(stored("close"), "50.00000000");
  second.position.seq = sequence{6};
  second.close = price(60 * decimal_unit);
  EXPECT_EQ(write({second}).written, 1u);
  second.position = {epoch{3}, sequence{1}};
  second.close = price(10 * decimal_unit);
  EXPECT_EQ(write({second}).written, 1u);
  EXPECT_EQ(stored("close, epoch, engine_seq"), "10.00000000 3 1");
}

TEST_F(KlineRows, AreOneForEachSymbolIntervalAndStart) {
  std::vector<kline_row> rows{kline_at(3, 3), kline_at(5, 5), kline_at(4, 4)};
  auto other = kline_at(1, 1);
  other.interval = "5m";
  rows.push_back(other);
  other.start += std::chrono::minutes(5);
  rows.push_back(other);
  other.symbol = symbol::parse("A").value();
  rows.push_back(other);
  keep_newest_of_each(rows);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].symbol.view(), "A");
  EXPECT_EQ(rows[1].position.seq, sequence{5});
  EXPECT_EQ(write(rows).written, 4u);
  EXPECT_EQ(stored("symbol, interval, close"),
            "A 5m 1.00000000; BTCUSDT 1m 5.00000000; BTCUSDT 5m 1.00000000; BTCUSDT 5m 1.00000000");
  EXPECT_EQ(write(rows).written, 0u);
  EXPECT_EQ(write({}).written, 0u);
}

TEST_F(KlineRows, AreHotWhileTheyAreOpen) {
  db.run("ALTER TABLE market_klines SET (autovacuum_enabled = false)");
  for (std::int64_t seq = 1; seq <= 40; ++seq)
    write({kline_at(seq)});
  auto closing = kline_at(41);
  closing.closed = true;
  write({closing});
  session.drop(); // its counters are told at its end
  const std::string counters = "SELECT concat_ws(' ', n_tup_upd, n_tup_hot_upd) "
                               "FROM pg_stat_user_tables WHERE relname = 'market_klines'";
  EXPECT_TRUE(test::eventually([&] { return db.value(counters) == "40 39"; }))
      << db.value(counters);
}

// With the settings of the writers' sessions, on a table of some size.
TEST_F(KlineRows, FindWhatIsStoredByTheKeyAlone) {
  db.run("INSERT INTO market_klines (time, symbol, open, high, low, close, epoch, engine_seq) "
         "SELECT timestamptz '2024-01-01+00' + n * interval '1 minute', 'S' || n % 10, 1, 1, 1, 1, "
         "1, n FROM generate_series(1, 20000) n; ANALYZE market_klines;"
         "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"
         "SET plan_cache_mode = force_generic_plan");
  db.run("PREPARE writing AS " + sql::write_klines({.table = "market_klines"}));
  std::string text;
  for (const auto& row :
       db.run("EXPLAIN EXECUTE writing('{S1}', '{1m}', '{0}', '{1}', '{1}', '{1}', "
              "'{1}', '{}', '{}', '{}', '{}', '{1}', '{}', '{}')"))
    text += row[0].as<std::string>() + "\n";
  EXPECT_TRUE(holds(text, "Index Scan using market_klines_pkey on market_klines t")) << text;
  EXPECT_FALSE(holds(text, "Seq Scan on market_klines")) << text;
}

// --- a table that lets in one interval ---

constexpr auto one_interval = R"(
  CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open FLOAT8, high FLOAT8, low FLOAT8,
    close FLOAT8, volume FLOAT8 NOT NULL, sequence BIGINT NOT NULL, PRIMARY KEY (time, symbol));
  INSERT INTO market_klines VALUES ('2024-08-08 14:30:00+00', 'BTCUSDT', 5, 5, 5, 5, 5, 4711))";

class KlinesOfOneInterval : public KlineRows {
 protected:
  void SetUp() override {
    db.run(one_interval);
    migrated(db);
  }
  static kline_row five_minutes(std::int64_t seq) {
    auto out = kline_at(seq);
    out.interval = "5m";
    return out;
  }
};

TEST_F(KlinesOfOneInterval, LetTheOthersWait) {
  const auto done = write({kline_at(1), five_minutes(1)});
  EXPECT_EQ(done.written, 2u);
  EXPECT_EQ(done.waiting, 1u);
  EXPECT_EQ(writer.target().only_interval, "1m");
  EXPECT_EQ(writer.target().remedy, "ALTER TABLE market_klines DROP CONSTRAINT market_klines_pkey");
  EXPECT_EQ(stored("interval, close, epoch"), "1m 1.00000000 1");
  EXPECT_EQ(stored("interval, close, epoch", "market_klines_waiting"), "5m 1.00000000 1");
  // They are rows like others there.
  EXPECT_EQ(write({five_minutes(2)}).waiting, 1u);
  EXPECT_EQ(write({five_minutes(1)}).waiting, 0u);
  EXPECT_EQ(stored("engine_seq", "market_klines_waiting"), "2");
  // An interval that is let in, at a time that another program gave to another one.
  db.run("INSERT INTO market_klines (time, symbol, interval, open, high, low, close) VALUES "
         "('2024-08-08 14:31:00+00', 'BTCUSDT', '3m', 5, 5, 5, 5)");
  auto taken = kline_at(3);
  taken.start += std::chrono::minutes(1);
  EXPECT_EQ(write({taken}).waiting, 1u);
}

TEST_F(KlinesOfOneInterval, TakeInWhatWaitedOnceTheKeyIsGone) {
  write({kline_at(1), five_minutes(1)});
  db.run(writer.target().remedy);
  EXPECT_EQ(write({five_minutes(2)}).waiting, 1u); // asked a moment ago
  now += std::chrono::minutes(1);
  EXPECT_EQ(write({five_minutes(3)}).waiting, 0u);
  EXPECT_EQ(stored("interval, engine_seq"), "1m 1; 5m 3");
  EXPECT_EQ(db.value("SELECT count(*) FROM market_klines_waiting"), "0");
  EXPECT_FALSE(writer.target().only_interval);
}

class KlinesBesideAKeptTable : public KlineRows {
 protected:
  void SetUp() override {
    db.run(one_interval);
    db.run("CREATE VIEW daily AS SELECT max(high) AS high FROM market_klines");
    EXPECT_TRUE(holds(migrated(db), "kept market_klines"));
  }
};

TEST_F(KlinesBesideAKeptTable, GoOnInItOnceItIsAdopted) {
  EXPECT_EQ(write({kline_at(1)}).written, 1u);
  EXPECT_EQ(writer.target().table, "market_klines_tradepulse");
  db.run("DROP VIEW daily");
  EXPECT_TRUE(holds(migrated(db), "adopted market_klines"));
  EXPECT_EQ(stored("engine_seq"), "1"); // came with it
  try {
    write({kline_at(2)});
    FAIL() << "the table is gone";
  } catch (const std::runtime_error& refused) {
    EXPECT_TRUE(holds(refused.what(), "42P01")) << refused.what();
  }
  writer.forget();
  EXPECT_EQ(write({kline_at(2)}).written, 1u);
  EXPECT_EQ(writer.target().table, "market_klines");
  EXPECT_EQ(stored("engine_seq"), "2");
}

// --- what operators ask ---

// Each message of this source is a closed kline with the source's next number; 1005 and 1006 never
// came, and BTCUSDT has a kline of 5 minutes that is open.
void write_numbered_minutes(const std::function<void(std::vector<kline_row>)>& write) {
  for (const std::int64_t number : {1001, 1002, 1003, 1004, 1007, 1008}) {
    auto one = kline_at(number - 1000);
    one.number = number;
    one.start += std::chrono::minutes(number);
    one.closed = true;
    write({one});
  }
}

TEST_F(KlineRows, AnswerTheGapQueriesThatOperatorsKnow) {
  write_numbered_minutes([&](std::vector<kline_row> rows) { write(std::move(rows)); });
  EXPECT_EQ(db.value("SELECT symbol || ' ' || max(sequence) - min(sequence) + 1 - count(*) "
                     "FROM market_klines GROUP BY symbol"),
            "BTCUSDT 2");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', symbol, previous, sequence, sequence - previous - 1) "
                     "FROM (SELECT symbol, sequence, lag(sequence) OVER (PARTITION BY symbol ORDER "
                     "BY sequence) AS previous FROM market_klines WHERE sequence IS NOT NULL) s "
                     "WHERE sequence - previous > 1"),
            "BTCUSDT 1004 1007 2");
}

TEST_F(KlineRows, AreFoundByNumberThroughTheIndex) {
  db.run("INSERT INTO market_klines (time, symbol, open, high, low, close, sequence) "
         "SELECT timestamptz '2024-01-01+00' + n * interval '1 minute', 'S' || n % 10, 1, 1, 1, 1, "
         "n FROM generate_series(1, 20000) n; ANALYZE market_klines");
  const auto plan = db.run("EXPLAIN SELECT * FROM market_klines WHERE symbol = 'S1' AND sequence > "
                           "500 AND sequence <= 600 ORDER BY sequence LIMIT 100");
  std::string text;
  for (const auto& row : plan)
    text += row[0].as<std::string>() + "\n";
  EXPECT_TRUE(holds(text, "idx_market_klines_symbol_sequence")) << text;
}

} // namespace
} // namespace tradepulse
