#include <thread>

#include <gtest/gtest.h>

#include "adapters/postgres/migrator.hpp"
#include "tests/adapters/postgres/support/events.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"

// The function journal_leaf(day), as sessions of every kind call it.
namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t noon = 1'699'963'200'000; // 2023-11-14

class JournalLeaf : public testing::Test {
 protected:
  ~JournalLeaf() override {
    if (!role.empty())
      db.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
  }
  // A role of this test alone, which has no right but that to connect and to see.
  void make_role() {
    role = db.name() + "_writer";
    db.run("CREATE ROLE " + role + " LOGIN PASSWORD 'of the test'");
    db.run("GRANT SELECT, INSERT, UPDATE ON ingest_offsets, price_snapshots, stream_positions, "
           "candle_states, candles, "
           "stream_sources, journal_streams, journal_partitions, journal_leaves TO " +
           role);
  }
  postgres_settings as_role(const std::string& application_name) {
    auto out = db.settings(application_name);
    out.url += " user=" + role + " password='of the test'";
    return out;
  }
  commit_outcome commit_one(range_store_postgres& store, std::int64_t gen, std::int64_t from) {
    return store.commit(journalled(range(part0, gen, from, from + 1, {}),
                                   {events.run_of("A", 1, from + 1, 1)}, noon));
  }

  test_database db;
  kept_events events;
  std::string role;
};

TEST_F(JournalLeaf, IsMadeOnceAndHoldsItsDay) {
  db.migrate();
  EXPECT_EQ(db.value("SELECT journal_leaf('journal_prices', '2023-11-14')"),
            "journal_prices_20231114");
  EXPECT_EQ(db.value("SELECT journal_leaf('journal_prices', '2023-11-14')"),
            "journal_prices_20231114");
  EXPECT_EQ(db.value("SELECT string_agg(inhrelid::regclass || ' ' || "
                     "pg_get_expr(c.relpartbound, c.oid), ',') FROM pg_inherits JOIN pg_class c ON "
                     "c.oid = inhrelid WHERE inhparent = 'journal_prices'::regclass"),
            "journal_prices_20231114 FOR VALUES FROM ('1699920000000') TO ('1700006400000')");
  EXPECT_EQ(db.value("SELECT string_agg(indexdef, ',') FROM pg_indexes WHERE tablename = "
                     "'journal_prices_20231114'"),
            "CREATE UNIQUE INDEX journal_prices_20231114_position ON "
            "public.journal_prices_20231114 USING btree (stream_id, epoch, seq)");
  // Nothing is looked at twice for each row.
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_constraint WHERE conrelid = "
                     "'journal_prices_20231114'::regclass"),
            "0");
}

TEST_F(JournalLeaf, TakesNoEventOfAnotherDay) {
  db.migrate();
  db.run("SELECT journal_leaf('journal_prices', '2023-11-14')");
  const std::string row = "INSERT INTO journal_prices_20231114 SELECT 1, 1, 1, d, 1, d, 1, 1, 1, "
                          "1, 1, 0 FROM (VALUES ";
  db.run(row + "(1699920000000), (1700006399999)) v(d)");
  EXPECT_THROW(db.run(row + "(1700006400000)) v(d)"), pqxx::check_violation);
  EXPECT_THROW(db.run(row + "(1699919999999)) v(d)"), pqxx::check_violation);
}

TEST_F(JournalLeaf, TwoSessionsThatAskAtOnceGetTheSameOne) {
  db.migrate();
  pqxx::connection other(connection_string(db.settings("other")).value());
  pqxx::nontransaction transaction(other);
  // One that has made leaves before, and looks by plans it has kept.
  for (const std::string day : {"11", "12", "13"})
    transaction.exec1("SELECT journal_leaf('journal_prices', '2023-11-" + day + "')");
  db.run("BEGIN; SELECT journal_leaf('journal_prices', '2023-11-14')");
  std::string theirs;
  std::thread waits([&] {
    theirs = transaction.exec1("SELECT journal_leaf('journal_prices', '2023-11-14')")[0].c_str();
  });
  EXPECT_TRUE(eventually([&] {
    return db.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'") ==
           "1";
  }));
  db.run("COMMIT");
  waits.join();
  EXPECT_EQ(theirs, "journal_prices_20231114");
}

