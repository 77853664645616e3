#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using test::holds;
using test::migrated;
using test::refusal;
using test::test_database;

constexpr auto core_service = R"(
  CREATE TABLE market_klines (
    time TIMESTAMPTZ NOT NULL, symbol VARCHAR(20) NOT NULL, open DOUBLE PRECISION,
    high DOUBLE PRECISION, low DOUBLE PRECISION, close DOUBLE PRECISION, volume DOUBLE PRECISION,
    sequence BIGINT, PRIMARY KEY (time, symbol));
  CREATE INDEX idx_market_klines_symbol_sequence ON market_klines (symbol, sequence)
    WHERE sequence IS NOT NULL;
  CREATE VIEW daily AS SELECT symbol, max(high) AS high FROM market_klines GROUP BY symbol;
  INSERT INTO market_klines VALUES
    ('2024-08-08 14:30:00+00', 'AAPL', 0.1, 0.2, 0.1, 0.30000000000000004, 5, 41),
    ('2024-08-08 14:31:00+00', 'AAPL', 0.1, 0.2, 0.1, 'NaN', 5, 42))";

TEST(ReplacedMarketKlines, AreUnitedWithOursUnderTheirName) {
  test_database db;
  db.run(core_service);
  EXPECT_EQ(migrated(db, {"market_klines"}),
            "replaced market_klines: what stood there is market_klines_before_tradepulse now, and "
            "a view of both has the name; INSERT into it is refused\n");
  EXPECT_EQ(db.value("SELECT target FROM tradepulse_kline_target()"), "market_klines_tradepulse");
  // Ours: the newer state of one of theirs, another interval of it, and a new one.
  db.run("INSERT INTO market_klines_tradepulse (time, symbol, interval, open, high, low, close, "
         "volume, sequence, epoch, engine_seq) VALUES "
         "('2024-08-08 14:30:00+00', 'AAPL', '1m', 1, 1, 1, 1, 9, 141, 1, 1),"
         "('2024-08-08 14:30:00+00', 'AAPL', '5m', 2, 2, 2, 2, 9, 142, 1, 1),"
         "('2024-08-08 14:32:00+00', 'AAPL', '1m', 3, 3, 3, 3, 9, 143, 1, 2)");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', interval, close, sequence, epoch), '; ' "
                     "ORDER BY time, interval) FROM market_klines"),
            "1m 1.00000000 141 1; 5m 2.00000000 142 1; 1m NaN 42; 1m 3.00000000 143 1");
  EXPECT_EQ(db.value("SELECT count(*) FROM klines"), "4");
  EXPECT_EQ(db.value("SELECT count(*) FROM market_data_oltp.stock_bars_staging"), "3");
  // For questions by upstream's number, and whether a price can hold it.
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', symbol, interval, close, sequence, usable), "
                     "'; ' ORDER BY sequence) FROM adopted_klines"),
            "AAPL 1m 0.30000000 41 t; AAPL 1m NaN 42 f");
  // Their views follow them, and nothing of theirs has changed.
  EXPECT_EQ(db.value("SELECT high FROM daily"), "0.2");
  EXPECT_EQ(db.value("SELECT close FROM market_klines_before_tradepulse ORDER BY time LIMIT 1"),
            "0.30000000000000004");
  EXPECT_EQ(migrated(db, {"market_klines"}), "");
  EXPECT_EQ(migrated(db), ""); // for good
}

TEST(ReplacedMarketKlines, RefuseWhoeverWritesAndSayWhatToDo) {
  test_database db;
  db.run(core_service);
  migrated(db, {"market_klines"});
  const auto said = refusal(db, "INSERT INTO market_klines (time, symbol) VALUES (now(), 'A')");
  EXPECT_TRUE(holds(said, "0A000: ")) << said;
  EXPECT_TRUE(holds(said, "public.market_klines is a view of TradePulse: INSERT is refused"))
      << said;
  EXPECT_EQ(db.value("SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgrelid = "
                     "'market_klines'::regclass"),
            "Produce klines to a topic that TradePulse reads, or write to "
            "market_klines_before_tradepulse: this view shows both.\\000");
  EXPECT_TRUE(holds(refusal(db, "DELETE FROM market_klines"), "DELETE is refused"));
}

TEST(ReplacedMarketKlines, MayHaveBeenAdoptedOrKeptBefore) {
  test_database db;
  db.run(core_service); // kept: a view depends on it
  EXPECT_TRUE(holds(migrated(db), "kept market_klines: views use columns"));
  db.run("INSERT INTO market_klines_tradepulse (time, symbol, open, high, low, close, epoch, "
         "engine_seq) VALUES ('2024-08-08 14:32:00+00', 'AAPL', 3, 3, 3, 3, 1, 2)");
  EXPECT_TRUE(holds(migrated(db, {"market_klines"}), "replaced market_klines"));
  EXPECT_EQ(db.value("SELECT count(*) FROM market_klines"), "3");
  EXPECT_EQ(db.value("SELECT count(*) FROM klines"), "3");

  test_database other;
  other.run("CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open FLOAT8, high FLOAT8, "
            "low FLOAT8, close FLOAT8);"
            "INSERT INTO market_klines VALUES ('2024-08-08 14:30:00+00', 'A', 1, 1, 1, 1)");
  EXPECT_TRUE(holds(migrated(other), "adopted market_klines: 1 rows kept"));
  EXPECT_TRUE(holds(migrated(other, {"market_klines"}), "replaced market_klines"));
  EXPECT_EQ(other.value("SELECT count(*) FROM market_klines"), "1");
  EXPECT_EQ(other.value("SELECT count(*) FROM klines"), "1");
}

