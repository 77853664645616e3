// The position that a time names: the last event that was committed before it.
#include <gtest/gtest.h>

#include "adapters/postgres/history_statements.hpp"
#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/journal_page.hpp"
#include "tests/adapters/postgres/support/journal.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t august_1 = 1'722'470'400'000; // 2024-08-01 UTC
constexpr std::int64_t day = 86'400'000;

class HistoryTime : public testing::Test {
 protected:
  HistoryTime() { db.migrate(); }

  static history_query since(std::string_view name, std::int64_t ms, std::size_t limit = 0) {
    auto out = behind(name, pos(0, 0), limit);
    out.time = at_ms(ms);
    return out;
  }
  history_page page(const history_query& query) {
    auto read = store.read(query);
    EXPECT_TRUE(read) << read.failure().detail;
    return read ? *read : history_page{};
  }
  // "1/5", "1/0 older"
  std::string before(std::int64_t ms, std::string_view name = "A") {
    const auto found = page(since(name, ms));
    EXPECT_EQ(words(found), ""); // only where it is
    return words(found.after) + (found.older ? " older" : "");
  }
  // The commit times of numbers of an epoch of A.
  void committed(std::int64_t in_epoch, std::int64_t first, std::int64_t last, std::int64_t ms) {
    db.run("UPDATE journal_prices SET commit_time = " + std::to_string(ms) +
           " WHERE epoch = " + std::to_string(in_epoch) + " AND seq BETWEEN " +
           std::to_string(first) + " AND " + std::to_string(last));
  }

  test_database db;
  history_store_postgres store{db.settings("reader"), shared_watchdog()};
};

// The event `n` of journal() is committed n milliseconds into its day.
TEST_F(HistoryTime, NamesTheLastEventThatWasCommittedBefore) {
  journal(db, "A", 1, "2024-08-01", 1, 1000);
  for (const std::int64_t n : {2, 3, 499, 500, 501, 777, 999, 1000})
    EXPECT_EQ(before(august_1 + n), "1/" + std::to_string(n - 1));
  EXPECT_EQ(before(august_1 + 1001), "1/1000");
  EXPECT_EQ(before(august_1 + 1), "1/0"); // all of it; and nothing was before
}

TEST_F(HistoryTime, IsBeforeAllOfABatch) {
  journal(db, "A", 1, "2024-08-01", 1, 1000);
  committed(1, 1, 9, august_1 + 10);
  committed(1, 10, 900, august_1 + 20);
  committed(1, 901, 1000, august_1 + 30);
  EXPECT_EQ(before(august_1 + 10), "1/0");
  EXPECT_EQ(before(august_1 + 11), "1/9");
  EXPECT_EQ(before(august_1 + 20), "1/9");
  EXPECT_EQ(before(august_1 + 21), "1/900");
  EXPECT_EQ(before(august_1 + 30), "1/900");
  EXPECT_EQ(before(august_1 + 31), "1/1000");
}

TEST_F(HistoryTime, IsTheHighestThatIsCommittedWhereTheTimeIsBehindAll) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  EXPECT_EQ(before(august_1 + day - 1), "1/10");
  EXPECT_EQ(before(august_1 + day), "1/10");
  EXPECT_EQ(before(4'102'444'799'999), "1/10"); // in 2099
  journal(db, "A", 2, "2024-08-03", 1, 4);
  EXPECT_EQ(before(4'102'444'799'999), "2/4");
}

TEST_F(HistoryTime, GoesFromLeafToLeafAlsoOverDaysWithoutAny) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 1, "2024-08-02", 11, 20);
  journal(db, "A", 1, "2024-08-05", 21, 30);
  EXPECT_EQ(before(august_1 + day - 1), "1/10");
  EXPECT_EQ(before(august_1 + day), "1/10");
  EXPECT_EQ(before(august_1 + day + 11), "1/10"); // the first of a leaf
  EXPECT_EQ(before(august_1 + day + 12), "1/11");
  EXPECT_EQ(before(august_1 + day + 20), "1/19"); // its last
  EXPECT_EQ(before(august_1 + day + 21), "1/20");
  EXPECT_EQ(before(august_1 + 3 * day), "1/20"); // the 4th, of which there is no leaf
  EXPECT_EQ(before(august_1 + 4 * day + 21), "1/20");
  EXPECT_EQ(before(august_1 + 4 * day + 22), "1/21");
  committed(1, 11, 11, august_1 + day); // at midnight
  EXPECT_EQ(before(august_1 + day), "1/10");
  EXPECT_EQ(before(august_1 + day + 1), "1/11");
}

