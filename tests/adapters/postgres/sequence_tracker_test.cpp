#include <thread>

#include <gtest/gtest.h>

#include "adapters/postgres/tracker_rows.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using test::holds;
using test::migrated;
using test::refusal;
using test::test_database;

// As a service made it that numbers all its klines with one row.
constexpr auto one_row = R"(
  CREATE TABLE sequence_tracker (
    id INTEGER PRIMARY KEY DEFAULT 1 CHECK (id = 1), last_sequence INTEGER NOT NULL DEFAULT 0);
  INSERT INTO sequence_tracker VALUES (1, 4711);
  CREATE FUNCTION get_next_sequence() RETURNS INTEGER LANGUAGE sql AS
    $$ UPDATE sequence_tracker SET last_sequence = last_sequence + 1 RETURNING last_sequence $$;
  CREATE TABLE numbered (number INTEGER DEFAULT get_next_sequence(), what TEXT))";

TEST(SequenceTracker, GivesGlobalNumbersFrom1) {
  test_database db;
  migrated(db);
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "1");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "2");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', id, symbol IS NULL, stream IS NULL, last_sequence) "
                     "FROM sequence_tracker"),
            "1 t t 2");
  db.run("DELETE FROM sequence_tracker"); // somebody's mistake
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "1");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "2");
}

TEST(SequenceTracker, GoesOnFromTheRowThatWasThere) {
  test_database db;
  db.run(one_row);
  EXPECT_EQ(migrated(db),
            "replaced get_next_sequence(): it goes on from the same row; what it was is in "
            "adopted_names.definition\n"
            "adopted sequence_tracker: 1 rows kept; dropped the constraint "
            "sequence_tracker_id_check CHECK ((id = 1)), which lets in one row\n");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', id, symbol IS NULL, stream IS NULL, last_sequence, "
                     "epoch IS NULL) FROM sequence_tracker"),
            "1 t t 4711 t");
  EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'x')"), "1");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "4712");
  // What called the function before calls it now.
  db.run("INSERT INTO numbered (what) VALUES ('kline')");
  EXPECT_EQ(db.value("SELECT number FROM numbered"), "4713");
  EXPECT_EQ(db.value("SELECT pg_typeof(get_next_sequence())"), "integer");
  EXPECT_TRUE(holds(db.value("SELECT definition FROM adopted_names WHERE name LIKE 'get%'"),
                    "UPDATE sequence_tracker SET last_sequence = last_sequence + 1 RETURNING"));
  EXPECT_EQ(migrated(db), "");
}

TEST(SequenceTracker, GivesNoNumberTwiceToWritersAtOnce) {
  test_database db;
  migrated(db);
  db.run("CREATE TABLE drawn (n bigint)");
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&] {
      pqxx::connection connection(connection_string(db.settings()).value());
      for (int n = 0; n < 50; ++n) {
        pqxx::work transaction(connection);
        transaction.exec("INSERT INTO drawn SELECT get_next_sequence(); "
                         "INSERT INTO drawn SELECT 1000 + get_next_sequence('A', 'x')");
        transaction.commit();
      }
    });
  for (auto& each : writers)
    each.join();
  EXPECT_EQ(db.value("SELECT concat_ws(' ', count(DISTINCT n), min(n), max(n)) FROM drawn"),
            "400 1 1200");
}

TEST(SequenceTracker, NumbersStreamsOfOthersAndRefusesThoseOfTheEngine) {
  test_database db;
  migrated(db);
  EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'mine')"), "1");
  EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'mine')"), "2");
  EXPECT_EQ(db.value("SELECT get_next_sequence('B', 'mine')"), "1");
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp) VALUES ('P', 1, 1);"
         "INSERT INTO stream_positions (symbol, stream, epoch, last_sequence) "
         "VALUES ('Q', 'candle_1m', 1, 1);"
         "INSERT INTO journal_streams (symbol, stream) VALUES ('T', 'trade')");
  for (const auto* owned : {"'P', 'price'", "'Q', 'candle_1m'", "'T', 'trade'"}) {
    const auto said = refusal(db, std::string("SELECT get_next_sequence(") + owned + ")");
    EXPECT_TRUE(holds(said, "55006: ")) << said;
    EXPECT_TRUE(holds(said, "is numbered by TradePulse")) << said;
  }
  EXPECT_EQ(db.value("SELECT get_next_sequence('P', 'trade')"), "1");
  EXPECT_TRUE(holds(refusal(db, "SELECT get_next_sequence('P', NULL)"), "neither may be NULL"));
}

