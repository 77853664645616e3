#include "adapters/postgres/migrator.hpp"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/test_database.hpp"

namespace tradepulse {
namespace {

using test::source_migrations;
using test::test_database;

std::string outcome(const result<migration_report>& done) {
  return done ? "applied " + std::to_string(done->applied.size()) : done.failure().detail;
}

std::string all_applied() {
  return "applied " + std::to_string(source_migrations().size());
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// As another program made it, with one row.
constexpr auto foreign_table = R"(
  CREATE TABLE price_snapshots (
    id UUID PRIMARY KEY,
    symbol VARCHAR(20) NOT NULL UNIQUE,
    price DECIMAL(20,8) NOT NULL,
    timestamp BIGINT NOT NULL,
    volume DECIMAL(20,8),
    created_at TIMESTAMPTZ DEFAULT now(),
    updated_at TIMESTAMPTZ DEFAULT now());
  CREATE INDEX idx_price_snapshots_symbol ON price_snapshots (symbol);
  CREATE INDEX idx_price_snapshots_timestamp ON price_snapshots (timestamp DESC);
  INSERT INTO price_snapshots (id, symbol, price, timestamp, volume) VALUES
    ('11111111-2222-3333-4444-555555555555', 'AAPL', 150.25, 1723161256543, 100.5))";

TEST(Migrator, MakesTheSchemaOnceInAnEmptyDatabase) {
  test_database db;
  EXPECT_EQ(outcome(migrate(db.settings(), source_migrations())), all_applied());
  EXPECT_EQ(outcome(migrate(db.settings(), source_migrations())), "applied 0");
  EXPECT_EQ(db.value("SELECT string_agg(name, ' ' ORDER BY number) FROM tradepulse_migrations "
                     "WHERE number <= 9"),
            "001_price_snapshots.sql 002_ingest_offsets.sql 003_stream_positions.sql "
            "004_journal.sql 005_stream_gaps.sql 006_stream_newest.sql "
            "007_journal_of_other_kinds.sql 008_journal_leaf_of_other_kinds.sql "
            "009_stream_gaps_of_other_kinds.sql");
  EXPECT_EQ(db.value("SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY "
                     "ordinal_position) FROM information_schema.columns "
                     "WHERE table_name = 'price_snapshots'"),
            "id uuid, symbol character varying, price numeric, timestamp bigint, volume numeric, "
            "created_at timestamp with time zone, updated_at timestamp with time zone, "
            "epoch bigint, last_sequence bigint, price_sequence bigint, source_sequence bigint, "
            "home_topic text, home_partition integer, home_moved_at bigint, state smallint");
  EXPECT_EQ(db.value("SELECT reloptions::text FROM pg_class WHERE relname = 'price_snapshots'"),
            "{fillfactor=70}");
  EXPECT_EQ(db.value("SELECT to_regclass('idx_price_snapshots_home') IS NOT NULL"), "t");
  EXPECT_EQ(db.value("SELECT to_regclass('idx_price_snapshots_timestamp') IS NULL"), "t");
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp) VALUES ('X', 1, 2)");
  EXPECT_EQ(db.value("SELECT id IS NOT NULL AND created_at IS NOT NULL FROM price_snapshots"), "t");
}

TEST(Migrator, KeepsTheChecksumThatSha256sumShows) {
  test_database db;
  const std::vector<migration> one{{"001_a.sql", "SELECT 1;\n"}};
  // The index needs its table.
  db.run("CREATE TABLE price_snapshots (timestamp bigint)");
  EXPECT_EQ(outcome(migrate(db.settings(), one)), "applied 1");
  EXPECT_EQ(db.value("SELECT checksum FROM tradepulse_migrations"),
            "b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd");
}

TEST(Migrator, AdoptsATableWithAllItsRows) {
  test_database db;
  db.run(foreign_table);
  auto done = migrate(db.settings(), source_migrations(), {.snapshot_timestamp_index = false});
  ASSERT_EQ(outcome(done), all_applied());
  EXPECT_TRUE(done->timestamp_index_is_foreign);
  EXPECT_FALSE(done->timestamp_index_dropped);
  EXPECT_EQ(db.value("SELECT to_regclass('idx_price_snapshots_timestamp') IS NOT NULL"), "t");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', id, symbol, price, timestamp, volume, epoch, "
                     "last_sequence, price_sequence, state) FROM price_snapshots"),
            "11111111-2222-3333-4444-555555555555 AAPL 150.25000000 1723161256543 100.50000000 "
            "0 0 0 0");
  EXPECT_EQ(db.value("SELECT home_topic FROM price_snapshots"), "NULL");
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp) "
         "VALUES ('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1, 2)");
  EXPECT_EQ(db.value("SELECT count(*) FROM price_snapshots"), "2");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'price_snapshots' "
                     "AND indexdef LIKE '%UNIQUE%(symbol)'"),
            "1");
}

