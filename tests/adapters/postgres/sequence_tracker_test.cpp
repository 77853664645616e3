#include <sstream>
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

// --- a function that was there ---

// Beside a tracker: its function draws by itself.
constexpr auto of_a_sequence = R"(
  CREATE SEQUENCE numbers START 5001;
  CREATE FUNCTION get_next_sequence() RETURNS BIGINT LANGUAGE sql AS
    $$ SELECT nextval('numbers') $$)";
constexpr auto of_a_named_row = R"(
  CREATE TABLE sequence_tracker (id INTEGER PRIMARY KEY, name TEXT, last_sequence BIGINT NOT NULL);
  INSERT INTO sequence_tracker VALUES (1, 'orders', 7), (2, 'klines', 900);
  CREATE FUNCTION get_next_sequence() RETURNS BIGINT LANGUAGE sql AS $$ UPDATE sequence_tracker
    SET last_sequence = last_sequence + 1 WHERE name = 'klines' RETURNING last_sequence $$)";
constexpr auto by_its_owners_rights = R"(
  CREATE TABLE sequence_tracker (last_sequence BIGINT NOT NULL);
  INSERT INTO sequence_tracker VALUES (40);
  CREATE FUNCTION get_next_sequence() RETURNS INTEGER LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public SET lock_timeout = '7s' SET "my.word" = 'it''s, so' AS
    $$ DECLARE n INTEGER; BEGIN UPDATE sequence_tracker SET last_sequence = last_sequence + 1
       RETURNING last_sequence INTO n; RETURN n; END $$;
  COMMENT ON FUNCTION get_next_sequence() IS 'theirs')";
constexpr auto by_identity = R"(
  CREATE TABLE sequence_tracker (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    last_sequence BIGINT NOT NULL CHECK (last_sequence > 0));
  INSERT INTO sequence_tracker (last_sequence) VALUES (41))";
constexpr auto few = R"(
  CREATE TABLE sequence_tracker (id INTEGER PRIMARY KEY, last_sequence BIGINT NOT NULL,
    CONSTRAINT few CHECK (id < 10));
  INSERT INTO sequence_tracker VALUES (1, 41);
  ALTER TABLE sequence_tracker ADD CONSTRAINT no_new CHECK (last_sequence > 9))";

std::string first_word_of_each(const std::string& said) {
  std::string out;
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);)
    out += line.substr(0, line.find(':')) + "; ";
  return out;
}

TEST(AForeignFunction, IsKeptWhereItDrawsFromASequence) {
  test_database db;
  db.run(of_a_sequence);
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "5001");
  const std::string said =
      "kept get_next_sequence(): there was no table sequence_tracker, so it counts something else. "
      "It stays as it is; to have TradePulse's, set last_sequence of the row of sequence_tracker "
      "that has neither symbol nor stream to what was given last, DROP FUNCTION "
      "get_next_sequence(), and migrate again\n";
  EXPECT_EQ(migrated(db), said);
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "5002");
  EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'mine')"), "1");
  EXPECT_EQ(migrated(db), said); // each time
  // As it was told.
  db.run("UPDATE sequence_tracker SET last_sequence = 5002 WHERE symbol IS NULL; "
         "DROP FUNCTION get_next_sequence()");
  EXPECT_EQ(migrated(db), "");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "5003");
  EXPECT_EQ(migrated(db), "");
}

TEST(AForeignFunction, IsKeptWhereATrackerStandsBesideTheSequence) {
  test_database db;
  db.run(std::string(of_a_sequence) +
         "; CREATE TABLE sequence_tracker (id INT PRIMARY KEY, last_sequence BIGINT);"
         "INSERT INTO sequence_tracker VALUES (1, 3)");
  const auto said = migrated(db);
  EXPECT_TRUE(holds(said, "kept get_next_sequence(): it does not name sequence_tracker, so it "
                          "counts something else. It stays as it is"))
      << said;
  EXPECT_TRUE(holds(said, "adopted sequence_tracker: 1 rows kept")) << said;
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "5001");
  EXPECT_EQ(migrated(db, {"sequence_tracker"}).substr(0, 26), "kept get_next_sequence(): ");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "5002");
}

