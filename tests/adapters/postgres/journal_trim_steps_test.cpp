// Retention that is interrupted, held up or run twice, and what it holds up itself.
#include <future>

#include <gtest/gtest.h>

#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/trim_statements.hpp"
#include "tests/adapters/postgres/support/events.hpp"
#include "tests/adapters/postgres/support/trimmed.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr const char* first_leaf = "public.journal_prices_20240801";
constexpr const char* now_text = "2024-08-10T00:00:00Z"; // August 1 is due

class JournalTrimSteps : public testing::Test {
 protected:
  JournalTrimSteps() {
    db.migrate();
    journal(db, "A", 1, "2024-08-01", 1, 10);
    journal(db, "A", 1, "2024-08-02", 11, 20);
  }
  std::string trimmed() { return words(trim(db.settings("trim"), now_text, 7)); }
  std::unique_ptr<pqxx::connection> connect(const std::string& name) {
    return std::make_unique<pqxx::connection>(connection_string(db.settings(name)).value());
  }
  bool waits_for_a_lock(const std::string& name) {
    return eventually([&] {
      return db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + name +
                      "' AND wait_event_type = 'Lock' AND datname = current_database()") == "1";
    });
  }
  void mark_and_forget() {
    db.run("BEGIN; " + sql::mark_leaf(first_leaf) +
           "; DELETE FROM journal_leaves WHERE leaf = '2024-08-01'; COMMIT");
  }
  void expect_done() {
    EXPECT_EQ(trimmed(), "journal_prices_20240801; oldest 2024-08-02");
    EXPECT_EQ(leaves(db), "20240802");
    EXPECT_EQ(told(db), "2024-08-02");
  }

  test_database db;
};

TEST_F(JournalTrimSteps, GoesOnWhereTheRowsWereDeletedAndNoMore) {
  mark_and_forget();
  expect_done();
}

// The first half of DETACH CONCURRENTLY is committed, the second waits for whoever uses the
// journal.
TEST_F(JournalTrimSteps, GoesOnWhereTheDetachWasCutInTwo) {
  auto user = connect("user");
  {
    pqxx::work uses(*user);
    uses.exec("LOCK TABLE journal_prices IN ACCESS SHARE MODE");
    const auto done = trim(db.settings("trim"), now_text, 7);
    ASSERT_EQ(done.failures.size(), 1U);
    EXPECT_EQ(done.failures[0].code, errc::database_busy);
    EXPECT_EQ(words(done), "; journal_prices_20240801: PostgreSQL: SQLSTATE 55P03: ERROR:  "
                           "canceling statement due to lock timeout");
    EXPECT_EQ(leaves(db), "20240801(pending) 20240802");
    EXPECT_EQ(told(db), "2024-08-02"); // before anything else
  }
  expect_done();
}

// Whoever has seen the database before it was cut in two may still read the leaf.
TEST_F(JournalTrimSteps, FinishesADetachOnlyWhenNobodyCanKnowTheLeafAnyMore) {
  mark_and_forget();
  auto user = connect("user");
  {
    pqxx::work uses(*user);
    uses.exec("LOCK TABLE journal_prices IN ACCESS SHARE MODE");
    EXPECT_NE(trimmed().find("55P03"), std::string::npos);
  }
  {
    pqxx::transaction<pqxx::repeatable_read> looks(*user);
    looks.exec("SELECT 1 FROM journal_streams");
    const auto done = trim(db.settings("trim"), now_text, 7);
    ASSERT_EQ(done.failures.size(), 1U);
    EXPECT_EQ(done.failures[0].code, errc::database_busy);
    EXPECT_EQ(leaves(db), "20240801(pending) 20240802");
  }
  expect_done();
}

TEST_F(JournalTrimSteps, GoesOnWhereTheLeafIsDetachedAndStillThere) {
  mark_and_forget();
  db.run("ALTER TABLE journal_prices DETACH PARTITION journal_prices_20240801 CONCURRENTLY");
  EXPECT_EQ(leaves(db), "20240801(detached) 20240802");
  expect_done();
}

TEST_F(JournalTrimSteps, TakesRowsAwayWhoseLeafSomebodyHasDropped) {
  db.run("INSERT INTO journal_leaves SELECT stream_id, 1, '2024-07-30', 1 FROM journal_streams");
  expect_done();
}

// ---- what is refused --------------------------------------------------------------------------

