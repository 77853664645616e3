#include <future>

#include <gtest/gtest.h>
#include <pqxx/pqxx>

#include "tests/adapters/postgres/support/rows.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"

// Two partitions feed a stream at the same time: the second transaction waits for the first one's
// rows, and judges what it then finds.
namespace tradepulse {
namespace {

using namespace test;

class CommitRace : public testing::Test {
 protected:
  CommitRace() {
    db.migrate();
    own(store, part0);
    EXPECT_EQ(word(store.commit(
                  range(part0, 1, 0, 2, {row("A", 1, 1, "1", 1000), row("B", 1, 1, "1", 1000)}))),
              "committed 2");
  }
  std::string stored(const std::string& name) {
    return db.value("SELECT concat_ws(' ', trim_scale(price), timestamp, epoch, last_sequence, "
                    "price_sequence) FROM price_snapshots WHERE symbol = '" +
                    name + "'");
  }
  // Commits while another transaction has done `first` and waits until the commit waits for it.
  std::string commit_behind(const std::string& first, std::vector<stream_row> rows) {
    pqxx::connection beside(connection_string(db.settings("beside")).value());
    pqxx::work transaction(beside);
    transaction.exec(first);
    auto outcome = std::async(std::launch::async, [&] {
      return word(store.commit(range(part0, 1, 2, 4, std::move(rows))));
    });
    EXPECT_TRUE(eventually([this] {
      return db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'node-1' "
                      "AND wait_event_type = 'Lock'") == "1";
    }));
    transaction.commit();
    return outcome.get();
  }

  test_database db;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
};

TEST_F(CommitRace, LeavesARowThatHasBecomeNewerAsItIs) {
  EXPECT_EQ(commit_behind("UPDATE price_snapshots SET price = 7, timestamp = 5000, epoch = 2, "
                          "last_sequence = 9, price_sequence = 9 WHERE symbol = 'A'",
                          {row("A", 1, 2, "2", 2000), row("B", 1, 2, "3", 2000)}),
            "committed 1");
  EXPECT_EQ(stored("A"), "7 5000 2 9 9");
  EXPECT_EQ(stored("B"), "3 2000 1 2 2");
}

TEST_F(CommitRace, TakesTheNewerEventAndKeepsTheGreaterPosition) {
  EXPECT_EQ(commit_behind("UPDATE price_snapshots SET last_sequence = 9 WHERE symbol = 'A'",
                          {row("A", 1, 2, "2", 2000)}),
            "committed 1");
  EXPECT_EQ(stored("A"), "2 2000 1 9 2");
}

TEST_F(CommitRace, TakesARowThatIsStillOlder) {
  EXPECT_EQ(commit_behind("UPDATE price_snapshots SET price = 7 WHERE symbol = 'A'",
                          {row("A", 1, 2, "2", 2000)}),
            "committed 1");
  EXPECT_EQ(stored("A"), "2 2000 1 2 2");
}

TEST_F(CommitRace, JudgesARowThatWasInsertedMeanwhile) {
  EXPECT_EQ(commit_behind("INSERT INTO price_snapshots (symbol, price, timestamp, epoch, "
                          "last_sequence, price_sequence) VALUES ('NEW', 7, 5000, 1, 1, 1)",
                          {row("NEW", 1, 2, "2", 2000)}),
            "committed 1");
  EXPECT_EQ(stored("NEW"), "7 5000 1 2 1");
}

} // namespace
} // namespace tradepulse