TEST(Migrator, AdoptsATableThatLacksColumnsAndKeys) {
  test_database db;
  db.run("CREATE TABLE price_snapshots (symbol CHAR(12), price NUMERIC(18,4), timestamp INTEGER);"
         "INSERT INTO price_snapshots VALUES ('AAPL', 150.25, 1723161256), ('MSFT', 1, 2)");
  ASSERT_EQ(outcome(migrate(db.settings(), source_migrations())), all_applied());
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', symbol, price, timestamp, volume IS NULL), "
                     "'; ' ORDER BY symbol) FROM price_snapshots"),
            "AAPL 150.25000000 1723161256 t; MSFT 1.00000000 2 t");
  EXPECT_EQ(db.value("SELECT length(symbol) FROM price_snapshots WHERE symbol = 'AAPL'"), "4");
  EXPECT_EQ(db.value("SELECT count(DISTINCT id) FROM price_snapshots"), "2");
  EXPECT_EQ(db.value("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = "
                     "'price_snapshots'::regclass AND attname = 'symbol'"),
            "character varying(32)");
  EXPECT_THROW(db.run("INSERT INTO price_snapshots (symbol, price, timestamp) VALUES ('AAPL',1,1)"),
               pqxx::unique_violation);
}

TEST(Migrator, AdoptsIdsThatAnotherProgramKeptAsText) {
  test_database db;
  db.run("CREATE TABLE price_snapshots (id TEXT PRIMARY KEY, symbol TEXT NOT NULL UNIQUE, "
         "price DECIMAL(20,8) NOT NULL, timestamp BIGINT NOT NULL);"
         "INSERT INTO price_snapshots VALUES ('11111111-2222-3333-4444-555555555555','A',1,2)");
  ASSERT_EQ(outcome(migrate(db.settings(), source_migrations())), all_applied());
  EXPECT_EQ(db.value("SELECT pg_typeof(id) || ' ' || id FROM price_snapshots"),
            "uuid 11111111-2222-3333-4444-555555555555");
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp) VALUES ('B', 1, 2)");
}

