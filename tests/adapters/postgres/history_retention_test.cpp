// Leaves that go away while a page is being read. Another session holds the leaf's lock, so that
// the page has looked its leaves up and waits, and takes the leaf away before it lets go.
#include <future>

#include <gtest/gtest.h>

#include "adapters/postgres/history_store_postgres.hpp"
#include "tests/adapters/postgres/support/journal.hpp"

namespace tradepulse {
namespace {

using namespace test;

class HistoryRetention : public testing::Test {
 protected:
  HistoryRetention() {
    db.migrate();
    journal(db, "A", 1, "2024-08-01", 1, 10);
    journal(db, "A", 1, "2024-08-02", 11, 20);
    auto patient = db.settings("reader");
    patient.lock_timeout = std::chrono::minutes{1};
    patient.statement_timeout = std::chrono::minutes{1};
    patient.watchdog_timeout = std::chrono::minutes{2};
    store.emplace(patient, shared_watchdog());
  }

  // Reads from the start; `meanwhile` runs between the look-up and the read of the first leaf.
  result<history_page> read_while(const std::string& meanwhile) {
    pqxx::connection other(connection_string(db.settings("retention")).value());
    pqxx::work transaction(other);
    transaction.exec("LOCK TABLE journal_prices_20240801 IN ACCESS EXCLUSIVE MODE");
    auto page =
        std::async(std::launch::async, [this] { return store->read(behind("A", pos(1, 0))); });
    EXPECT_TRUE(eventually([this] {
      return db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reader' "
                      "AND wait_event_type = 'Lock' AND datname = current_database()") == "1";
    }));
    transaction.exec(meanwhile);
    transaction.commit();
    return page.get();
  }

  test_database db;
  std::optional<history_store_postgres> store;
};

TEST_F(HistoryRetention, ALeafThatIsGoneIsLookedUpAgain) {
  const auto page = read_while("DELETE FROM journal_leaves WHERE leaf = '2024-08-01'; "
                               "DROP TABLE journal_prices_20240801");
  ASSERT_TRUE(page) << page.failure().detail;
  EXPECT_EQ(words(*page), "1/11..20");
  EXPECT_EQ(page->lowest, pos(1, 11));
}

// A leaf that was emptied looks, in the page's own view, like events that never were.
TEST_F(HistoryRetention, APageIntoWhichTheLowestPositionHasGoneUpIsReadAgain) {
  const auto page = read_while("DELETE FROM journal_leaves WHERE leaf = '2024-08-01'; "
                               "TRUNCATE journal_prices_20240801");
  ASSERT_TRUE(page) << page.failure().detail;
  EXPECT_EQ(words(*page), "1/11..20");
  EXPECT_EQ(page->lowest, pos(1, 11));
}

TEST_F(HistoryRetention, APageIsOfOneMomentAlsoWhereEventsComeMeanwhile) {
  const auto page = read_while(
      "INSERT INTO journal_leaves SELECT stream_id, 1, '2024-08-03', 21 FROM "
      "journal_streams; SELECT journal_leaf('journal_prices', DATE '2024-08-03'); INSERT INTO "
      "journal_prices SELECT 1, 1, 1, 1722643200001, 1, 21, NULL, stream_id, 1, 1, "
      "NULL, 0 FROM journal_streams");
  ASSERT_TRUE(page) << page.failure().detail;
  EXPECT_EQ(words(*page), "1/1..20");
  EXPECT_EQ(page->highest, pos(1, 20));
  EXPECT_EQ(words(store->read(behind("A", pos(1, 0))).value()), "1/1..21");
}

} // namespace
} // namespace tradepulse
