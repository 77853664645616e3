// Which leaves retention takes away, and what readers and writers are told then.
#include <gtest/gtest.h>

#include "adapters/postgres/history_store_postgres.hpp"
#include "tests/adapters/postgres/support/events.hpp"
#include "tests/adapters/postgres/support/trimmed.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t noon_of_august_1 = 1'722'513'600'000;

class JournalTrim : public testing::Test {
 protected:
  JournalTrim() { db.migrate(); }
  ~JournalTrim() override {
    if (!role.empty())
      db.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
  }

  // A: 1..10, 11..20, 21..30 on three days; B: 1..5 on the first alone.
  void three_days() {
    journal(db, "A", 1, "2024-08-01", 1, 10);
    journal(db, "A", 1, "2024-08-02", 11, 20);
    journal(db, "A", 1, "2024-08-03", 21, 30);
    journal(db, "B", 1, "2024-08-01", 1, 5);
  }
  std::string trimmed(const std::string& now, int keep_days = 7) {
    return words(trim(db.settings("trim"), now, keep_days));
  }
  history_page read(std::string_view name, stream_position after) {
    history_store_postgres store(db.settings("reader"), shared_watchdog());
    return store.read(behind(name, after)).value();
  }

  test_database db;
  std::string role;
};

// August 1 ends on the 2nd; seven days later its last event is too old, a day after that it goes.
TEST_F(JournalTrim, ALeafGoesADayAfterItsLastEventBecameTooOld) {
  three_days();
  EXPECT_EQ(trimmed("2024-08-09T23:59:59.999Z"), "; oldest 2024-08-01");
  EXPECT_EQ(leaves(db), "20240801 20240802 20240803");
  EXPECT_EQ(trimmed("2024-08-10T00:00:00Z"), "journal_prices_20240801; oldest 2024-08-02");
  EXPECT_EQ(leaves(db), "20240802 20240803");
  EXPECT_EQ(told(db), "2024-08-02 2024-08-03");
  EXPECT_EQ(trimmed("2024-08-10T00:00:00Z"), "; oldest 2024-08-02");
}

TEST_F(JournalTrim, ALongerRuleKeepsMore) {
  three_days();
  EXPECT_EQ(trimmed("2024-08-20T00:00:00Z", 17), "journal_prices_20240801; oldest 2024-08-02");
  EXPECT_EQ(trimmed("2024-08-20T00:00:00Z", 1),
            "journal_prices_20240802 journal_prices_20240803; oldest none");
}

TEST_F(JournalTrim, TheLowestPositionIsThatOfTheOldestLeafLeft) {
  three_days();
  trimmed("2024-08-10T00:00:00Z");
  const auto page = read("A", pos(1, 0));
  EXPECT_EQ(words(page), "1/11..30");
  EXPECT_EQ(page.lowest, pos(1, 11));
  EXPECT_EQ(page.highest, pos(1, 30));
}

TEST_F(JournalTrim, AStreamWithoutALeafKeepsItsCommittedPositionAndNothingElse) {
  three_days();
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp, epoch, last_sequence, home_topic, "
         "home_partition) VALUES ('B', 1, 1, 1, 5, 't', 0)");
  trimmed("2024-08-10T00:00:00Z");
  const auto page = read("B", pos(1, 2));
  EXPECT_EQ(words(page), "");
  EXPECT_EQ(page.lowest, pos(0, 0));
  EXPECT_EQ(page.highest, pos(0, 0));
  EXPECT_EQ(page.committed, pos(1, 5));
}

TEST_F(JournalTrim, ALookSaysWhatWouldGoAndTakesNothingAway) {
  three_days();
  const std::vector<journal_rule> rules{{"price", std::chrono::days{7}}};
  journal_trimmer trimmer(db.settings("trim"), shared_watchdog());
  EXPECT_EQ(words(trimmer.look(rules, at_time("2024-08-11T00:00:00Z"))),
            "journal_prices_20240801 journal_prices_20240802; oldest 2024-08-03");
  EXPECT_EQ(leaves(db), "20240801 20240802 20240803");
  EXPECT_EQ(told(db), "2024-08-01 2024-08-02 2024-08-03");
}

// The server's clock is of today: a process whose clock is a hundred years ahead takes away what
// is old today and no more.
TEST_F(JournalTrim, OneClockThatIsAheadTakesNothingAway) {
  const auto today = db.value("SELECT (now() AT TIME ZONE 'UTC')::date");
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 1, today, 11, 20);
  EXPECT_EQ(trimmed("2090-01-01T00:00:00Z"), "journal_prices_20240801; oldest " + today);
}