TEST(AForeignFunction, IsKeptWhereItCountsOneOfSeveralRows) {
  test_database db;
  db.run(of_a_named_row);
  EXPECT_EQ(migrated(db),
            "kept get_next_sequence(): 2 rows of sequence_tracker have neither symbol nor stream, "
            "and which one it counts is not known. It stays as it is; give those that it does not "
            "count a symbol and a stream, and migrate again\n"
            "adopted sequence_tracker: 2 rows kept\n");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "901");
  db.run("UPDATE sequence_tracker SET symbol = 'orders', stream = 'orders' WHERE id = 1");
  EXPECT_EQ(migrated(db), "replaced get_next_sequence(): it goes on from the same row; what it was "
                          "is in adopted_names.definition\n");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "902");
  EXPECT_EQ(db.value("SELECT get_next_sequence('orders', 'orders')"), "8");
}

// A view in the place of the table would refuse what it does.
TEST(AForeignFunction, HindersATableFromMakingRoomWhereItCountsOneOfSeveralRows) {
  test_database db;
  db.run(of_a_named_row);
  const auto said = migrated(db, {"sequence_tracker"});
  EXPECT_TRUE(holds(said, "adopt.replace: sequence_tracker cannot make room for a view: 2 rows of "
                          "sequence_tracker have neither symbol nor stream, and which one it "
                          "counts is not known, and a view refuses it"))
      << said;
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "901");
  EXPECT_EQ(db.value("SELECT to_regclass('sequence_tracker_before_tradepulse') IS NULL"), "t");
}

TEST(AForeignFunction, GoesOnByWhoseRightsAndWithWhichSettingsItRan) {
  for (const bool replaced : {false, true}) {
    test_database db;
    const auto role = "tp_draws_" + db.name();
    db.run(std::string(by_its_owners_rights) + "; CREATE ROLE " + role +
           "; REVOKE EXECUTE ON FUNCTION get_next_sequence() FROM PUBLIC; "
           "GRANT EXECUTE ON FUNCTION get_next_sequence() TO " +
           role);
    const std::string draw = "SELECT get_next_sequence()";
    const auto as_role = [&](const std::string& statement) {
      db.run("SET ROLE " + role);
      const auto out = refusal(db, statement);
      db.run("RESET ROLE");
      return out;
    };
    EXPECT_EQ(as_role(draw), "done");
    const auto said = replaced ? migrated(db, {"sequence_tracker"}) : migrated(db);
    EXPECT_TRUE(holds(said, "replaced get_next_sequence(): it goes on from the same row")) << said;
    EXPECT_EQ(as_role(draw), "done");
    EXPECT_TRUE(holds(as_role("SELECT 1 FROM sequence_tracker"), "permission denied"));
    EXPECT_EQ(db.value(draw), "43");
    EXPECT_EQ(db.value("SELECT concat_ws(' | ', prosecdef, provolatile, proconfig) FROM pg_proc "
                       "WHERE proname = 'get_next_sequence' AND pronargs = 0"),
              "t | v | {\"search_path=public, pg_temp\",lock_timeout=7s,\"my.word=it's, so\"}");
    // Written anew because of another name: as it is.
    db.run("DELETE FROM adopted_names WHERE name = 'klines'; DROP VIEW klines");
    migrated(db);
    EXPECT_EQ(as_role(draw), "done");
    EXPECT_EQ(db.value("SELECT pg_typeof(get_next_sequence())"), "integer");
    db.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
  }
}

