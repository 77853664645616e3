// The view stream_gaps, and who may read leaves that are older than his rights.
#include <gtest/gtest.h>

#include "adapters/postgres/history_statements.hpp"
#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/journal_page.hpp"
#include "tests/adapters/postgres/support/journal.hpp"

namespace tradepulse {
namespace {

using namespace test;

class StreamGaps : public testing::Test {
 protected:
  StreamGaps() { db.migrate(); }
  std::string gaps(const std::string& where = "") {
    std::string out;
    for (const auto& row : db.run("SELECT symbol, stream, epoch, events, min_seq, max_seq, "
                                  "gap_count FROM stream_gaps " +
                                  where + " ORDER BY symbol, stream, epoch")) {
      out += out.empty() ? "" : "; ";
      for (const auto& field : row)
        out += (field.num() > 0 ? " " : "") + field.as<std::string>();
    }
    return out;
  }
  test_database db;
};

TEST_F(StreamGaps, AreNoneWhereEveryNumberIsThere) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 1, "2024-08-03", 11, 30);
  journal(db, "A", 2, "2024-08-03", 1, 4);
  journal(db, "B", 1, "2024-08-03", 1, 1);
  EXPECT_EQ(gaps(), "A price 1 30 1 30 0; A price 2 4 1 4 0; B price 1 1 1 1 0");
  EXPECT_EQ(gaps("WHERE symbol = 'B'"), "B price 1 1 1 1 0");
}

TEST_F(StreamGaps, AreCountedWithinALeafAndBetweenLeaves) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  db.run("DELETE FROM journal_prices WHERE seq IN (4, 5, 8)");
  journal(db, "A", 1, "2024-08-02", 13, 20);
  EXPECT_EQ(gaps(), "A price 1 15 1 20 5");
}

TEST_F(StreamGaps, ANumberThatCameTwiceHidesNoneThatIsMissing) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  db.run("DELETE FROM journal_prices WHERE seq = 4");
  journal(db, "A", 1, "2024-08-02", 10, 12);
  EXPECT_EQ(gaps(), "A price 1 12 1 12 1");
}

// What retention is taking away is not there any more, though its table still is.
TEST_F(StreamGaps, BeginAtTheLowestPositionThatIsKept) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 1, "2024-08-02", 11, 20);
  journal(db, "B", 1, "2024-08-01", 1, 10);
  db.run("DELETE FROM journal_prices WHERE seq = 4");
  db.run("DELETE FROM journal_leaves WHERE leaf = '2024-08-01'");
  EXPECT_EQ(gaps(), "A price 1 10 11 20 0");
}

class JournalReaderRole : public testing::Test {
 protected:
  JournalReaderRole() : role(db.name() + "_reader") {
    db.migrate();
    journal(db, "A", 1, "2024-08-01", 1, 10);
    journal(db, "A", 1, "2024-08-02", 11, 20);
    db.run("CREATE ROLE " + role + " LOGIN PASSWORD 'of the test'");
    db.run("GRANT SELECT ON journal_streams, journal_leaves, price_snapshots, stream_positions "
           "TO " +
           role);
    auto settings = db.settings("reader");
    settings.url += " user=" + role + " password='of the test'";
    store.emplace(settings, shared_watchdog());
  }
  ~JournalReaderRole() override { db.run("DROP OWNED BY " + role + "; DROP ROLE " + role); }

  test_database db;
  std::string role;
  std::optional<history_store_postgres> store;
};

TEST_F(JournalReaderRole, WithoutTheJournalIsRefusedAndToldWhat) {
  const auto page = store->read(behind("A", pos(1, 0)));
  ASSERT_FALSE(page);
  EXPECT_EQ(page.failure().code, errc::database_refused);
  EXPECT_EQ(page.failure().detail, "PostgreSQL: SQLSTATE 42501: ERROR:  permission denied for "
                                   "table journal_prices");
}

TEST_F(JournalReaderRole, ReadsEveryLeafOnceTheJournalIsGranted) {
  EXPECT_FALSE(store->read(behind("A", pos(1, 0))));
  db.run("GRANT SELECT ON journal_prices TO " + role);
  const auto page = store->read(behind("A", pos(1, 5)));
  ASSERT_TRUE(page) << page.failure().detail;
  EXPECT_EQ(words(*page), "1/6..20");
  EXPECT_EQ(page->lowest, pos(1, 1));
  EXPECT_EQ(page->highest, pos(1, 20));
  // No leaf grants it, none had to.
  EXPECT_EQ(
      db.value("SELECT has_table_privilege('" + role + "', 'journal_prices_20240801', 'SELECT')"),
      "f");
}

TEST_F(JournalReaderRole, ALeafThatGoesMeanwhileIsNoHole) {
  db.run("GRANT SELECT ON journal_prices TO " + role);
  ASSERT_TRUE(store->read(behind("A", pos(1, 0))));
  db.run("DELETE FROM journal_leaves WHERE leaf = '2024-08-01'; DROP TABLE "
         "journal_prices_20240801");
  const auto page = store->read(behind("A", pos(1, 0)));
  ASSERT_TRUE(page) << page.failure().detail;
  EXPECT_EQ(words(*page), "1/11..20");
  EXPECT_EQ(page->lowest, pos(1, 11));
}

TEST_F(JournalReaderRole, TheOneLeafIsReadByItsIndexAndNoOtherIsOpened) {
  const auto text = connection_string(settings_of_journal_readers(db.settings("plans")));
  pqxx::connection connection(text.value());
  pqxx::work transaction(connection);
  auto plan = [&](const std::string& statement, const std::string& arguments) {
    transaction.exec("PREPARE asked AS " + statement);
    std::string out;
    for (const auto& row :
         transaction.exec("EXPLAIN (COSTS OFF) EXECUTE asked (" + arguments + ")"))
      out += row[0].as<std::string>() + "\n";
    transaction.exec("DEALLOCATE asked");
    return out;
  };
  EXPECT_EQ(
      plan(sql::events_of_leaf("20240801", sql::leaf_access::through_journal), "1, 1, 0, 9, 9"),
      "Limit\n"
      "  ->  Index Scan using journal_prices_20240801_position on journal_prices_20240801 "
      "journal_prices\n"
      "        Index Cond: ((stream_id = $1) AND (epoch = $2) AND (seq > $3) AND (seq <= $4))\n"
      "        Filter: ((commit_time >= '1722470400000'::bigint) AND (commit_time < "
      "'1722556800000'::bigint))\n");
  EXPECT_EQ(plan(sql::last_of_leaf("20240801", sql::leaf_access::through_journal), "1, 1"),
            "Limit\n"
            "  ->  Index Scan Backward using journal_prices_20240801_position on "
            "journal_prices_20240801 journal_prices\n"
            "        Index Cond: ((stream_id = $1) AND (epoch = $2))\n"
            "        Filter: ((commit_time >= '1722470400000'::bigint) AND (commit_time < "
            "'1722556800000'::bigint))\n");
  EXPECT_EQ(transaction
                .exec1("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND "
                       "relation = 'journal_prices_20240802'::regclass")[0]
                .as<int>(),
            0);
}

} // namespace
} // namespace tradepulse
