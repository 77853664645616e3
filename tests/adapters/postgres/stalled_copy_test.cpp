#include <gtest/gtest.h>

#include <libpq-fe.h>

#include "tests/adapters/postgres/support/rows.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"

// A process that stands still, or a network that forgot it, in the middle of a COPY.
namespace tradepulse {
namespace {

using namespace test;
using std::chrono::milliseconds;

class StalledCopy : public testing::Test {
 protected:
  StalledCopy() {
    db.migrate();
    own(store, part0);
    db.run("SELECT journal_leaf('journal_prices', '2023-11-14')");
  }
  ~StalledCopy() override { PQfinish(owner); }
  // A transaction of the old owner that holds its partition and goes no further.
  void stand_still(const std::string& last_statement) {
    owner = PQconnectdb((db.settings().url + " application_name=stands-still").c_str());
    PQclear(PQexec(owner, "BEGIN"));
    PQclear(PQexec(owner, "UPDATE ingest_offsets SET next_offset = 7 WHERE partition = 0"));
    ASSERT_EQ(PQsendQuery(owner, last_statement.c_str()), 1);
    ASSERT_TRUE(eventually([&] {
      return db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                      "'stands-still' AND state = 'active' AND query = '" +
                      last_statement + "' AND wait_event IS NOT NULL") == "1";
    }));
  }
  bool is_there() {
    return db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                    "'stands-still'") == "1";
  }
  void wait_until_it_stood_for(milliseconds time) {
    ASSERT_TRUE(eventually([&] {
      return db.value("SELECT clock_timestamp() - state_change > interval '" +
                      std::to_string(time.count()) +
                      " ms' FROM pg_stat_activity WHERE application_name = 'stands-still'") == "t";
    }));
  }
  postgres_settings patient_for(milliseconds limit) const {
    auto out = db.settings("next-owner");
    out.lock_timeout = milliseconds(50);
    out.idle_in_transaction_timeout = limit;
    return out;
  }

  const std::string copy = "COPY journal_prices_20231114 FROM STDIN (FORMAT binary)";
  test_database db;
  range_store_postgres store{db.settings(), shared_watchdog()};
  PGconn* owner = nullptr;
};

TEST_F(StalledCopy, IsEndedByTheNextClaimAfterTheTimeThatAnIdleTransactionHas) {
  stand_still(copy);
  wait_until_it_stood_for(milliseconds(300));
  range_store_postgres next(patient_for(milliseconds(300)), shared_watchdog());
  const auto claimed = next.claim(part0, "node-2");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  EXPECT_EQ(claimed->gen, generation{2});
  EXPECT_EQ(claimed->next, next_offset{0}); // what stood still was not committed
  EXPECT_FALSE(is_there());
}

TEST_F(StalledCopy, IsEndedWhateverTheKindOfItsEvents) {
  db.run("SELECT journal_leaf('journal_klines', '2023-11-14')");
  stand_still("COPY journal_klines_20231114 FROM STDIN (FORMAT binary)");
  wait_until_it_stood_for(milliseconds(300));
  range_store_postgres next(patient_for(milliseconds(300)), shared_watchdog());
  const auto claimed = next.claim(part0, "node-2");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  EXPECT_EQ(claimed->gen, generation{2});
  EXPECT_FALSE(is_there());
}

TEST_F(StalledCopy, HasItsTime) {
  stand_still(copy);
  range_store_postgres next(patient_for(std::chrono::hours(1)), shared_watchdog());
  const auto claimed = next.claim(part0, "node-2");
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.failure().code, errc::database_busy);
  EXPECT_TRUE(is_there());
}

TEST_F(StalledCopy, IsTheOnlyThingThatAClaimEnds) {
  stand_still("SELECT pg_sleep(60)"); // the server's own work, not a silent client
  wait_until_it_stood_for(milliseconds(300));
  range_store_postgres next(patient_for(milliseconds(300)), shared_watchdog());
  EXPECT_FALSE(next.claim(part0, "node-2"));
  EXPECT_TRUE(is_there());
}

TEST_F(StalledCopy, OfAnotherPartitionIsLeftAlone) {
  own(store, part1);
  stand_still(copy);
  wait_until_it_stood_for(milliseconds(300));
  db.run("BEGIN; SELECT * FROM ingest_offsets WHERE partition = 1 FOR UPDATE");
  range_store_postgres next(patient_for(milliseconds(300)), shared_watchdog());
  EXPECT_FALSE(next.claim(part1, "node-2"));
  db.run("ROLLBACK");
  EXPECT_TRUE(is_there());
}

} // namespace
} // namespace tradepulse