// Who could count by rights on the table counts in ours.
TEST(AForeignFunction, CountsForWhoeverHadTheRightsOnATableThatMadeRoom) {
  test_database db;
  const auto role = "tp_counts_" + db.name();
  db.run(std::string(one_row) + "; CREATE ROLE " + role +
         "; GRANT SELECT, UPDATE ON sequence_tracker TO " + role);
  migrated(db, {"sequence_tracker"});
  db.run("SET ROLE " + role);
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "4712");
  db.run("RESET ROLE; DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST(AForeignFunction, IsKeptUnderWhateverArgumentsItIsCalled) {
  for (const auto& [function, name] :
       {std::pair{"get_next_sequence(kind TEXT DEFAULT 'a')", "get_next_sequence()"},
        {"get_next_sequence(symbol TEXT, stream TEXT)", "get_next_sequence(symbol, stream)"},
        {"get_next_sequence(a VARCHAR, b VARCHAR, c INT DEFAULT 1)",
         "get_next_sequence(symbol, stream)"}}) {
    test_database db;
    db.run(std::string("CREATE FUNCTION ") + function +
           " RETURNS TEXT LANGUAGE sql AS $$ SELECT 'theirs' $$");
    const auto said = migrated(db);
    EXPECT_TRUE(holds(said, std::string("kept ") + name + ": ")) << said;
    const bool global = std::string(name) == "get_next_sequence()";
    EXPECT_EQ(db.value("SELECT get_next_sequence()"), global ? "theirs" : "1");
    EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'x')"), global ? "1" : "theirs");
    EXPECT_EQ(migrated(db), said);
  }
}

TEST(AForeignFunction, IsKnownAgainAlthoughItWasWrittenOverOurs) {
  test_database db;
  migrated(db);
  db.run("CREATE OR REPLACE FUNCTION get_next_sequence() RETURNS BIGINT LANGUAGE sql AS "
         "$$ SELECT 77::bigint $$");
  db.run("DELETE FROM adopted_names WHERE name = 'klines'; DROP VIEW klines");
  EXPECT_EQ(first_word_of_each(migrated(db)), "kept get_next_sequence(); ");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "77");
}

TEST(SequenceTracker, MayGiveIdsByItselfAndRefuseZero) {
  test_database db;
  db.run(by_identity);
  EXPECT_TRUE(holds(migrated(db), "adopted sequence_tracker: 1 rows kept"));
  EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'mine')"), "1");
  EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'mine')"), "2");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "42");
  db.run("DELETE FROM sequence_tracker WHERE symbol IS NULL");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "1");
  database_session session(db.settings("tracker"), test::shared_watchdog());
  const auto fault = session.attempt([&](database_session::call& call) {
    pqxx::work transaction(call.connection);
    write_tracker(call, "sequence_tracker",
                  {{{symbol::parse("A").value(), "price", {epoch{1}, sequence{5}}}}});
    transaction.commit();
  });
  EXPECT_FALSE(fault) << fault->as_error().detail;
  EXPECT_EQ(db.value("SELECT last_sequence FROM sequence_tracker WHERE stream = 'price'"), "5");
}

TEST(SequenceTracker, GoesOnFromARowWithoutAnId) {
  test_database db;
  db.run("CREATE TABLE sequence_tracker (id INT, last_sequence BIGINT);"
         "INSERT INTO sequence_tracker VALUES (NULL, 500)");
  EXPECT_TRUE(holds(migrated(db), "adopted sequence_tracker: 1 rows kept"));
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "501");
}

TEST(SequenceTracker, IsKeptWhereARuleOfItRefusesRowsOfStreams) {
  struct {
    const char* table;
    const char* said;
  } cases[] = {
      {few, "kept sequence_tracker: new row for relation \"sequence_tracker\" violates check "
            "constraint \"no_new\""},
      {"CREATE TABLE sequence_tracker (last_sequence BIGINT, "
       "id BIGINT GENERATED ALWAYS AS (last_sequence) STORED); "
       "INSERT INTO sequence_tracker VALUES (41)",
       "kept sequence_tracker: cannot insert a non-DEFAULT value into column \"id\""},
  };
  for (const auto& [table, refused] : cases) {
    test_database db;
    db.run(table);
    const auto said = migrated(db);
    EXPECT_TRUE(holds(said, refused)) << said;
    EXPECT_EQ(db.value("SELECT tradepulse_tracker_target()"), "sequence_tracker_tradepulse");
    EXPECT_EQ(db.value("SELECT count(*) FROM information_schema.columns WHERE table_name = "
                       "'sequence_tracker'"),
              "2");
    EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'x')"), "1");
  }
}

// --- databases that were migrated before ---