constexpr const char* somebodys_view = "CREATE VIEW of_a_day AS SELECT seq FROM ";
constexpr const char* of_a_view =
    "; journal_prices_20240801: PostgreSQL: SQLSTATE 2BP01: ERROR:  cannot drop table "
    "journal_prices_20240801 because other objects depend on it (DROP TABLE "
    "public.journal_prices_20240801 in psql names them: drop those, or keep the day with COMMENT "
    "ON TABLE public.journal_prices_20240801 IS NULL)";

TEST_F(JournalTrimSteps, ALeafThatCannotBeDroppedStopsNoOtherLeafOrKind) {
  db.run(somebodys_view + std::string(first_leaf));
  db.run("SELECT journal_leaf('journal_trades', DATE '2024-08-01')");
  const std::vector<journal_rule> rules{{"price", std::chrono::days{7}},
                                        {"trade", std::chrono::days{7}}};
  auto run = [&] {
    return words(journal_trimmer(db.settings("trim"), shared_watchdog())
                     .trim(rules, at_time("2024-08-11T00:00:00Z")));
  };
  EXPECT_EQ(run(), std::string("journal_prices_20240802 journal_trades_20240801; oldest none; "
                               "oldest none") +
                       of_a_view);
  EXPECT_EQ(leaves(db), "20240801(detached)");
  EXPECT_EQ(run(), std::string("; oldest none; oldest none") + of_a_view);
  db.run("DROP VIEW of_a_day");
  EXPECT_EQ(run(), "journal_prices_20240801; oldest none; oldest none");
}

// What the failure says to do.
TEST_F(JournalTrimSteps, ALeafThatIsDetachedAndHasNoMarkAnyMoreIsKept) {
  db.run(somebodys_view + std::string(first_leaf));
  EXPECT_EQ(trimmed(), std::string("; oldest 2024-08-02") + of_a_view);
  db.run("COMMENT ON TABLE public.journal_prices_20240801 IS NULL; DROP VIEW of_a_day");
  EXPECT_EQ(trimmed(), "; oldest 2024-08-02");
  EXPECT_EQ(leaves(db), "20240801(detached) 20240802");
}

TEST_F(JournalTrimSteps, LeavesThatAreRefusedAreToldInOneLine) {
  for (const char* day : {"2024-07-30", "2024-07-31"})
    journal(db, "B", 1, day, 1, 5);
  db.run("CREATE VIEW of_days AS SELECT seq FROM journal_prices_20240730 UNION ALL "
         "SELECT seq FROM journal_prices_20240731 UNION ALL SELECT seq FROM "
         "journal_prices_20240801");
  const auto done = trim(db.settings("trim"), now_text, 7);
  ASSERT_EQ(done.failures.size(), 1U);
  EXPECT_EQ(done.failures[0].code, errc::database_refused);
  EXPECT_TRUE(done.failures[0].detail.starts_with("journal_prices_20240730 and 2 more: "))
      << done.failures[0].detail;
}

// Rows of leaves that somebody dropped by hand are no less in the way of readers.
TEST_F(JournalTrimSteps, RowsWhoseLeafIsGoneGoAlsoWhereAnotherLeafIsRefused) {
  db.run(somebodys_view + std::string(first_leaf));
  db.run("INSERT INTO journal_leaves SELECT stream_id, 1, '2024-07-30', 1 FROM journal_streams");
  trimmed();
  EXPECT_EQ(told(db), "2024-08-02");
}

// ---- a connection that is lost ----------------------------------------------------------------

class JournalTrimCut : public JournalTrimSteps {
 protected:
  JournalTrimCut() {
    for (const char* journal : {"journal_trades", "journal_quotes", "journal_klines"})
      db.run("SELECT journal_leaf('" + std::string(journal) + "', DATE '2024-08-01')");
    db.run("CREATE TABLE cut (name TEXT)");
    db.run("CREATE FUNCTION cut() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
           "pg_terminate_backend(pg_backend_pid()) FROM pg_event_trigger_dropped_objects() d JOIN "
           "cut c ON c.name = d.object_name; END $$; "
           "CREATE EVENT TRIGGER cut ON sql_drop EXECUTE FUNCTION cut()");
  }
  // A run in which the server ends the session that drops a leaf of these.
  journal_trim cut_at(const std::string& names) {
    db.run("INSERT INTO cut VALUES " + names);
    const std::vector<journal_rule> rules{{"price", std::chrono::days{1}},
                                          {"trade", std::chrono::days{1}},
                                          {"quote", std::chrono::days{1}},
                                          {"kline", std::chrono::days{1}}};
    return journal_trimmer(db.settings("trim"), shared_watchdog()).trim(rules, at_time(now_text));
  }
  static std::string gone(const journal_trim& done) {
    std::string out;
    for (const auto& leaf : done.gone)
      out += leaf.name + " ";
    return out;
  }
};

