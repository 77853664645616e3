// Leaves that go while klines are read by upstream's numbers. Another session holds the journal's
// lock, so that the reader has looked its leaves up and waits, and takes one away before it lets
// go. Read through the journal, a leaf that was detached looks like one without rows.
#include <future>

#include <gtest/gtest.h>

#include "adapters/postgres/source_store_postgres.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using namespace test;

class SourceRetention : public testing::Test {
 protected:
  SourceRetention() {
    migrated(db);
    db.run("INSERT INTO journal_streams (symbol, stream) VALUES ('A', 'kline_1m')");
    for (const auto& [day, number] : {std::pair{"2023-11-14", "1"}, {"2023-11-15", "2"}})
      message(day, number);
    db.run("CREATE ROLE " + role +
           " LOGIN PASSWORD 'x'; GRANT SELECT ON journal_streams, journal_leaves, "
           "stream_positions, journal_klines, adopted_klines TO " +
           role);
    auto patient = db.settings("reader");
    patient.url += " user=" + role + " password=x";
    patient.lock_timeout = std::chrono::minutes{1};
    patient.statement_timeout = std::chrono::minutes{1};
    patient.watchdog_timeout = std::chrono::minutes{2};
    store.emplace(patient, shared_watchdog());
  }
  ~SourceRetention() override {
    store.reset();
    db.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
  }

  // The message of a day: it has the number of upstream and of ours alike.
  void message(const std::string& day, const std::string& number) {
    db.run("SELECT journal_leaf('journal_klines', DATE '" + day + "')");
    db.run("INSERT INTO journal_leaves SELECT stream_id, 1, '" + day + "', " + number +
           " FROM journal_streams");
    db.run("INSERT INTO journal_klines (start_time, end_time, open, high, low, close, event_time, "
           "commit_time, kafka_offset, seq, source_sequence, stream_id, epoch, partition_id, "
           "flags, closed, volume) SELECT 0, 1, 1, 1, 1, 1, 0, extract(epoch FROM timestamptz '" +
           day + " 00:00Z') * 1000, 0, " + number + ", " + number +
           ", stream_id, 1, 1, 0, true, 1 FROM journal_streams");
  }

  // "1 2 all": numbers, and whether nothing was taken away.
  std::string read() {
    const auto page = store->read({sym("A"), kline_interval::m1, 0, 9, 100});
    if (!page)
      return page.failure().detail;
    std::string out;
    for (const auto& each : page->klines)
      out += std::to_string(each.number) + " ";
    return out + (page->all_kept ? "all" : "");
  }
  // `meanwhile` runs between the look-up and the first look into the journal.
  std::string read_while(const std::string& meanwhile) {
    pqxx::connection other(connection_string(db.settings("retention")).value());
    pqxx::work transaction(other);
    transaction.exec("LOCK TABLE journal_klines IN ACCESS EXCLUSIVE MODE");
    auto out = std::async(std::launch::async, [this] { return read(); });
    EXPECT_TRUE(eventually([this] {
      return db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reader' "
                      "AND wait_event_type = 'Lock' AND datname = current_database()") == "1";
    }));
    transaction.exec(meanwhile);
    transaction.commit();
    return out.get();
  }

  test_database db;
  const std::string role = "tp_source_" + db.name();
  std::optional<source_store_postgres> store;
};

TEST_F(SourceRetention, ALeafThatIsDetachedMeanwhileIsLookedUpAgain) {
  EXPECT_EQ(read(), "1 2 all"); // from now on through the journal
  EXPECT_EQ(read_while("DELETE FROM journal_leaves WHERE leaf = '2023-11-14'; "
                       "ALTER TABLE journal_klines DETACH PARTITION journal_klines_20231114"),
            "2 ");
  EXPECT_EQ(read(), "2 ");
}

TEST_F(SourceRetention, ALeafThatComesMeanwhileIsNoReasonToReadAgain) {
  EXPECT_EQ(read(), "1 2 all");
  EXPECT_EQ(read_while("INSERT INTO journal_leaves SELECT stream_id, 1, '2023-11-16', 3 "
                       "FROM journal_streams"),
            "1 2 all");
}

} // namespace
} // namespace tradepulse
