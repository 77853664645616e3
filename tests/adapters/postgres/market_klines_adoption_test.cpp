#include <string>

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using test::holds;
using test::migrated;
using test::source_migrations;
using test::test_database;

std::string columns_of(test_database& db, const std::string& table) {
  return db.value("SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' "
                  "ORDER BY attname) FROM pg_attribute WHERE attrelid = '" +
                  table + "'::regclass AND attnum > 0 AND NOT attisdropped");
}

constexpr auto our_columns =
    "close numeric(20,8), closed boolean, engine_seq bigint, epoch bigint, high numeric(20,8), "
    "interval text, last_sequence bigint, low numeric(20,8), open numeric(20,8), "
    "quote_volume numeric, sequence bigint, symbol character varying(32), "
    "time timestamp with time zone, volume numeric";

// As a service made it that stores klines of one interval.
constexpr auto doubles_without_sequence = R"(
  CREATE TABLE market_klines (
    time TIMESTAMPTZ NOT NULL,
    symbol VARCHAR(20) NOT NULL,
    open DOUBLE PRECISION NOT NULL,
    high DOUBLE PRECISION NOT NULL,
    low DOUBLE PRECISION NOT NULL,
    close DOUBLE PRECISION NOT NULL,
    volume DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (time, symbol));
  CREATE INDEX idx_market_klines_symbol ON market_klines (symbol, time DESC);
  INSERT INTO market_klines VALUES
    ('2024-08-08 23:54:00+00', 'BTCUSDT', 61000.1, 61000.30000000000001, 60999.99999999, 0.1, 12.5),
    ('2024-08-08 23:55:00+00', 'BTCUSDT', 0.30000000000000004, 1e-7, 1e-9, 99999999999.5, 1e15),
    ('2024-08-08 23:56:00+00', 'BTCUSDT', 'NaN', 1, 1, 1, 1),
    ('2024-08-08 23:57:00+00', 'BTCUSDT', 1, 1e12, 1, 1, 1),
    ('2024-08-08 23:58:00+00', 'BTCUSDT', 1, 1, 1, 1, 'Infinity'))";

TEST(AdoptedMarketKlines, KeepDoublesByTheirShortestTextAndSayWhatDidNotFit) {
  test_database db;
  db.run(doubles_without_sequence);
  const auto said = migrated(db);
  EXPECT_TRUE(holds(said, "adopted market_klines: 2 rows kept, 2 values rounded to 8 decimals, "
                          "3 rows that cannot be stored are in market_klines_rejected"))
      << said;
  EXPECT_EQ(columns_of(db, "market_klines"), our_columns);
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', open, high, low, close, volume, interval, "
                     "epoch IS NULL, sequence IS NULL), '; ' ORDER BY time) FROM market_klines"),
            "61000.10000000 61000.30000000 60999.99999999 0.10000000 12.50000000 1m t t; "
            "0.30000000 0.00000010 0.00000000 99999999999.50000000 1000000000000000.00000000 1m t "
            "t");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', time AT TIME ZONE 'UTC', open, high, "
                     "volume, tradepulse_reason), '; ' ORDER BY time) FROM market_klines_rejected"),
            "2024-08-08 23:56:00 NaN 1 1 open; 2024-08-08 23:57:00 1 1000000000000 1 high; "
            "2024-08-08 23:58:00 1 1 Infinity volume");
  // Its writers go on, by its key.
  db.run("INSERT INTO market_klines (time, symbol, open, high, low, close, volume) VALUES "
         "('2024-08-08 23:54:00+00', 'BTCUSDT', 1.5, 2, 1, 2, 3) ON CONFLICT (time, symbol) DO "
         "UPDATE SET open = EXCLUDED.open");
  EXPECT_EQ(db.value("SELECT open FROM market_klines ORDER BY time LIMIT 1"), "1.50000000");
  EXPECT_EQ(migrated(db), ""); // nothing twice
}