TEST_F(HistoryTime, IsTheLowestPositionWhereItIsOlderThanAllThatIsKept) {
  journal(db, "A", 1, "2024-08-02", 11, 20);
  EXPECT_EQ(before(august_1), "1/10 older");
  EXPECT_EQ(before(august_1 + day + 11), "1/10 older");
  EXPECT_EQ(before(august_1 + day + 12), "1/11");
  EXPECT_EQ(before(946'684'800'000), "1/10 older"); // 2000
  // An epoch that begins with its first event may follow one of which nothing is kept.
  journal(db, "B", 3, "2024-08-02", 1, 5);
  EXPECT_EQ(before(august_1, "B"), "3/0 older");
  journal(db, "C", 1, "2024-08-02", 1, 5);
  EXPECT_EQ(before(august_1, "C"), "1/0");
}

TEST_F(HistoryTime, HasNothingOfAStreamThatIsNotInTheJournal) {
  EXPECT_EQ(before(august_1, "NOPE"), "0/0"); // all that ever comes
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp, epoch, last_sequence) "
         "VALUES ('OLD', 1, 1, 2, 77)");
  EXPECT_EQ(before(august_1, "OLD"), "2/77 older"); // it was numbered before there was a journal
}

TEST_F(HistoryTime, KeepsStreamsApart) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "B", 1, "2024-08-01", 1, 99);
  EXPECT_EQ(before(august_1 + 50), "1/10");
  EXPECT_EQ(before(august_1 + 50, "B"), "1/49");
}

// The journal was off for a while.
TEST_F(HistoryTime, FindsItsWayThroughNumbersThatAreMissing) {
  journal(db, "A", 1, "2024-08-01", 1, 1000);
  db.run("DELETE FROM journal_prices WHERE seq BETWEEN 200 AND 949");
  EXPECT_EQ(before(august_1 + 199), "1/198");
  EXPECT_EQ(before(august_1 + 200), "1/199");
  EXPECT_EQ(before(august_1 + 600), "1/199");
  EXPECT_EQ(before(august_1 + 950), "1/199");
  EXPECT_EQ(before(august_1 + 951), "1/950");
}

// --- epochs ------------------------------------------------------------------------------------

TEST_F(HistoryTime, GoesFromEpochToEpoch) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 2, "2024-08-01", 1, 40);
  committed(2, 1, 20, august_1 + 100);
  committed(2, 21, 40, august_1 + 200);
  journal(db, "A", 3, "2024-08-02", 1, 5);
  EXPECT_EQ(before(august_1 + 5), "1/4");
  EXPECT_EQ(before(august_1 + 11), "1/10"); // not 2/0: more of epoch 1 might come behind it
  EXPECT_EQ(before(august_1 + 100), "1/10");
  EXPECT_EQ(before(august_1 + 101), "2/20");
  EXPECT_EQ(before(august_1 + 201), "2/40");
  EXPECT_EQ(before(august_1 + day + 1), "2/40");
  EXPECT_EQ(before(august_1 + day + 2), "3/1");
}

// Its old home's writer was behind, or had a clock that was ahead: an earlier position, which
// brings events again that were committed before, and none is skipped.
TEST_F(HistoryTime, StartsInTheEpochThatWasStillCommittedWhenAStreamHasMovedHome) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 2, "2024-08-01", 1, 5);
  committed(1, 1, 4, august_1 + 100);
  committed(1, 5, 10, august_1 + 500);
  committed(2, 1, 5, august_1 + 300);
  EXPECT_EQ(before(august_1 + 301), "1/4");
  EXPECT_EQ(before(august_1 + 400), "1/4");
  EXPECT_EQ(before(august_1 + 500), "1/4");
  EXPECT_EQ(before(august_1 + 501), "2/5");
}

TEST_F(HistoryTime, StartsInTheOlderEpochAlsoWhereThatWasCommittedOnALaterDay) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 1, "2024-08-03", 11, 12); // a clock that is two days ahead
  journal(db, "A", 2, "2024-08-01", 1, 5);
  journal(db, "A", 2, "2024-08-02", 6, 9);
  EXPECT_EQ(before(august_1 + day + 7), "1/10");
  EXPECT_EQ(before(august_1 + 2 * day + 12), "1/11");
  EXPECT_EQ(before(august_1 + 2 * day + 13), "2/9");
}