TEST(ReplacedMarketKlines, MayHaveTimesWithoutAZoneOrAsMilliseconds) {
  for (const auto& [type, value] :
       {std::pair{"BIGINT", "1723127400000"}, {"TIMESTAMP", "'2024-08-08 14:30:00'"}}) {
    test_database db;
    db.run(std::string("CREATE TABLE market_klines (time ") + type +
           ", symbol TEXT, open FLOAT4, high INTEGER, low NUMERIC, close FLOAT8);"
           "INSERT INTO market_klines VALUES (" +
           value + ", 'A', 0.1, 1, 1, 1)");
    EXPECT_TRUE(holds(migrated(db, {"market_klines"}), "replaced market_klines"));
    db.run("SET timezone = 'Asia/Tokyo'");
    EXPECT_EQ(db.value("SELECT (time AT TIME ZONE 'UTC') || ' ' || open FROM market_klines"),
              "2024-08-08 14:30:00 0.1");
  }
}

TEST(ReplacedNames, AreRefusedWhereTheyCannotBeUnited) {
  test_database db;
  db.run("CREATE TABLE market_klines (open_time BIGINT, symbol TEXT)");
  const auto said = migrated(db, {"market_klines"});
  EXPECT_TRUE(holds(said, "adopt.replace: public.market_klines cannot be united with ours: it has "
                          "no column time, open, high, low, close"))
      << said;
  EXPECT_EQ(db.value("SELECT to_regclass('market_klines_before_tradepulse') IS NULL"), "t");
}

TEST(ReplacedNames, DoNothingWhereNothingStandsThere) {
  test_database db;
  EXPECT_EQ(migrated(db, {"market_klines", "klines", "sequence_tracker", "stock_trades_realtime",
                          "stock_bars_staging"}),
            "");
  EXPECT_EQ(db.value("SELECT string_agg(DISTINCT state, ' ') FROM adopted_names"), "ours");
}

// --- klines ---

constexpr auto klines_table = R"(
  CREATE TABLE klines (
    symbol VARCHAR(32), interval VARCHAR(8), time TIMESTAMPTZ, open DOUBLE PRECISION,
    high DOUBLE PRECISION, low DOUBLE PRECISION, close DOUBLE PRECISION, volume DOUBLE PRECISION,
    sequence BIGINT, PRIMARY KEY (symbol, interval, time));
  INSERT INTO klines VALUES ('A', '5m', '2024-08-08 14:30:00+00', 0.1, 0.1, 0.1, 0.1, 0.1, 3))";

TEST(ATableKlines, IsAdoptedAndShownToWhoeverAsksByNumber) {
  test_database db;
  db.run(klines_table);
  EXPECT_EQ(migrated(db),
            "adopted klines: 1 rows kept, 0 values rounded to 8 decimals, 0 rows that cannot be "
            "stored; TradePulse writes market_klines, not this table\n");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', interval, open, sequence, epoch IS NULL) FROM klines"),
            "5m 0.10000000 3 t");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', symbol, interval, open, sequence) FROM adopted_klines"),
            "A 5m 0.10000000 3");
  EXPECT_EQ(db.value("SELECT count(*) FROM market_klines"), "0");
  db.run("INSERT INTO klines VALUES ('A', '5m', '2024-08-08 14:35:00+00', 1, 1, 1, 1, 1, 4)");
}

TEST(ATableKlines, IsUnitedWithOursWhereItIsReplaced) {
  test_database db;
  db.run(klines_table);
  EXPECT_TRUE(holds(migrated(db, {"klines"}), "replaced klines: what stood there is "
                                              "klines_before_tradepulse now"));
  db.run("INSERT INTO market_klines (symbol, interval, time, open, high, low, close) VALUES "
         "('A', '5m', '2024-08-08 14:30:00+00', 2, 2, 2, 2), "
         "('A', '1m', '2024-08-08 14:30:00+00', 3, 3, 3, 3)");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', interval, open), '; ' ORDER BY interval) "
                     "FROM klines"),
            "1m 3.00000000; 5m 2.00000000");
  EXPECT_EQ(db.value("SELECT count(*) FROM klines_before_tradepulse"), "1");
}

TEST(AViewKlines, OfAnotherProgramIsKept) {
  test_database db;
  db.run("CREATE VIEW klines AS SELECT now() AS time");
  const auto said = migrated(db);
  EXPECT_TRUE(holds(said, "kept klines: klines is no table. It stays as it is")) << said;
  EXPECT_EQ(db.value("SELECT count(*) FROM market_klines"), "0");
}