TEST(SequenceTracker, IsKeptWhereStreamsDoNotFitIn) {
  struct {
    const char* table;
    const char* said;
  } cases[] = {
      {"CREATE TABLE sequence_tracker (symbol TEXT PRIMARY KEY, last_sequence BIGINT)",
       "column symbol is NOT NULL: the global row has none"},
      {"CREATE TABLE sequence_tracker (symbol TEXT UNIQUE, last_sequence BIGINT)",
       "a unique index could refuse rows of streams: sequence_tracker_symbol_key"},
      {"CREATE TABLE sequence_tracker (id UUID, last_sequence BIGINT)", "column id is uuid"},
      {"CREATE TABLE sequence_tracker (value BIGINT)", "there is no column last_sequence"},
      {"CREATE TABLE sequence_tracker (id INT, last_sequence BIGINT); "
       "CREATE UNIQUE INDEX single ON sequence_tracker ((true))",
       "a unique index could refuse rows of streams: single"},
      {"CREATE TABLE sequence_tracker (id INT, last_sequence INT); "
       "CREATE VIEW at AS SELECT last_sequence FROM sequence_tracker",
       "views use columns whose type would change (last_sequence): at"},
  };
  for (const auto& [table, said] : cases) {
    test_database db;
    db.run(table);
    const auto told = migrated(db);
    EXPECT_TRUE(holds(told, "kept sequence_tracker: ")) << told;
    EXPECT_TRUE(holds(told, said)) << told;
    EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'x')"), "1");
    EXPECT_EQ(db.value("SELECT count(*) FROM sequence_tracker_tradepulse"), "2");
    EXPECT_EQ(db.value("SELECT count(*) FROM sequence_tracker"), "0");
  }
}

TEST(SequenceTracker, KeepsAFunctionThatBelongsToAKeptTable) {
  test_database db;
  db.run("CREATE TABLE sequence_tracker (id UUID, last_sequence BIGINT);"
         "CREATE FUNCTION get_next_sequence() RETURNS TEXT LANGUAGE sql AS $$ SELECT 'theirs' $$");
  migrated(db);
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "theirs");
}

TEST(SequenceTracker, IsOneViewWhereItIsReplaced) {
  test_database db;
  db.run(one_row);
  EXPECT_TRUE(holds(migrated(db, {"sequence_tracker"}), "replaced sequence_tracker"));
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "4712");
  EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'x')"), "1");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', symbol, stream, last_sequence), '; ' "
                     "ORDER BY id) FROM sequence_tracker"),
            "4712; A x 1");
  EXPECT_EQ(db.value("SELECT last_sequence FROM sequence_tracker_before_tradepulse"), "4711");
  EXPECT_TRUE(
      holds(refusal(db, "UPDATE sequence_tracker SET last_sequence = 1"), "UPDATE is refused"));
}

// --- the engine's rows ---

class EngineRows : public testing::Test {
 protected:
  void SetUp() override { migrated(db); }

  std::size_t write(std::vector<tracker_row> rows) {
    std::size_t out = 0;
    const auto fault = session.attempt([&](database_session::call& call) {
      const auto target = ask_tracker_target(call);
      pqxx::work transaction(call.connection);
      out = write_tracker(call, target, rows);
      transaction.commit();
    });
    if (fault)
      throw std::runtime_error(fault->as_error().detail);
    return out;
  }
  static tracker_row row(const std::string& name, std::int64_t in_epoch, std::int64_t seq) {
    return {symbol::parse(name).value(), "price", {epoch{in_epoch}, sequence{seq}}};
  }
  std::string stored() {
    return db.value("SELECT string_agg(concat_ws(' ', symbol, stream, epoch, last_sequence), '; ' "
                    "ORDER BY symbol) FROM sequence_tracker WHERE symbol IS NOT NULL");
  }

  test_database db;
  database_session session{db.settings("tracker"), test::shared_watchdog()};
};

TEST_F(EngineRows, GiveWayToAGreaterPositionOnly) {
  EXPECT_EQ(write({row("A", 1, 10), row("B", 2, 1)}), 2u);
  EXPECT_EQ(write({row("A", 1, 9), row("B", 1, 99), row("C", 1, 1)}), 1u);
  EXPECT_EQ(stored(), "A price 1 10; B price 2 1; C price 1 1");
  EXPECT_EQ(write({row("A", 1, 11), row("B", 3, 1)}), 2u);
  EXPECT_EQ(stored(), "A price 1 11; B price 3 1; C price 1 1");
  EXPECT_EQ(write({}), 0u);
  // Ids are taken for new streams alone.
  EXPECT_EQ(db.value("SELECT last_value - 1000000000 + 1 FROM tradepulse_tracker_ids"), "3");
}

TEST_F(EngineRows, TakeAStreamFromWhoeverCountedIt) {
  EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'price')"), "1");
  EXPECT_EQ(write({row("A", 1, 1)}), 1u);
  EXPECT_TRUE(holds(refusal(db, "SELECT get_next_sequence('A', 'price')"), "55006"));
  EXPECT_EQ(stored(), "A price 1 1");
}

TEST_F(EngineRows, AreHot) {
  db.run("ALTER TABLE sequence_tracker SET (autovacuum_enabled = false)");
  for (std::int64_t seq = 1; seq <= 40; ++seq)
    write({row("A", 1, seq)});
  session.drop(); // its counters are told at its end
  const std::string counters = "SELECT concat_ws(' ', n_tup_upd, n_tup_hot_upd) "
                               "FROM pg_stat_user_tables WHERE relname = 'sequence_tracker'";
  EXPECT_TRUE(test::eventually([&] { return db.value(counters) == "39 39"; }))
      << db.value(counters);
}

TEST_F(EngineRows, GoWhereTheTableIs) {
  test_database kept;
  kept.run("CREATE TABLE sequence_tracker (id UUID, last_sequence BIGINT)");
  migrated(kept);
  EXPECT_EQ(kept.value("SELECT tradepulse_tracker_target()"), "sequence_tracker_tradepulse");
  EXPECT_EQ(db.value("SELECT tradepulse_tracker_target()"), "sequence_tracker");
}

} // namespace
} // namespace tradepulse