TEST_F(JournalTrimCut, AnotherGoesOnWithTheNextKind) {
  const auto done = cut_at("('journal_prices_20240801')");
  EXPECT_EQ(gone(done),
            "journal_trades_20240801 journal_quotes_20240801 journal_klines_20240801 ");
  ASSERT_EQ(done.failures.size(), 1U);
  EXPECT_EQ(done.failures[0].code, errc::database_unavailable);
  EXPECT_TRUE(done.failures[0].detail.starts_with("journal_prices_20240801: "))
      << done.failures[0].detail;
}

TEST_F(JournalTrimCut, ASecondOneEndsTheRun) {
  const auto done = cut_at("('journal_prices_20240801'), ('journal_trades_20240801')");
  EXPECT_EQ(gone(done), "");
  EXPECT_EQ(done.failures.size(), 2U);
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_inherits WHERE inhparent = "
                     "'journal_klines'::regclass"),
            "1");
}

// ---- a rule that is longer now ----------------------------------------------------------------

class JournalTrimLonger : public JournalTrimSteps {
 protected:
  JournalTrimLonger() {
    journal(db, "B", 1, "2024-08-01", 7, 9);
    journal(db, "B", 3, "2024-08-01", 1, 4);
    before = rows();
  }
  std::string rows() {
    return db.value("SELECT string_agg(concat_ws(' ', symbol, epoch, leaf, first_seq), ', ' ORDER "
                    "BY symbol, epoch, leaf) FROM journal_leaves JOIN journal_streams USING "
                    "(stream_id)");
  }
  std::string comment() {
    return db.value("SELECT obj_description('journal_prices_20240801'::regclass, 'pg_class')");
  }
  std::string trimmed_longer() { return words(trim(db.settings("trim"), now_text, 30)); }
  void expect_given_back() {
    EXPECT_EQ(trimmed_longer(), "+journal_prices_20240801; oldest 2024-08-01");
    EXPECT_EQ(leaves(db), "20240801 20240802");
    EXPECT_EQ(rows(), before);
    EXPECT_EQ(comment(), "NULL");
    EXPECT_EQ(trimmed_longer(), "; oldest 2024-08-01");
  }

  std::string before;
};

TEST_F(JournalTrimLonger, GivesALeafBackThatHadBegunToGo) {
  mark_and_forget();
  EXPECT_EQ(rows(), "A 1 2024-08-02 11");
  expect_given_back();
  EXPECT_EQ(before, "A 1 2024-08-01 1, A 1 2024-08-02 11, B 1 2024-08-01 7, B 3 2024-08-01 1");
  history_store_postgres store(db.settings("reader"), shared_watchdog());
  EXPECT_EQ(words(store.read(behind("A", pos(1, 0))).value()), "1/1..20");
  // By hand now, to be kept.
  db.run("ALTER TABLE journal_prices DETACH PARTITION journal_prices_20240801");
  EXPECT_EQ(trimmed(), "; oldest 2024-08-02");
  EXPECT_EQ(leaves(db), "20240801(detached) 20240802");
}

// What a writer of an old batch entered meanwhile is not the first that is there.
TEST_F(JournalTrimLonger, GivesRowsBackBesideThoseThatWereMadeMeanwhile) {
  mark_and_forget();
  db.run("INSERT INTO journal_leaves SELECT stream_id, 1, '2024-08-01', 5 FROM journal_streams "
         "WHERE symbol = 'A'");
  expect_given_back();
}

TEST_F(JournalTrimLonger, GivesALeafBackWhoseDetachWasCutInTwo) {
  auto user = connect("user");
  {
    pqxx::work uses(*user);
    uses.exec("LOCK TABLE journal_prices IN ACCESS SHARE MODE");
    trimmed();
    ASSERT_EQ(leaves(db), "20240801(pending) 20240802");
  }
  expect_given_back();
}

// Where it had gone out of the journal already; then the operator's ATTACH is enough.
TEST_F(JournalTrimLonger, LeavesWhatIsDetachedToWhoeverAttachesIt) {
  mark_and_forget();
  db.run("ALTER TABLE journal_prices DETACH PARTITION journal_prices_20240801 CONCURRENTLY");
  EXPECT_EQ(trimmed_longer(), "; oldest 2024-08-02");
  EXPECT_EQ(leaves(db), "20240801(detached) 20240802");
  db.run("ALTER TABLE journal_prices ATTACH PARTITION journal_prices_20240801 FOR VALUES FROM "
         "(1722470400000) TO (1722556800000)");
  expect_given_back();
}