// --- market_data_oltp ---

constexpr auto stock_tables = R"(
  CREATE SCHEMA market_data_oltp;
  CREATE TABLE market_data_oltp.stock_trades_realtime (
    id BIGSERIAL PRIMARY KEY, symbol VARCHAR(10), price NUMERIC(12,4), size INTEGER,
    timestamp TIMESTAMPTZ);
  CREATE TABLE market_data_oltp.stock_bars_staging (
    symbol VARCHAR(10), open FLOAT8, high FLOAT8, low FLOAT8, close FLOAT8, volume BIGINT,
    timestamp TIMESTAMPTZ, PRIMARY KEY (symbol, timestamp));
  INSERT INTO market_data_oltp.stock_trades_realtime (symbol, price, size, timestamp)
    VALUES ('AAPL', 150.25, 100, '2024-08-08 14:30:00+00');
  INSERT INTO market_data_oltp.stock_bars_staging VALUES
    ('AAPL', 150.1, 151, 150, 150.5, 1000, '2024-08-08 14:30:00+00'),
    ('AAPL', 150.1, 151, 150, 150.5, 1000, '2024-08-08 14:31:00+00'))";

constexpr auto a_trade_and_a_bar = R"(
  INSERT INTO journal_streams (symbol, stream) VALUES ('AAPL', 'trade');
  CREATE TABLE today PARTITION OF journal_trades DEFAULT;
  INSERT INTO journal_trades (price, size, size_rest, event_time, commit_time, kafka_offset,
      seq, stream_id, epoch, partition_id, flags)
    SELECT 15026123456, 99000001, 42, 1723127401001, 1723127401002, 0, 1, stream_id, 1, 1, 2
      FROM journal_streams;
  INSERT INTO market_klines (time, symbol, open, high, low, close, volume, interval) VALUES
    ('2024-08-08 14:31:00+00', 'AAPL', 7, 7, 7, 7, 70, '1m'),
    ('2024-08-08 14:31:00+00', 'AAPL', 8, 8, 8, 8, 80, '5m'))";

TEST(StockTables, AreKeptAndWrittenByTheirPrograms) {
  test_database db;
  db.run(stock_tables);
  const auto said = migrated(db);
  EXPECT_TRUE(holds(said, "kept stock_bars_staging: TradePulse has a view of this name, and "
                          "something stands there. It stays as it is with its rows and writers; "
                          "adopt.replace = [\"stock_bars_staging\"] renames it to "
                          "stock_bars_staging_before_tradepulse and puts a view of both in its "
                          "place\nkept stock_trades_realtime: "))
      << said;
  db.run("INSERT INTO market_data_oltp.stock_trades_realtime (symbol) VALUES ('B')");
}

TEST(StockTables, AreViewsOfTheJournalOfTradesAndOfTheKlines) {
  test_database db;
  EXPECT_EQ(migrated(db), "");
  db.run(a_trade_and_a_bar);
  EXPECT_EQ(db.value("SELECT concat_ws(' ', symbol, price, size, timestamp AT TIME ZONE 'UTC') "
                     "FROM market_data_oltp.stock_trades_realtime"),
            "AAPL 150.26123456 99.00000142 2024-08-08 14:30:01.001");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', symbol, open, high, low, close, volume, "
                     "timestamp AT TIME ZONE 'UTC') FROM market_data_oltp.stock_bars_staging"),
            "AAPL 7.00000000 7.00000000 7.00000000 7.00000000 70 2024-08-08 14:31:00");
  EXPECT_EQ(db.value("SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgrelid = "
                     "'market_data_oltp.stock_trades_realtime'::regclass"),
            "Produce trades to a topic that TradePulse reads.\\000");
  EXPECT_TRUE(holds(refusal(db, "INSERT INTO market_data_oltp.stock_bars_staging (symbol) "
                                "VALUES ('A')"),
                    "market_data_oltp.stock_bars_staging is a view of TradePulse: INSERT is "
                    "refused"));
}

TEST(StockTables, AreUnitedWithOursWhereTheyAreReplaced) {
  test_database db;
  db.run(stock_tables);
  const auto said = migrated(db, {"stock_trades_realtime", "stock_bars_staging"});
  EXPECT_TRUE(holds(said, "replaced stock_bars_staging: what stood there is "
                          "market_data_oltp.stock_bars_staging_before_tradepulse now"))
      << said;
  db.run(a_trade_and_a_bar);
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', symbol, price, size), '; ' ORDER BY "
                     "timestamp) FROM market_data_oltp.stock_trades_realtime"),
            "AAPL 150.2500 100; AAPL 150.26123456 99.00000142");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', open, volume), '; ' ORDER BY timestamp) "
                     "FROM market_data_oltp.stock_bars_staging"),
            "150.1 1000; 7.00000000 70"); // of one bar ours
}

} // namespace
} // namespace tradepulse