// A stream that is unordered has an epoch for each claim.
TEST_F(HistoryTime, LooksThroughSoManyEpochsOfADayAndStopsEarlyWhereThereAreMore) {
  for (int e = 1; e <= 70; ++e)
    journal(db, "A", e, "2024-08-01", 1, 3);
  for (int e = 1; e <= 70; ++e)
    committed(e, 1, 3, august_1 + e * 10);
  EXPECT_EQ(before(august_1 + 300), "29/3");
  EXPECT_EQ(before(august_1 + 640), "63/3");
  EXPECT_EQ(before(august_1 + 690), "64/3"); // 68/3 would do as well
  EXPECT_EQ(before(august_1 + day), "70/3"); // no leaf of that day
}

// --- pages -------------------------------------------------------------------------------------

TEST_F(HistoryTime, CanBeReadOnFromInTheSameLook) {
  journal(db, "A", 1, "2024-08-01", 1, 100);
  const auto got = page(since("A", august_1 + 40, 5));
  EXPECT_EQ(words(got), "1/40..44 more");
  EXPECT_EQ(got.after, pos(1, 39));
  EXPECT_EQ(got.lowest, pos(1, 1));
  EXPECT_EQ(got.highest, pos(1, 100));
  EXPECT_EQ(words(page(since("A", august_1 + 101, 5))), "");
}

// --- what it costs -----------------------------------------------------------------------------

TEST_F(HistoryTime, LooksIntoTheIndexOnceForEachHalf) {
  journal(db, "A", 1, "2024-08-01", 1, 50'000);
  db.run("ANALYZE");
  pqxx::connection connection(
      connection_string(settings_of_journal_readers(db.settings("plans"))).value());
  pqxx::nontransaction transaction(connection);
  transaction.exec("PREPARE asked AS " + sql::since_of_leaf("20240801"));
  std::string plan;
  for (const auto& row : transaction.exec(
           "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE asked (1, 1, 0, 50000, " +
           std::to_string(august_1 + 31'416) + ")"))
    plan += row[0].as<std::string>() + "\n";
  // 2^16 is the first power of two that is not less.
  EXPECT_NE(plan.find("Index Scan using journal_prices_20240801_position on "
                      "journal_prices_20240801 (actual rows=1 loops=16)"),
            std::string::npos)
      << plan;
  for (const char* other : {"Seq Scan", "Bitmap", "Sort"})
    EXPECT_EQ(plan.find(other), std::string::npos) << other << " in\n" << plan;
}

TEST_F(HistoryTime, LooksLeavesUpByTheKeyOfTheirTableAlone) {
  for (int n = 0; n < 20; ++n)
    journal(db, "A", 1, "2024-08-" + std::to_string(10 + n), n * 10 + 1, n * 10 + 10);
  pqxx::connection connection(
      connection_string(settings_of_journal_readers(db.settings("plans"))).value());
  pqxx::nontransaction transaction(connection);
  transaction.exec("PREPARE places AS " + sql::places_of_time());
  transaction.exec("PREPARE before AS " + sql::journal_leaf_before());
  std::string plans;
  for (const char* asked : {"places ('A', 'price', '20240815')", "before (1, 1, '20240815')"})
    for (const auto& row : transaction.exec("EXPLAIN (COSTS OFF) EXECUTE " + std::string(asked)))
      plans += row[0].as<std::string>() + "\n";
  EXPECT_NE(plans.find("journal_leaves_pkey"), std::string::npos) << plans;
  EXPECT_NE(plans.find("AND (leaf >= "), std::string::npos) << plans;
  for (const char* other : {"Seq Scan", "Bitmap", "Sort", "Hash", "Filter: (stream_id",
                            "Filter: (leaf", "journal_prices"})
    EXPECT_EQ(plans.find(other), std::string::npos) << other << " in\n" << plans;
}

// Begin, leaves of the time, last of the leaf, halving, leaves of the position, highest, commit,
// lowest; whatever the leaf holds.
TEST_F(HistoryTime, AsksEightTimesForAPlaceWithinALeaf) {
  journal(db, "A", 1, "2024-08-01", 1, 20'000);
  wire_proxy proxy(db.host(), db.port());
  auto through = db.settings("counted");
  through.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
  history_store_postgres counted(through, shared_watchdog());
  ASSERT_TRUE(counted.read(since("A", august_1 + 77))); // also connects and prepares
  const auto before_it = proxy.round_trips();
  EXPECT_EQ(counted.read(since("A", august_1 + 12'345)).value().after, pos(1, 12'344));
  EXPECT_EQ(proxy.round_trips() - before_it, 8U);
}

} // namespace
} // namespace tradepulse