TEST_F(JournalLeaf, WhoOnlyWritesNeedsWhatTheJournalGrantsAndNoMore) {
  db.migrate();
  make_role();
  range_store_postgres store(as_role("role"), shared_watchdog());
  own(store, part0);
  // The journal itself was not granted.
  auto outcome = commit_one(store, 1, 0);
  EXPECT_EQ(word(outcome), "try_again: PostgreSQL: SQLSTATE 42501: ERROR:  permission denied for "
                           "table journal_prices");
  EXPECT_EQ(db.value("SELECT to_regclass('journal_prices_20231114') IS NULL"), "t");

  db.run("GRANT INSERT ON journal_prices TO " + role);
  EXPECT_EQ(word(commit_one(store, 1, 0)), "committed 0");
  EXPECT_EQ(db.value("SELECT tableowner = current_user FROM pg_tables WHERE tablename = "
                     "'journal_prices_20231114'"),
            "t");
  EXPECT_EQ(
      db.value("SELECT has_table_privilege('" + role + "', 'journal_prices_20231114', 'DELETE')"),
      "f");
}

TEST_F(JournalLeaf, ALeafThatIsThereIsOpenedToAWriterThatCameLater) {
  db.migrate();
  make_role();
  db.run("SELECT journal_leaf('journal_prices', '2023-11-14')");
  db.run("GRANT INSERT, SELECT ON journal_prices TO " + role);
  range_store_postgres store(as_role("role"), shared_watchdog());
  own(store, part0);
  EXPECT_EQ(word(commit_one(store, 1, 0)), "committed 0");
}

TEST_F(JournalLeaf, IsOfAJournalOnly) {
  db.migrate();
  db.run("CREATE TABLE others (commit_time BIGINT) PARTITION BY RANGE (commit_time)");
  for (const std::string name : {"journal_nothing", "journal_streams", "others"})
    try {
      db.run("SELECT journal_leaf('" + name + "', '2023-11-14')");
      ADD_FAILURE() << name;
    } catch (const pqxx::sql_error& refused) {
      EXPECT_EQ(refused.sqlstate(), "42P01");
      EXPECT_NE(std::string(refused.what()).find("there is no journal \"" + name + '"'),
                std::string::npos)
          << refused.what();
    }
}

// A table of the caller's own, which comes first in the names of every session.
TEST_F(JournalLeaf, IsNotLedAstrayByATableOfTheCaller) {
  db.migrate();
  db.run("CREATE TEMP TABLE journal_prices (LIKE public.journal_prices) PARTITION BY RANGE "
         "(commit_time)");
  db.run("SELECT journal_leaf('journal_prices', '2023-11-14')");
  EXPECT_EQ(db.value("SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = "
                     "'public.journal_prices_20231114'::regclass"),
            "public.journal_prices");
}

TEST_F(JournalLeaf, StandsWhereTheOtherTablesAre) {
  db.run("CREATE SCHEMA \"Prices of today\"");
  auto settings = db.settings("elsewhere");
  settings.options = "-c search_path=\"Prices\\ of\\ today\"";
  ASSERT_TRUE(migrate(settings, source_migrations()));
  range_store_postgres store(settings, shared_watchdog());
  own(store, part0);
  EXPECT_EQ(word(commit_one(store, 1, 0)), "committed 0");
  EXPECT_EQ(db.value("SELECT schemaname FROM pg_tables WHERE tablename = "
                     "'journal_prices_20231114'"),
            "Prices of today");
  EXPECT_EQ(db.value("SELECT count(*) FROM \"Prices of today\".journal_prices"), "1");
}

} // namespace
} // namespace tradepulse