TEST(AdoptedMarketKlines, KeepTheirKeyAndSayThatOneIntervalFitsIt) {
  test_database db;
  db.run(doubles_without_sequence);
  const auto said = migrated(db);
  EXPECT_TRUE(holds(said, "its key is (time, symbol), so it takes klines of 1m alone and others "
                          "wait in market_klines_waiting: drop the unique index "
                          "market_klines_pkey"))
      << said;
  EXPECT_EQ(db.value("SELECT concat_ws(' | ', target, only_interval, remedy, waiting) "
                     "FROM tradepulse_kline_target()"),
            "market_klines | 1m | ALTER TABLE market_klines DROP CONSTRAINT market_klines_pkey | "
            "f");
  db.run("ALTER TABLE market_klines DROP CONSTRAINT market_klines_pkey");
  EXPECT_EQ(db.value("SELECT concat_ws(' | ', target, only_interval, remedy, waiting) "
                     "FROM tradepulse_kline_target()"),
            "market_klines | f");
  db.run("INSERT INTO market_klines (time, symbol, interval, open, high, low, close) VALUES "
         "('2024-08-08 23:54:00+00', 'BTCUSDT', '5m', 1, 1, 1, 1)");
}

constexpr auto exact_with_sequence = R"(
  CREATE TABLE market_klines (
    id BIGSERIAL PRIMARY KEY,
    symbol TEXT NOT NULL,
    interval VARCHAR(5) DEFAULT '1m',
    time TIMESTAMPTZ NOT NULL,
    open NUMERIC(18,4) NOT NULL,
    high NUMERIC(18,4) NOT NULL,
    low NUMERIC NOT NULL,
    close NUMERIC(20,8) NOT NULL,
    volume NUMERIC(30,10),
    sequence INTEGER,
    created_at TIMESTAMPTZ DEFAULT now(),
    UNIQUE (symbol, interval, time));
  CREATE INDEX idx_market_klines_symbol_sequence ON market_klines (symbol, sequence)
    WHERE sequence IS NOT NULL;
  INSERT INTO market_klines (symbol, interval, time, open, high, low, close, volume, sequence) VALUES
    ('AAPL', '1m', '2024-08-08 14:30:00+00', 150.25, 151, 150.123456789, 150.5, 0.0123456789, 7),
    ('AAPL', '5m', '2024-08-08 14:30:00+00', 150.25, 151, 149, 150.5, NULL, 8),
    ('AAPL', NULL, '2024-08-08 14:31:00+00', 150.25, 151, 149, 150.5, 10, NULL))";

TEST(AdoptedMarketKlines, KeepSequencesIntervalsAndVolumesAsTheyAre) {
  test_database db;
  db.run(exact_with_sequence);
  EXPECT_EQ(migrated(db), "adopted market_klines: 3 rows kept, 1 values rounded to 8 decimals, "
                          "0 rows that cannot be stored\n");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', id, interval, open, low, volume, sequence, "
                     "epoch), '; ' ORDER BY id) FROM market_klines"),
            "1 1m 150.25000000 150.12345679 0.0123456789 7; 2 5m 150.25000000 149.00000000 8; "
            "3 1m 150.25000000 149.00000000 10.0000000000");
  EXPECT_EQ(db.value("SELECT pg_typeof(sequence) FROM market_klines LIMIT 1"), "bigint");
  EXPECT_EQ(db.value("SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes WHERE "
                     "tablename = 'market_klines'"),
            "idx_market_klines_symbol_sequence market_klines_pkey "
            "market_klines_symbol_interval_time_key");
  EXPECT_EQ(db.value("SELECT only_interval FROM tradepulse_kline_target()"), "NULL");
}

TEST(AdoptedMarketKlines, OfSeveralRowsOfOneKlineKeepTheOneWithTheGreatestNumber) {
  test_database db;
  db.run("CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open FLOAT8, high FLOAT8, "
         "low FLOAT8, close FLOAT8, volume FLOAT8, sequence BIGINT);"
         "INSERT INTO market_klines SELECT '2024-08-08 14:30:00+00', 'AAPL', 1, 1, 1, n, 1, n "
         "FROM unnest(ARRAY[2, 4, 3]) n;"
         "INSERT INTO market_klines VALUES (NULL, 'AAPL', 1, 1, 1, 1, 1, 9)");
  EXPECT_EQ(migrated(db),
            "adopted market_klines: 1 rows kept, 0 values rounded to 8 decimals, 3 rows that "
            "cannot be stored are in market_klines_rejected\n");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', close, sequence) FROM market_klines"), "4.00000000 4");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', sequence, tradepulse_reason), '; ' ORDER BY "
                     "sequence) FROM market_klines_rejected"),
            "2 a newer row of this kline is kept; 3 a newer row of this kline is kept; 9 time");
}

