#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/events.hpp"
#include "tests/adapters/postgres/support/moved_watchdog.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

// A COPY that does not come to its end.
namespace tradepulse {
namespace {

using namespace test;
using std::chrono::milliseconds;

constexpr std::int64_t noon = 1'699'963'200'000; // 2023-11-14

class JournalFailure : public testing::Test {
 protected:
  JournalFailure() {
    db.migrate();
    db.run("SELECT journal_leaf('journal_prices', '2023-11-14')");
  }
  // What the leaf does with each row before it takes it.
  void before_each_row(const std::string& statement) {
    db.run("CREATE FUNCTION hook() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + statement +
           "; RETURN NEW; END $$");
    db.run("CREATE TRIGGER hook BEFORE INSERT ON journal_prices_20231114 FOR EACH ROW EXECUTE "
           "FUNCTION hook()");
  }
  void forget_hook() { db.run("DROP FUNCTION hook CASCADE"); }
  // More than a socket holds.
  range_commit much(std::int64_t gen) {
    return journalled(range(part0, gen, 0, 20'000, {row("A", 1, 20'000, "1", 1)}),
                      {events.run_of("A", 1, 1, 20'000)}, noon);
  }
  range_commit little(std::int64_t gen) {
    return journalled(range(part0, gen, 0, 2, {row("A", 1, 2, "1", 1)}),
                      {events.run_of("A", 1, 1, 2)}, noon);
  }
  postgres_settings through(const wire_proxy& proxy) const {
    auto out = db.settings("proxied");
    out.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
    return out;
  }
  // Events, rows and ids that are stored, and how far the log is applied.
  std::string stored() {
    return db.value("SELECT concat_ws(' ', (SELECT count(*) FROM journal_prices), (SELECT count(*) "
                    "FROM price_snapshots), (SELECT count(*) FROM journal_streams), next_offset) "
                    "FROM ingest_offsets");
  }

  test_database db;
  kept_events events;
};

TEST_F(JournalFailure, AConnectionCutWithinTheRowsLeavesTheOutcomeUnknownAndNothingStored) {
  wire_proxy proxy(db.host(), db.port());
  range_store_postgres store(through(proxy), shared_watchdog());
  own(store, part0);
  for (const auto& work : {little(1), much(2)}) {
    proxy.cut_next_copy();
    const auto outcome = store.commit(work);
    EXPECT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
    auto claimed = store.claim(part0, "node-1");
    ASSERT_TRUE(claimed) << claimed.failure().detail;
    EXPECT_EQ(claimed->next, next_offset{0});
    EXPECT_EQ(stored(), "0 0 0 0");
  }
  EXPECT_EQ(word(store.commit(much(3))), "committed 1");
  EXPECT_EQ(stored(), "20000 1 1 20000");
}

TEST_F(JournalFailure, AnAnswerThatWasLostIsUnknownAndTheNextClaimShowsThatItWasCommitted) {
  wire_proxy proxy(db.host(), db.port());
  range_store_postgres store(through(proxy), shared_watchdog());
  own(store, part0);
  proxy.lose_answer_of_next_copy();
  const auto outcome = store.commit(little(1));
  EXPECT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
  auto claimed = store.claim(part0, "node-1");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  EXPECT_EQ(claimed->next, next_offset{2});
  EXPECT_EQ(claimed->journal_time, at_ms(noon));
  EXPECT_EQ(stored(), "2 1 1 2");
}

TEST_F(JournalFailure, ABackendThatIsEndedWithinTheRowsLeavesTheOutcomeUnknown) {
  range_store_postgres store(db.settings("node-1"), shared_watchdog());
  own(store, part0);
  before_each_row("PERFORM pg_terminate_backend(pg_backend_pid())");
  const auto outcome = store.commit(much(1));
  EXPECT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
  EXPECT_EQ(stored(), "0 0 0 0");
  forget_hook();
  ASSERT_TRUE(store.claim(part0, "node-1"));
  EXPECT_EQ(word(store.commit(much(2))), "committed 1");
}

TEST_F(JournalFailure, ASlowCopyIsCancelledAndTriedAgainOnTheSameConnection) {
  auto settings = db.settings("slow");
  settings.statement_timeout = milliseconds(50);
  range_store_postgres usual(db.settings("node-1"), shared_watchdog()); // what must not time out
  own(usual, part0);
  range_store_postgres store(settings, shared_watchdog());
  std::string backend;
  before_each_row("PERFORM pg_sleep(10)");
  for (const auto& work : {little(1), much(1)}) {
    const auto outcome = store.commit(work);
    ASSERT_TRUE(std::holds_alternative<try_again>(outcome)) << word(outcome);
    EXPECT_NE(word(outcome).find("57014"), std::string::npos) << word(outcome);
    EXPECT_EQ(std::get<try_again>(outcome).why.code, errc::database_busy);
    EXPECT_EQ(stored(), "0 0 0 0");
    const auto now = db.backend_of("slow");
    EXPECT_EQ(now, backend.empty() ? now : backend);
    backend = now;
  }
  EXPECT_NE(backend, "");
  forget_hook();
  EXPECT_EQ(word(usual.commit(little(1))), "committed 1");
  EXPECT_EQ(stored(), "2 1 1 2");
}

TEST_F(JournalFailure, AServerThatTakesNoMoreRowsIsCut) {
  moved_watchdog time;
  range_store_postgres usual(db.settings("node-1"), shared_watchdog()); // what must not be cut
  std::int64_t gen = own(usual, part0).value();
  range_store_postgres store(db.settings("frozen"), time.dog());
  before_each_row("PERFORM pg_advisory_xact_lock_shared(77)");
  db.run("SELECT pg_advisory_lock(77)");
  std::uint64_t cuts = 0;
  const auto waits = [&] {
    return db.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND application_name = 'frozen' AND wait_event_type = 'Lock'") == "1";
  };
  for (const bool many : {false, true}) {
    // It waits for the answer with the few, and with the many to be rid of them.
    const auto outcome =
        time.cut(waits, [&] { return store.commit(many ? much(gen) : little(gen)); });
    EXPECT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
    EXPECT_NE(word(outcome).find("(postgres.watchdog)"), std::string::npos) << word(outcome);
    EXPECT_EQ(time.dog()->cuts(), ++cuts);
    db.run("SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE "
           "datname = current_database() AND application_name = 'frozen'");
    auto claimed = usual.claim(part0, "node-1");
    ASSERT_TRUE(claimed) << claimed.failure().detail;
    gen = claimed->gen.value();
    EXPECT_EQ(claimed->next, next_offset{0});
  }
  db.run("SELECT pg_advisory_unlock(77)");
  EXPECT_EQ(stored(), "0 0 0 0");
  EXPECT_EQ(word(usual.commit(little(gen))), "committed 1");
}

TEST_F(JournalFailure, ALeafThatIsLockedIsTriedAgain) {
  auto settings = db.settings("impatient");
  settings.lock_timeout = milliseconds(30);
  range_store_postgres store(settings, shared_watchdog());
  own(store, part0);
  db.run("BEGIN; LOCK journal_prices_20231114 IN SHARE MODE");
  const auto outcome = store.commit(little(1));
  ASSERT_TRUE(std::holds_alternative<try_again>(outcome)) << word(outcome);
  EXPECT_NE(word(outcome).find("55P03"), std::string::npos) << word(outcome);
  db.run("ROLLBACK");
  EXPECT_EQ(stored(), "0 0 0 0");
  EXPECT_EQ(word(store.commit(little(1))), "committed 1");
}

// Tomorrow's leaf is nobody's business today.
TEST_F(JournalFailure, TomorrowsLeafThatIsRefusedHoldsUpNoCommit) {
  auto settings = db.settings("impatient");
  settings.lock_timeout = milliseconds(30);
  range_store_postgres store(settings, shared_watchdog());
  own(store, part0);
  db.run("BEGIN; LOCK journal_prices IN SHARE UPDATE EXCLUSIVE MODE");
  auto late = little(1);
  late.commit_time = at_ms(noon + 43'200'000 - 1);
  EXPECT_EQ(word(store.commit(late)), "committed 1");
  db.run("ROLLBACK");
  EXPECT_EQ(db.value("SELECT to_regclass('journal_prices_20231115') IS NULL"), "t");
}

} // namespace
} // namespace tradepulse