TEST_F(JournalTrimLonger, FindsTheFirstsByTheIndex) {
  db.run("INSERT INTO journal_prices_20240801 SELECT 1, 1, 1, 1722470400001, 1, n, NULL, s, 1, 1, "
         "NULL, 0 FROM generate_series(100, 3000) n, generate_series(11, 20) s; ANALYZE "
         "journal_prices_20240801");
  mark_and_forget();
  db.run("SELECT pg_stat_force_next_flush()");
  db.run("SELECT pg_stat_reset()");
  EXPECT_EQ(trimmed_longer(), "+journal_prices_20240801; oldest 2024-08-01");
  EXPECT_TRUE(eventually([&] {
    return db.backend_of("trim") == "no row" &&
           db.value("SELECT concat_ws(' ', seq_scan, idx_scan, idx_tup_read) FROM "
                    "pg_stat_user_tables JOIN pg_stat_user_indexes USING (relid, idx_scan) WHERE "
                    "pg_stat_user_tables.relname = 'journal_prices_20240801'") == "0 14 13";
  }));
}

// Somebody's own DETACH CONCURRENTLY was cut in two, of a day that is due.
TEST_F(JournalTrimSteps, ALeafThatSomebodyBeganToDetachIsKept) {
  auto user = connect("user");
  auto operators = connect("operator");
  {
    pqxx::work uses(*user);
    uses.exec("LOCK TABLE journal_prices IN ACCESS SHARE MODE");
    pqxx::nontransaction tx(*operators);
    tx.exec("SET lock_timeout = '100ms'");
    EXPECT_THROW(tx.exec(sql::detach_leaf("public.journal_prices", first_leaf)), pqxx::sql_error);
  }
  ASSERT_EQ(leaves(db), "20240801(pending) 20240802");
  EXPECT_EQ(trimmed(), "; oldest 2024-08-02");
  EXPECT_EQ(leaves(db), "20240801(detached) 20240802");
  EXPECT_EQ(told(db), "2024-08-02");
}

// What the page says of a day whose removal has begun.
TEST_F(JournalTrimSteps, ALeafThatHadBegunToGoIsKeptByDetachAndNoMark) {
  auto kept_by = [&](const std::string& how) {
    db.run("BEGIN; ALTER TABLE journal_prices DETACH PARTITION journal_prices_20240801" + how +
           "; COMMENT ON TABLE journal_prices_20240801 IS NULL; COMMIT");
    EXPECT_EQ(trimmed(), "; oldest 2024-08-02");
    EXPECT_EQ(leaves(db), "20240801(detached) 20240802");
  };
  mark_and_forget();
  kept_by("");
  db.run("ALTER TABLE journal_prices ATTACH PARTITION journal_prices_20240801 FOR VALUES FROM "
         "(1722470400000) TO (1722556800000)");
  auto user = connect("user");
  {
    pqxx::work uses(*user);
    uses.exec("LOCK TABLE journal_prices IN ACCESS SHARE MODE");
    EXPECT_NE(trimmed().find("55P03"), std::string::npos);
  }
  ASSERT_EQ(leaves(db), "20240801(pending) 20240802");
  kept_by(" FINALIZE");
}

// ---- who is in the way ------------------------------------------------------------------------

// A writer that knew the leaf is in it when retention comes to lock it.
TEST_F(JournalTrimSteps, WaitsForAWriterInTheLeafAndTakesItsRowToo) {
  db.run("INSERT INTO journal_streams (symbol, stream) VALUES ('LATE', 'price')");
  mark_and_forget();
  auto writer = connect("writer");
  pqxx::work late(*writer);
  late.exec("INSERT INTO journal_leaves SELECT stream_id, 1, '2024-08-01', 1 FROM journal_streams "
            "WHERE symbol = 'LATE'");
  late.exec("INSERT INTO journal_prices_20240801 SELECT 1, 1, 1, 1722470400001, 1, 1, NULL, "
            "stream_id, 1, 1, NULL, 0 FROM journal_streams WHERE symbol = 'LATE'");
  EXPECT_NE(trimmed().find("55P03"), std::string::npos); // it held nobody up for longer
  late.commit();
  EXPECT_EQ(told(db), "2024-08-01 2024-08-02");
  expect_done();
}