TEST(Migrator, LeavesAForeignTableAsItWasWhereItCannotBeAdopted) {
  struct {
    const char* table;
    const char* said;
  } cases[] = {
      {"CREATE TABLE price_snapshots (symbol VARCHAR(20), price NUMERIC, timestamp BIGINT);"
       "INSERT INTO price_snapshots VALUES ('A', 1, 1), ('A', 2, 2), ('B', 1, 1)",
       "price_snapshots has 1 symbols with more than one row (such as \"A\")"},
      {"CREATE TABLE price_snapshots (symbol VARCHAR(20), timestamp BIGINT);"
       "INSERT INTO price_snapshots VALUES ('A', 1)",
       "price_snapshots has 1 rows and no column \"price\""},
      {"CREATE TABLE price_snapshots (symbol VARCHAR(20), price NUMERIC, timestamp BIGINT);"
       "INSERT INTO price_snapshots VALUES ('A', 0.123456789, 1)",
       "1 values that numeric(20,8) cannot hold exactly (symbol \"A\")"},
      {"CREATE TABLE price_snapshots (symbol VARCHAR(20), price NUMERIC, timestamp BIGINT);"
       "INSERT INTO price_snapshots VALUES ('A', NULL, 1)",
       "price_snapshots has 1 rows without a price"},
      {"CREATE TABLE price_snapshots (symbol VARCHAR(20), price NUMERIC, timestamp TIMESTAMPTZ)",
       "price_snapshots.timestamp is timestamp with time zone and must be bigint"},
      {"CREATE TABLE price_snapshots (id SERIAL, symbol VARCHAR(20), price NUMERIC, "
       "timestamp BIGINT)",
       "price_snapshots.id is integer and must be uuid"},
      {"CREATE TABLE price_snapshots (symbol VARCHAR(20), price NUMERIC, timestamp BIGINT, "
       "venue TEXT NOT NULL)",
       "NOT NULL without a default (venue)"},
      {"CREATE VIEW price_snapshots AS SELECT 1", "is no plain table"},
  };
  for (const auto& [table, said] : cases) {
    test_database db;
    db.run(table);
    auto done = migrate(db.settings(), source_migrations());
    ASSERT_FALSE(done) << table;
    EXPECT_EQ(done.failure().code, errc::database_refused);
    EXPECT_TRUE(holds(done.failure().detail, said)) << done.failure().detail;
    EXPECT_TRUE(holds(done.failure().detail, "001_price_snapshots.sql")) << done.failure().detail;
    EXPECT_EQ(db.value("SELECT count(*) FROM tradepulse_migrations"), "0");
    EXPECT_EQ(db.value("SELECT count(*) FROM information_schema.columns "
                       "WHERE table_name = 'price_snapshots' AND column_name = 'epoch'"),
              "0");
  }
}

TEST(Migrator, TakesNoTableOfCandlesOver) {
  test_database db;
  db.run("CREATE TABLE candles (symbol TEXT); INSERT INTO candles VALUES ('A')");
  auto done = migrate(db.settings(), source_migrations());
  ASSERT_FALSE(done);
  EXPECT_TRUE(holds(done.failure().detail, "candles exists already, and this program makes a table "
                                           "of that name: rename yours"))
      << done.failure().detail;
  EXPECT_EQ(db.value("SELECT symbol FROM candles"), "A");
  db.run("ALTER TABLE candles RENAME TO candles_before_tradepulse");
  EXPECT_TRUE(migrate(db.settings(), source_migrations()));
  EXPECT_EQ(db.value("SELECT count(*) FROM candles"), "0");
}

TEST(Migrator, MakesAndDropsItsOwnTimestampIndexBySetting) {
  test_database db;
  auto made = migrate(db.settings(), source_migrations(), {.snapshot_timestamp_index = true});
  ASSERT_TRUE(made) << outcome(made);
  EXPECT_TRUE(made->timestamp_index_created);
  auto again = migrate(db.settings(), source_migrations(), {.snapshot_timestamp_index = true});
  EXPECT_FALSE(again.value().timestamp_index_created);
  EXPECT_EQ(db.value("SELECT to_regclass('idx_price_snapshots_timestamp') IS NOT NULL"), "t");
  auto dropped = migrate(db.settings(), source_migrations(), {.snapshot_timestamp_index = false});
  EXPECT_TRUE(dropped.value().timestamp_index_dropped);
  EXPECT_FALSE(dropped.value().timestamp_index_is_foreign);
  EXPECT_EQ(db.value("SELECT to_regclass('idx_price_snapshots_timestamp') IS NULL"), "t");
}

TEST(Migrator, RefusesAFileThatWasChangedAfterItWasApplied) {
  test_database db;
  db.migrate();
  auto changed = source_migrations();
  changed[1].sql += "\n-- a comment\n";
  auto done = migrate(db.settings(), changed);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.failure().code, errc::configuration);
  EXPECT_TRUE(holds(done.failure().detail,
                    "migration \"002_ingest_offsets.sql\" was changed after it was applied"))
      << done.failure().detail;
  auto current = schema_is_current(db.settings(), changed);
  ASSERT_FALSE(current);
  EXPECT_EQ(current.failure().code, errc::configuration);
}

