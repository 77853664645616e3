// By which plans the journal is read, which leaves that touches, and how often the server is asked.
#include <gtest/gtest.h>

#include "adapters/postgres/history_statements.hpp"
#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/journal_page.hpp"
#include "tests/adapters/postgres/support/journal.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

class HistoryPlan : public testing::Test {
 protected:
  HistoryPlan() { db.migrate(); }

  // Twenty days of ten events each: 1..10 on the 10th, 11..20 on the 11th, ...
  void twenty_days() {
    for (int day = 0; day < 20; ++day)
      journal(db, "A", 1, "2024-08-" + std::to_string(10 + day), day * 10 + 1, day * 10 + 10);
  }

  // The plan of a statement in a session like a reader's. `statement` is one of sql::.
  std::string plan(const std::string& statement, const std::string& arguments) {
    const auto text = connection_string(settings_of_journal_readers(db.settings("plans")));
    pqxx::connection connection(text.value());
    pqxx::nontransaction transaction(connection);
    transaction.exec("PREPARE asked AS " + statement);
    std::string out;
    for (const auto& row :
         transaction.exec("EXPLAIN (COSTS OFF) EXECUTE asked (" + arguments + ")"))
      out += row[0].as<std::string>() + "\n";
    return out;
  }

  // "20240810:1 20240829:2": leaves that were scanned, each by its index, and how often.
  std::string touched() {
    std::string out;
    for (const auto& row : db.run("SELECT right(relname, 8), idx_scan, seq_scan FROM "
                                  "pg_stat_user_tables WHERE relname ~ '^journal_prices_[0-9]+$' "
                                  "AND idx_scan + seq_scan > 0 ORDER BY relname"))
      out += (out.empty() ? "" : " ") + row[0].as<std::string>() + ":" + row[1].as<std::string>() +
             (row[2].as<int>() > 0 ? " read as a whole" : "");
    return out;
  }
  // What one page of a connection of its own touches; the server counts when that one ends.
  std::string touched_by(const history_query& query) {
    db.run("SELECT pg_stat_force_next_flush()"); // what this session did to make the leaves
    db.run("SELECT pg_stat_reset()");
    {
      history_store_postgres store(db.settings("reader"), shared_watchdog());
      EXPECT_TRUE(store.read(query));
    }
    EXPECT_TRUE(
        eventually([this] { return db.backend_of("reader") == "no row" && !touched().empty(); }));
    return touched();
  }

  test_database db;
};

TEST_F(HistoryPlan, ReadsALeafByItsIndexAndInTheIndexsOrder) {
  journal(db, "A", 1, "2024-08-10", 1, 10);
  EXPECT_EQ(plan(sql::events_of_leaf("20240810"), "1, 1, 0, 100, 50"),
            "Limit\n"
            "  ->  Index Scan using journal_prices_20240810_position on journal_prices_20240810\n"
            "        Index Cond: ((stream_id = $1) AND (epoch = $2) AND (seq > $3) AND "
            "(seq <= $4))\n");
  EXPECT_EQ(plan(sql::last_of_leaf("20240810"), "1, 1"),
            "Limit\n"
            "  ->  Index Only Scan Backward using journal_prices_20240810_position on "
            "journal_prices_20240810\n"
            "        Index Cond: ((stream_id = $1) AND (epoch = $2))\n");
}

TEST_F(HistoryPlan, LooksLeavesUpByTheKeyOfTheirTableAlone) {
  twenty_days();
  for (const auto& text : {plan(sql::places_in_journal(), "'A', 'price', 1, 5"),
                           plan(sql::journal_leaves_behind(), "1, 1, '20240810'"),
                           plan(sql::lowest_in_journal(), "'A', 'price'")}) {
    EXPECT_NE(text.find("journal_leaves_pkey"), std::string::npos) << text;
    for (const char* other :
         {"Seq Scan", "Bitmap", "Sort", "Hash", "Filter: (stream_id", "journal_prices"})
      EXPECT_EQ(text.find(other), std::string::npos) << other << " in\n" << text;
  }
  // From the leaf that holds the position on, not from the stream's first.
  const auto places = plan(sql::places_in_journal(), "'A', 'price', 1, 5");
  EXPECT_NE(places.find("Index Cond: ((stream_id = $5) AND (ROW(epoch, leaf) >= ROW($7, $8)))"),
            std::string::npos)
      << places;
}

TEST_F(HistoryPlan, TouchesTheLeavesThatHoldThePageAndTheNewestForTheHighestPosition) {
  twenty_days();
  EXPECT_EQ(touched_by(behind("A", pos(1, 33), 5)), "20240813:1 20240829:1");
  EXPECT_EQ(touched_by(behind("A", pos(1, 33), 10)), "20240813:1 20240814:1 20240829:1");
  EXPECT_EQ(touched_by(behind("A", pos(1, 33), 1000, pos(1, 52))),
            "20240813:1 20240814:1 20240815:1 20240829:1");
  EXPECT_EQ(touched_by(behind("A", pos(1, 195))), "20240829:2");
}

TEST_F(HistoryPlan, TouchesNoLeafOfAnEpochThatIsOver) {
  journal(db, "A", 1, "2024-08-10", 1, 10);
  journal(db, "A", 2, "2024-08-11", 1, 10);
  EXPECT_EQ(touched_by(behind("A", pos(2, 0))), "20240811:2");
}

// A page, and a look at the lowest position: begin, look-up, leaf, highest, commit, lowest.
TEST_F(HistoryPlan, AsksSixTimesForAPageOfOneLeaf) {
  twenty_days();
  wire_proxy proxy(db.host(), db.port());
  auto through = db.settings("reader");
  through.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
  history_store_postgres store(through, shared_watchdog());
  ASSERT_TRUE(store.read(behind("A", pos(1, 33), 5))); // also connects and prepares
  auto before = proxy.round_trips();
  EXPECT_EQ(words(store.read(behind("A", pos(1, 33), 5)).value()), "1/34..38 more");
  EXPECT_EQ(proxy.round_trips() - before, 6U);
  before = proxy.round_trips();
  EXPECT_EQ(words(store.read(behind("A", pos(1, 33), 8)).value()), "1/34..41 more");
  EXPECT_EQ(proxy.round_trips() - before, 7U); // a second leaf
}

} // namespace
} // namespace tradepulse