// The functions, the names and what is told of them, and the numbers that come next.
std::string outcome(test_database& db) {
  std::string out;
  for (const auto& row :
       db.run("SELECT pg_get_functiondef(oid), proowner, proacl, obj_description(oid) FROM pg_proc "
              "WHERE proname = 'get_next_sequence' ORDER BY pronargs"))
    out += std::string(row[0].c_str()) + row[1].c_str() + row[2].c_str() + row[3].c_str() + "\n";
  for (const auto& row : db.run("SELECT name, state, detail, definition FROM adopted_names "
                                "WHERE name ~ 'sequence' ORDER BY name"))
    out += std::string(row[0].c_str()) + ": " + row[1].c_str() + " " + row[2].c_str() + " " +
           row[3].c_str() + "\n";
  return out + db.value("SELECT get_next_sequence()") + " " +
         db.value("SELECT get_next_sequence('A', 'x')") + " " +
         db.value("SELECT get_next_sequence()");
}

TEST(SequenceFunctions, AreTheSameWhereAnEarlierProgramHadMigrated) {
  auto before = test::source_migrations();
  before.resize(17);
  const std::vector<std::string> none;
  const std::vector<std::string> tracker{"sequence_tracker"};
  for (const auto& [standing, replace] :
       {std::pair{"SELECT 1", none},
        {one_row, none},
        {of_a_sequence, none},
        {of_a_named_row, none},
        {by_its_owners_rights, none},
        {by_identity, none},
        {by_its_owners_rights, tracker}}) {
    test_database fresh;
    test_database older;
    fresh.run(standing);
    older.run(standing);
    ASSERT_TRUE(migrate(older.settings(), before, {.adopt_replace = replace}));
    const auto told = migrated(fresh, replace);
    const auto told_again = migrated(older, replace);
    EXPECT_TRUE(holds(told, told_again)) << told << "but\n" << told_again;
    EXPECT_EQ(outcome(fresh), outcome(older)) << standing;
    EXPECT_EQ(migrated(fresh), migrated(older));
  }
}

// Theirs could be behind what ours has given since: it is told, and left to the operator.
TEST(SequenceFunctions, StayOursWhereNumbersWereDrawnSince) {
  auto before = test::source_migrations();
  before.resize(17);
  for (const auto& [standing, next] : {std::pair{of_a_sequence, 2}, {of_a_named_row, 9}}) {
    test_database db;
    db.run(standing);
    ASSERT_TRUE(migrate(db.settings(), before));
    EXPECT_EQ(db.value("SELECT get_next_sequence()"), std::to_string(next - 1));
    const auto said = migrated(db);
    EXPECT_TRUE(holds(said, "replaced get_next_sequence(): an earlier migrate did, though "))
        << said;
    EXPECT_TRUE(holds(said, ", and sequence_tracker counts since. What it was is in "
                            "adopted_names.definition: where numbers went back, set last_sequence "
                            "of the row that has neither symbol nor stream"))
        << said;
    EXPECT_EQ(db.value("SELECT get_next_sequence()"), std::to_string(next));
    EXPECT_EQ(migrated(db), "");
  }
}

TEST(SequenceFunctions, StayOursWhereAnEarlierProgramHadMadeRoomForAView) {
  auto before = test::source_migrations();
  before.resize(17);
  test_database db;
  db.run(of_a_named_row);
  ASSERT_TRUE(migrate(db.settings(), before, {.adopt_replace = {"sequence_tracker"}}));
  const auto said = migrated(db);
  EXPECT_TRUE(holds(said, "replaced get_next_sequence(): an earlier migrate did, though 2 rows of "
                          "sequence_tracker have neither symbol nor stream"))
      << said;
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "8");
}

TEST(SequenceFunctions, GoAsideWithATrackerThatCannotBeUsed) {
  auto before = test::source_migrations();
  before.resize(17);
  test_database db;
  db.run(few);
  ASSERT_TRUE(migrate(db.settings(), before));
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "42");
  const auto said = migrated(db);
  EXPECT_TRUE(holds(said, "kept sequence_tracker: new row for relation \"sequence_tracker\" "
                          "violates check constraint \"no_new\". It stays as it is"))
      << said;
  EXPECT_EQ(db.value("SELECT get_next_sequence('A', 'x')"), "1");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "43");
  db.run("ALTER TABLE sequence_tracker DROP CONSTRAINT no_new");
  EXPECT_TRUE(holds(migrated(db), "adopted sequence_tracker: 1 rows kept"));
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