TEST(AdoptedMarketKlines, MayBePartitionedByTime) {
  test_database db;
  db.run(
      "CREATE TABLE market_klines (time TIMESTAMPTZ NOT NULL, symbol TEXT NOT NULL, open FLOAT8, "
      "high FLOAT8, low FLOAT8, close FLOAT8, volume FLOAT8) PARTITION BY RANGE (time);"
      "CREATE TABLE klines_2024 PARTITION OF market_klines "
      "FOR VALUES FROM ('2024-01-01+00') TO ('2025-01-01+00');"
      "CREATE TABLE klines_2025 PARTITION OF market_klines "
      "FOR VALUES FROM ('2025-01-01+00') TO ('2026-01-01+00');"
      "INSERT INTO market_klines VALUES ('2024-08-08 14:30+00', 'A', 0.1, 1, 1, 1, 1),"
      "('2025-08-08 14:30+00', 'A', 0.1, 1, 1, 1, 1), ('2025-08-08 14:30+00', 'A', 0.2, 1, 1, 1, "
      "1)");
  EXPECT_EQ(migrated(db),
            "adopted market_klines: 2 rows kept, 0 values rounded to 8 decimals, 1 rows that "
            "cannot be stored are in market_klines_rejected\n");
  EXPECT_EQ(db.value("SELECT string_agg(open::text, ' ' ORDER BY time) FROM market_klines"),
            "0.10000000 0.20000000");
}

// --- kept ---

TEST(KeptMarketKlines, StayAsTheyAreWhereAnythingIsInTheWay) {
  const std::string exact =
      "CREATE TABLE market_klines (time TIMESTAMPTZ NOT NULL, symbol TEXT NOT NULL, open NUMERIC, "
      "high NUMERIC, low NUMERIC, close NUMERIC, volume NUMERIC";
  struct {
    std::string table;
    const char* said;
  } cases[] = {
      {std::string(doubles_without_sequence) +
           "; CREATE VIEW daily AS SELECT symbol, max(high) AS high FROM market_klines GROUP BY 1",
       "views use columns whose type would change (symbol, open, high, low, close, volume): daily; "
       "drop them, migrate, make them again"},
      {std::string(doubles_without_sequence) +
           "; CREATE MATERIALIZED VIEW highs AS SELECT high FROM market_klines",
       "make them again. It stays as it is"},
      {exact + ", venue TEXT NOT NULL)", "columns are NOT NULL without a default: venue"},
      {exact + ", UNIQUE (symbol, close))",
       "a unique index could refuse new klines: market_klines_symbol_close_key"},
      {exact + ", epoch INTEGER)", "column epoch is integer"},
      {exact + ", interval INTERVAL)", "column \"interval\" is interval"},
      {"CREATE TABLE market_klines (time BIGINT, symbol TEXT, open NUMERIC, high NUMERIC, "
       "low NUMERIC, close NUMERIC)",
       "column \"time\" is bigint"},
      {"CREATE TABLE market_klines (open_time BIGINT, symbol TEXT, price NUMERIC)",
       "there is no column time, open, high, low, close"},
      {"CREATE VIEW market_klines AS SELECT now() AS time", "market_klines is no table"},
      // Seen only when the table is altered.
      {exact + ", span NUMERIC GENERATED ALWAYS AS (high - low) STORED)",
       "cannot alter type of a column used by a generated column"},
  };
  for (const auto& [table, said] : cases) {
    test_database db;
    db.run(table);
    const auto before = columns_of(db, "market_klines");
    const auto told = migrated(db);
    EXPECT_TRUE(holds(told, "kept market_klines: ")) << told;
    EXPECT_TRUE(holds(told, said)) << told;
    EXPECT_TRUE(holds(told, "TradePulse writes market_klines_tradepulse; "
                            "adopt.replace = [\"market_klines\"] renames it"))
        << told;
    EXPECT_EQ(columns_of(db, "market_klines"), before);
    EXPECT_EQ(db.value("SELECT to_regclass('market_klines_rejected') IS NULL"), "t");
    EXPECT_EQ(columns_of(db, "market_klines_tradepulse"), our_columns);
    EXPECT_EQ(db.value("SELECT target FROM tradepulse_kline_target()"), "market_klines_tradepulse");
    EXPECT_EQ(migrated(db), told); // each time
  }
}