TEST_F(JournalTrimSteps, OnlyOneProcessIsAtIt) {
  auto other = connect("other");
  {
    pqxx::nontransaction holds(*other);
    ASSERT_TRUE(holds.exec1(sql::lock_retention())[0].as<bool>());
    EXPECT_EQ(trimmed(), "elsewhere; oldest 2024-08-01");
    EXPECT_EQ(leaves(db), "20240801 20240802");
  }
  other.reset();
  ASSERT_TRUE(eventually([&] { return db.backend_of("other") == "no row"; }));
  expect_done();
}

TEST_F(JournalTrimSteps, TwoAtOnceTakeEachLeafAwayOnce) {
  std::vector<std::future<journal_trim>> both;
  for (int i = 0; i < 2; ++i)
    both.push_back(
        std::async(std::launch::async, [&] { return trim(db.settings("trim"), now_text, 7); }));
  std::size_t gone = 0;
  for (auto& each : both) {
    const auto done = each.get();
    EXPECT_EQ(words_of_failures(done), "");
    gone += done.gone.size();
  }
  EXPECT_EQ(gone, 1U);
  EXPECT_EQ(leaves(db), "20240802");
}

TEST_F(JournalTrimSteps, ItsConnectionIsGoneWhenItIsDone) {
  trimmed();
  EXPECT_TRUE(eventually([&] { return db.backend_of("trim") == "no row"; }));
}

// While DETACH waits for a user of the journal it holds no lock on it: commits go on, and new
// leaves are attached.
TEST_F(JournalTrimSteps, CommitsAndNewLeavesDoNotWaitForIt) {
  kept_events events;
  range_store_postgres store(db.settings("writer"), shared_watchdog());
  own(store, part0);
  auto user = connect("user");
  pqxx::work uses(*user);
  uses.exec("LOCK TABLE journal_prices IN ACCESS SHARE MODE");
  auto patient = connect("detaches");
  auto detach = std::async(std::launch::async, [&] {
    pqxx::nontransaction tx(*patient);
    tx.exec(sql::detach_leaf("public.journal_prices", first_leaf));
  });
  ASSERT_TRUE(waits_for_a_lock("detaches"));
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE "
                     "a.application_name = 'detaches' AND l.locktype = 'relation' AND l.relation "
                     "= 'journal_prices'::regclass"),
            "0");
  constexpr std::int64_t noon_of_august_9 = 1'723'204'800'000;
  EXPECT_EQ(word(store.commit(journalled(range(part0, 1, 0, 5, {}), {events.run_of("B", 1, 1, 5)},
                                         noon_of_august_9))),
            "committed 0");
  EXPECT_EQ(leaves(db), "20240801(pending) 20240802 20240809");
  uses.commit();
  detach.get();
  EXPECT_EQ(leaves(db), "20240801(detached) 20240802 20240809");
}

// The page has read the first leaf when retention takes it away, and goes on in the second.
TEST_F(JournalTrimSteps, AReaderInTheMiddleOfItsPagesIsToldTheLowestPosition) {
  history_store_postgres store(db.settings("reader"), shared_watchdog());
  auto page = store.read(behind("A", pos(1, 0), 4)).value();
  EXPECT_EQ(words(page), "1/1..4 more");
  EXPECT_EQ(page.lowest, pos(1, 1));
  EXPECT_EQ(trimmed(), "journal_prices_20240801; oldest 2024-08-02");
  page = store.read(behind("A", pos(1, 4), 4)).value();
  EXPECT_EQ(words(page), "1/11..14 more");
  EXPECT_EQ(page.lowest, pos(1, 11));
}

// Another session stands in the way of the leaf, so that the page has looked it up and waits.
TEST_F(JournalTrimSteps, AReaderThatHasLookedTheLeafUpLooksAgain) {
  auto patient = db.settings("reader");
  patient.lock_timeout = patient.statement_timeout = std::chrono::minutes{1};
  patient.watchdog_timeout = std::chrono::minutes{2};
  history_store_postgres store(patient, shared_watchdog());
  auto other = connect("other");
  pqxx::work holds(*other);
  holds.exec(sql::lock_leaf(first_leaf));
  auto read = std::async(std::launch::async, [&] { return store.read(behind("A", pos(1, 0))); });
  ASSERT_TRUE(waits_for_a_lock("reader"));
  holds.exec("DELETE FROM journal_leaves WHERE leaf = '2024-08-01'");
  holds.exec("ALTER TABLE journal_prices DETACH PARTITION journal_prices_20240801");
  holds.exec(sql::drop_leaf(first_leaf));
  holds.commit();
  const auto page = read.get();
  ASSERT_TRUE(page) << page.failure().detail;
  EXPECT_EQ(words(*page), "1/11..20");
  EXPECT_EQ(page->lowest, pos(1, 11));
}

} // namespace
} // namespace tradepulse