TEST(Migrator, RefusesADatabaseThatIsNewerThanTheProgram) {
  test_database db;
  db.migrate();
  auto fewer = source_migrations();
  fewer.pop_back();
  auto done = migrate(db.settings(), fewer);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.failure().code, errc::configuration);
  EXPECT_TRUE(holds(done.failure().detail, "the database is newer than this program"))
      << done.failure().detail;
  EXPECT_TRUE(holds(done.failure().detail, source_migrations().back().name))
      << done.failure().detail;
}

TEST(Migrator, GoesOnFromWhatWasApplied) {
  test_database db;
  auto first = source_migrations();
  first.resize(2);
  EXPECT_EQ(outcome(migrate(db.settings(), first)), "applied 2");
  auto done = migrate(db.settings(), source_migrations());
  ASSERT_TRUE(done) << outcome(done);
  ASSERT_EQ(done->applied.size(), source_migrations().size() - 2);
  EXPECT_EQ(done->applied[0], "003_stream_positions.sql");
  EXPECT_EQ(done->applied[1], "004_journal.sql");
  EXPECT_EQ(done->applied[2], "005_stream_gaps.sql");
  EXPECT_EQ(done->applied.back(), "021_put_aside_and_gone.sql");
}

TEST(Migrator, TakesBackAMigrationThatFailsAndKeepsThoseBefore) {
  test_database db;
  auto broken = source_migrations();
  broken.resize(9);
  broken.push_back({"010_broken.sql", "CREATE TABLE half (a int); SELECT no_such_function()"});
  auto done = migrate(db.settings(), broken);
  ASSERT_FALSE(done);
  EXPECT_TRUE(holds(done.failure().detail, "migration \"010_broken.sql\": PostgreSQL: SQLSTATE "
                                           "42883"))
      << done.failure().detail;
  EXPECT_EQ(db.value("SELECT count(*) FROM tradepulse_migrations"), "9");
  EXPECT_EQ(db.value("SELECT to_regclass('half') IS NULL"), "t");
}

TEST(Migrator, RefusesNamesThatAreNoSequence) {
  test_database db;
  for (const char* name : {"002_a.sql", "1_a.sql", "001-a.sql", "001_a.txt", "abc_a.sql"}) {
    auto done = migrate(db.settings(), {{name, "SELECT 1"}});
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.failure().code, errc::configuration);
    EXPECT_TRUE(holds(done.failure().detail, name)) << done.failure().detail;
  }
}

TEST(Migrator, LetsSeveralProcessesMigrateAtOnce) {
  test_database db;
  const auto all = source_migrations();
  std::vector<std::string> outcomes(4);
  std::vector<std::thread> migrators;
  for (auto& each : outcomes)
    migrators.emplace_back([&] { each = outcome(migrate(db.settings(), all)); });
  for (auto& each : migrators)
    each.join();
  std::ranges::sort(outcomes);
  EXPECT_EQ(outcomes,
            (std::vector<std::string>{"applied 0", "applied 0", "applied 0", all_applied()}));
}

TEST(Migrator, SaysWhenItCannotHaveTheLock) {
  test_database db;
  db.run("SELECT pg_advisory_lock(8390876139569050988)"); // held by this other session
  auto done =
      migrate(db.settings(), source_migrations(), {.lock_timeout = std::chrono::milliseconds(50)});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.failure().code, errc::database_busy);
  EXPECT_TRUE(holds(done.failure().detail, "55P03")) << done.failure().detail;
}

TEST(SchemaIsCurrent, OnlyWhenEveryMigrationIsApplied) {
  test_database db;
  EXPECT_FALSE(schema_is_current(db.settings(), source_migrations()).value());
  auto first = source_migrations();
  first.resize(2);
  ASSERT_TRUE(migrate(db.settings(), first));
  EXPECT_FALSE(schema_is_current(db.settings(), source_migrations()).value());
  db.migrate();
  EXPECT_TRUE(schema_is_current(db.settings(), source_migrations()).value());
}

TEST(SchemaIsCurrent, IsUnavailableWithoutAServer) {
  postgres_settings nowhere;
  nowhere.host = "127.0.0.1";
  nowhere.port = "1";
  auto current = schema_is_current(nowhere, source_migrations());
  ASSERT_FALSE(current);
  EXPECT_EQ(current.failure().code, errc::database_unavailable);
}

} // namespace
} // namespace tradepulse