TEST(KeptMarketKlines, AreAdoptedOnceNothingIsInTheWay) {
  test_database db;
  db.run(std::string(doubles_without_sequence) +
         "; CREATE VIEW daily AS SELECT symbol, max(high) AS high FROM market_klines GROUP BY 1");
  EXPECT_TRUE(holds(migrated(db), "kept market_klines"));
  db.run("INSERT INTO market_klines_tradepulse (time, symbol, interval, open, high, low, close, "
         "epoch, engine_seq) VALUES "
         "('2024-08-08 23:54:00+00', 'BTCUSDT', '1m', 7, 7, 7, 7, 1, 1),"
         "('2024-08-08 23:54:00+00', 'BTCUSDT', '5m', 8, 8, 8, 8, 1, 1),"
         "('2024-08-08 23:59:00+00', 'BTCUSDT', '1m', 9, 9, 9, 9, 1, 2)");
  EXPECT_EQ(db.value("SELECT count(*) FROM klines"), "3"); // ours, until then
  db.run("DROP VIEW daily");
  const auto said = migrated(db);
  EXPECT_TRUE(holds(said, "adopted market_klines: 2 rows kept")) << said;
  EXPECT_EQ(db.value("SELECT to_regclass('market_klines_tradepulse') IS NULL"), "t");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', round(open, 1), epoch), '; ' ORDER BY time) "
                     "FROM klines"),
            "7.0 1; 0.3; 9.0 1");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', interval, open) FROM market_klines_waiting"),
            "5m 8.00000000");
  // What waited comes in with the next migration, once the key is gone.
  db.run("ALTER TABLE market_klines DROP CONSTRAINT market_klines_pkey");
  EXPECT_EQ(migrated(db), "");
  EXPECT_EQ(db.value("SELECT count(*) FROM market_klines_waiting"), "0");
  EXPECT_EQ(db.value("SELECT open FROM market_klines WHERE interval = '5m'"), "8.00000000");
}

TEST(KeptMarketKlines, ThatBelongToAnotherRoleDoNotHinderTheMigration) {
  test_database db;
  db.run("CREATE ROLE tp_migrator_" + db.name() +
         " LOGIN PASSWORD 'x'; GRANT ALL ON SCHEMA public TO tp_migrator_" + db.name() + ";" +
         std::string(doubles_without_sequence));
  auto settings = db.settings();
  settings.url += " user='tp_migrator_" + db.name() + "' password='x'";
  const auto done = migrate(settings, source_migrations());
  ASSERT_TRUE(done) << done.failure().detail;
  std::string said;
  for (const auto& each : done->names)
    said += each.state + " " + each.name + ": " + each.detail + "\n";
  EXPECT_TRUE(holds(said, "kept market_klines: permission denied")) << said;
  EXPECT_TRUE(holds(said, "missing stock_bars_staging: tp_migrator_" + db.name() +
                              " may not make views in the schema market_data_oltp: CREATE SCHEMA "
                              "IF NOT EXISTS market_data_oltp; GRANT USAGE, CREATE"))
      << said;
  EXPECT_EQ(db.value("SELECT to_regnamespace('market_data_oltp') IS NULL"), "t");
  db.run("DROP OWNED BY tp_migrator_" + db.name() + "; DROP ROLE tp_migrator_" + db.name());
}

} // namespace
} // namespace tradepulse