TEST_F(JournalTrim, OnlyTablesThatAreLeavesGo) {
  db.run("CREATE TABLE journal_prices_20230101 (a INT)"); // has the name
  db.run("CREATE TABLE journal_prices_20230102 PARTITION OF journal_prices FOR VALUES FROM (1) "
         "TO (2)"); // and is one, with other bounds
  db.run("CREATE TABLE journal_prices_99999999 PARTITION OF journal_prices FOR VALUES FROM (2) "
         "TO (3)");
  three_days();
  db.run("ALTER TABLE journal_prices DETACH PARTITION journal_prices_20240801"); // to be kept
  EXPECT_EQ(trimmed("2024-08-11T00:00:00Z"), "journal_prices_20240802; oldest 2024-08-03");
  EXPECT_EQ(leaves(db), "20230101(detached) 20230102 20240801(detached) 20240803 99999999");
  // Nobody is told that there is something to read in a leaf that is not of the journal.
  EXPECT_EQ(told(db), "2024-08-03");
}

TEST_F(JournalTrim, StreamsOfOtherKindsKeepTheirRows) {
  three_days();
  db.run("INSERT INTO journal_streams (symbol, stream) VALUES ('A', 'trade')");
  db.run("INSERT INTO journal_leaves SELECT stream_id, 1, '2024-08-01', 1 FROM journal_streams "
         "WHERE stream = 'trade'");
  EXPECT_EQ(trimmed("2024-08-10T00:00:00Z"), "journal_prices_20240801; oldest 2024-08-02");
  EXPECT_EQ(db.value("SELECT string_agg(stream || ' ' || symbol, ',') FROM journal_leaves JOIN "
                     "journal_streams USING (stream_id) WHERE leaf = '2024-08-01'"),
            "trade A");
}

// The process stood still for days between the choice of the commit time and the commit.
TEST_F(JournalTrim, AWriterWithAnOldBatchMakesItsLeafAnewAndTheNextRunTakesIt) {
  kept_events events;
  range_store_postgres store(db.settings("writer"), shared_watchdog());
  own(store, part0);
  auto write = [&](std::int64_t from, std::int64_t to, std::int64_t at) {
    return word(
        store.commit(journalled(range(part0, 1, from, to, {row("A", 1, to, "1", 1000 + to)}),
                                {events.run_of("A", 1, from + 1, to - from, from)}, at)));
  };
  ASSERT_EQ(write(0, 10, noon_of_august_1), "committed 1");
  EXPECT_EQ(trimmed("2024-08-10T00:00:00Z"), "journal_prices_20240801; oldest none");
  // It knows the leaf and that A has entered it: both are asked for again.
  EXPECT_EQ(write(10, 15, noon_of_august_1), "committed 1");
  EXPECT_EQ(write(15, 20, noon_of_august_1 + 9 * 86'400'000LL), "committed 1");
  auto page = read("A", pos(1, 0));
  EXPECT_EQ(words(page), "1/11..20");
  EXPECT_EQ(page.lowest, pos(1, 11));
  EXPECT_EQ(trimmed("2024-08-10T01:00:00Z"), "journal_prices_20240801; oldest 2024-08-10");
  page = read("A", pos(1, 0));
  EXPECT_EQ(words(page), "1/16..20");
  EXPECT_EQ(page.lowest, pos(1, 16));
}

TEST_F(JournalTrim, WhoDoesNotOwnTheJournalIsToldWhatToGrant) {
  three_days();
  role = db.name() + "_app";
  db.run("CREATE ROLE " + role + " LOGIN PASSWORD 'of the test'");
  db.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role);
  auto settings = db.settings("trim");
  settings.url += " user=" + role + " password='of the test'";
  // Nothing is due: no alarm.
  EXPECT_EQ(words(trim(settings, "2024-08-09T00:00:00Z", 7)), "; oldest 2024-08-01");
  const auto owner = db.value("SELECT quote_ident(current_user)");
  const auto done = trim(settings, "2024-08-10T00:00:00Z", 7);
  EXPECT_EQ(words(done), "; role " + role + " may not take leaves of journal_prices away, which " +
                             owner + " owns: GRANT " + owner + " TO " + role + ", or connect as " +
                             owner);
  EXPECT_EQ(done.failures.at(0).code, errc::forbidden);
  EXPECT_EQ(told(db), "2024-08-01 2024-08-02 2024-08-03");

  db.run("GRANT " + owner + " TO " + role);
  EXPECT_EQ(words(trim(settings, "2024-08-10T00:00:00Z", 7)),
            "journal_prices_20240801; oldest 2024-08-02");
}

TEST_F(JournalTrim, ADatabaseThatIsAwayIsAFailureAndNoMore) {
  postgres_settings nowhere;
  nowhere.host = "127.0.0.1";
  nowhere.port = "1";
  const auto done = trim(nowhere, "2024-08-10T00:00:00Z", 7);
  ASSERT_EQ(done.failures.size(), 1U);
  EXPECT_EQ(done.failures.at(0).code, errc::database_unavailable);
  EXPECT_TRUE(done.gone.empty());
}

} // namespace
} // namespace tradepulse
