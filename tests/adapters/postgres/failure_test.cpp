#include <csignal>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/adapters/postgres/support/moved_watchdog.hpp"
#include "tests/adapters/postgres/support/rows.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;
using std::chrono::milliseconds;

class Failure : public testing::Test {
 protected:
  Failure() {
    db.migrate();
    own(store, part0);
  }
  std::string next() { return db.value("SELECT next_offset FROM ingest_offsets"); }
  postgres_settings through(const wire_proxy& proxy) const {
    auto out = db.settings("proxied");
    out.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
    return out;
  }

  test_database db;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
};

TEST_F(Failure, ABackendThatWasKilledLeavesTheOutcomeUnknownAndTheNextClaimSettlesIt) {
  db.run("SELECT pg_terminate_backend(" + db.backend_of("node-1") + ", 20000)");
  const auto outcome = store.commit(range(part0, 1, 0, 1, {row("A", 1, 1, "1", 1)}));
  EXPECT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
  auto claimed = store.claim(part0, "node-1");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  EXPECT_EQ(claimed->gen, generation{2});
  EXPECT_EQ(claimed->next, next_offset{0});
  EXPECT_EQ(word(store.commit(range(part0, 2, 0, 1, {row("A", 1, 1, "1", 1)}))), "committed 1");
}

// The first statement of a transaction is the one that finds out.
TEST_F(Failure, ABackendThatWasKilledCostsTheClaimThatMeetsItAndNotTheNextOne) {
  for (int times = 1; times <= 3; ++times) {
    db.run("SELECT pg_terminate_backend(" + db.backend_of("node-1") + ", 20000)");
    auto met = store.claim(part0, "node-1");
    EXPECT_FALSE(met);
    EXPECT_EQ(met.failure().code, errc::database_unavailable);
    auto claimed = store.claim(part0, "node-1");
    ASSERT_TRUE(claimed) << claimed.failure().detail;
    EXPECT_EQ(claimed->gen, generation{1 + times});
  }
}

TEST_F(Failure, AnAnswerThatWasLostIsUnknownAndTheNextClaimShowsThatItWasCommitted) {
  wire_proxy proxy(db.host(), db.port());
  range_store_postgres proxied(through(proxy), shared_watchdog());
  own(proxied, part0);
  ASSERT_EQ(word(proxied.commit(range(part0, 2, 0, 1, {}))), "committed 0");
  proxy.lose_next_answer();
  const auto outcome = proxied.commit(range(part0, 2, 1, 2, {row("A", 1, 1, "1", 1)}));
  EXPECT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
  auto claimed = proxied.claim(part0, "node-1");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  EXPECT_EQ(claimed->next, next_offset{2});
  EXPECT_EQ(claimed->streams.size(), 1U);
}

TEST_F(Failure, ARequestThatWasLostIsUnknownAndTheNextClaimShowsThatItWasNotCommitted) {
  wire_proxy proxy(db.host(), db.port());
  range_store_postgres proxied(through(proxy), shared_watchdog());
  own(proxied, part0);
  ASSERT_EQ(word(proxied.commit(range(part0, 2, 0, 1, {}))), "committed 0");
  proxy.lose_next_request();
  const auto outcome = proxied.commit(range(part0, 2, 1, 2, {row("A", 1, 1, "1", 1)}));
  EXPECT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
  auto claimed = proxied.claim(part0, "node-1");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  EXPECT_EQ(claimed->next, next_offset{1});
  EXPECT_TRUE(claimed->streams.empty());
}

TEST_F(Failure, AFrozenServerIsCutAndItsLateCommitIsFenced) {
  moved_watchdog time;
  range_store_postgres frozen(db.settings("frozen"), time.dog());
  own(frozen, part0);
  const auto backend = static_cast<pid_t>(std::stoi(db.backend_of("frozen")));
  ASSERT_EQ(::kill(backend, SIGSTOP), 0) << "the test must be allowed to stop the server";
  const auto outcome =
      time.cut([] { return true; },
               [&] { return frozen.commit(range(part0, 2, 0, 1, {row("A", 1, 1, "1", 1)})); });
  EXPECT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
  EXPECT_NE(word(outcome).find("(postgres.watchdog)"), std::string::npos) << word(outcome);
  EXPECT_EQ(time.dog()->cuts(), 1U);
  // Claimed while the old backend sleeps on the request that it has not read yet.
  auto claimed = frozen.claim(part0, "node-1");
  EXPECT_TRUE(claimed) << claimed.failure().detail;
  EXPECT_EQ(::kill(backend, SIGCONT), 0);
  ASSERT_TRUE(eventually([&] {
    return db.value("SELECT count(*) FROM pg_stat_activity WHERE pid = " +
                    std::to_string(backend)) == "0";
  }));
  // It woke up and found its generation gone.
  EXPECT_EQ(next(), "0");
  EXPECT_EQ(db.value("SELECT count(*) FROM price_snapshots"), "0");
  EXPECT_EQ(word(frozen.commit(range(part0, 3, 0, 1, {row("A", 1, 1, "1", 1)}))), "committed 1");
}

TEST_F(Failure, AServerThatAcceptsAndSaysNothingDoesNotHoldAConnectForGood) {
  const int mute = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(mute, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(mute, 1), 0);
  ASSERT_EQ(::getsockname(mute, reinterpret_cast<sockaddr*>(&address), &length), 0);
  postgres_settings settings;
  settings.host = "127.0.0.1";
  settings.port = std::to_string(ntohs(address.sin_port));
  range_store_postgres waiting(settings, shared_watchdog());
  auto claimed = waiting.claim(part0, "node-1");
  ::close(mute);
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.failure().code, errc::database_unavailable);
  EXPECT_NE(claimed.failure().detail.find("timeout expired"), std::string::npos)
      << claimed.failure().detail;
}

TEST_F(Failure, AnAbsentServerLeavesACommitToTheNextClaim) {
  postgres_settings nowhere;
  nowhere.host = "127.0.0.1";
  nowhere.port = "1";
  nowhere.password = "hunter2";
  range_store_postgres absent(nowhere, shared_watchdog());
  const auto outcome = absent.commit(range(part0, 1, 0, 1, {}));
  ASSERT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
  EXPECT_EQ(std::get<outcome_unknown>(outcome).why.code, errc::database_unavailable);
  EXPECT_EQ(word(outcome).find("hunter2"), std::string::npos);
}

TEST_F(Failure, TheNextHostIsTakenWhereTheFirstIsGone) {
  auto settings = db.settings("several");
  settings.url += " host='127.0.0.1," + db.host() + "' port='1," + db.port() + "'";
  settings.target_session_attrs = "read-write";
  range_store_postgres several(settings, shared_watchdog());
  auto claimed = several.claim(part0, "node-1");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
}

TEST_F(Failure, AServerThatOnlyReadsCostsTheConnection) {
  auto settings = db.settings("replica");
  settings.options = "-c default_transaction_read_only=on";
  range_store_postgres replica(settings, shared_watchdog());
  const auto outcome = replica.commit(range(part0, 1, 0, 1, {}));
  ASSERT_TRUE(std::holds_alternative<outcome_unknown>(outcome)) << word(outcome);
  EXPECT_NE(word(outcome).find("25006"), std::string::npos) << word(outcome);
}

TEST_F(Failure, ALockThatIsHeldTooLongIsTriedAgainOnTheSameConnection) {
  auto settings = db.settings("impatient");
  settings.lock_timeout = milliseconds(30);
  range_store_postgres impatient(settings, shared_watchdog());
  own(impatient, part0);
  const auto backend = db.backend_of("impatient");
  db.run("BEGIN; SELECT * FROM ingest_offsets FOR UPDATE");
  const auto work = range(part0, 2, 0, 1, {row("A", 1, 1, "1", 1)});
  const auto outcome = impatient.commit(work);
  ASSERT_TRUE(std::holds_alternative<try_again>(outcome)) << word(outcome);
  EXPECT_NE(word(outcome).find("55P03"), std::string::npos) << word(outcome);
  EXPECT_EQ(std::get<try_again>(outcome).why.code, errc::database_busy);
  db.run("ROLLBACK");
  EXPECT_EQ(db.backend_of("impatient"), backend);
  EXPECT_EQ(word(impatient.commit(work)), "committed 1");
}

TEST_F(Failure, ASlowStatementIsCancelledAndTriedAgain) {
  auto settings = db.settings("slow");
  settings.statement_timeout = milliseconds(50);
  settings.lock_timeout = milliseconds(20'000);
  // Its one statement is the one that cannot end; the claim is another store's.
  range_store_postgres slow(settings, shared_watchdog());
  db.run("BEGIN; SELECT * FROM ingest_offsets FOR UPDATE");
  const auto outcome = slow.commit(range(part0, 1, 0, 1, {}));
  db.run("ROLLBACK");
  ASSERT_TRUE(std::holds_alternative<try_again>(outcome)) << word(outcome);
  EXPECT_NE(word(outcome).find("57014"), std::string::npos) << word(outcome);
}

TEST_F(Failure, AMissingTableIsNoRowsFault) {
  db.run("DROP TABLE stream_positions");
  const auto outcome = store.commit(range(part0, 1, 0, 1, {row("A", 1, 1, "1", 1)}));
  ASSERT_TRUE(std::holds_alternative<try_again>(outcome)) << word(outcome);
  EXPECT_EQ(std::get<try_again>(outcome).why.code, errc::database_refused);
}

// ---- rows that the data itself refuses -------------------------------------------------------

TEST_F(Failure, PoisonedRowsAreFoundAndNothingIsCommitted) {
  db.run("ALTER TABLE price_snapshots ADD CONSTRAINT no_unlucky_price CHECK (price <> 13)");
  std::vector<stream_row> rows;
  for (int i = 100; i < 200; ++i)
    rows.push_back(
        row("S" + std::to_string(i), 1, 1, i == 117 || i == 118 || i == 190 ? "13" : "1", 1));
  const auto outcome = store.commit(range(part0, 1, 0, 100, rows));
  EXPECT_EQ(word(outcome), "rows_refused S117/23514 S118/23514 S190/23514");
  EXPECT_NE(std::get<rows_refused>(outcome).rows[0].message.find("no_unlucky_price"),
            std::string::npos);
  EXPECT_EQ(next(), "0");
  EXPECT_EQ(db.value("SELECT count(*) FROM price_snapshots"), "0");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                     "AND state LIKE 'idle in transaction%'"),
            "0");

  // As positions only they go through with all the others.
  for (auto& each : rows)
    each.position_only = each.stream.snapshot->price == price::parse("13").value();
  EXPECT_EQ(word(store.commit(range(part0, 1, 0, 100, rows))), "committed 100");
  EXPECT_EQ(db.value("SELECT count(*) FROM price_snapshots"), "97");
  EXPECT_EQ(db.value("SELECT string_agg(symbol || ' ' || last_sequence, ', ' ORDER BY symbol) "
                     "FROM stream_positions"),
            "S117 1, S118 1, S190 1");
  EXPECT_EQ(next(), "100");
}

TEST_F(Failure, AnOnlyRowThatIsPoisonedIsFound) {
  db.run("ALTER TABLE price_snapshots ADD CHECK (price <> 13)");
  EXPECT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 1, "13", 1)}))),
            "rows_refused A/23514");
}

TEST_F(Failure, ARowThatIsRefusedOnlyBesideAnotherIsFound) {
  db.run("CREATE UNIQUE INDEX one_row_a_price ON price_snapshots (price)");
  EXPECT_EQ(word(store.commit(
                range(part0, 1, 0, 1,
                      {row("A", 1, 1, "1", 1), row("B", 1, 1, "1", 1), row("C", 1, 1, "2", 1)}))),
            "rows_refused B/23505");
}

TEST_F(Failure, ARowThatIsRefusedAtTheEndOfTheTransactionIsFound) {
  db.run("ALTER TABLE price_snapshots ADD CONSTRAINT later UNIQUE (price) DEFERRABLE INITIALLY "
         "DEFERRED");
  EXPECT_EQ(
      word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 1, "1", 1), row("B", 1, 1, "1", 1)}))),
      "rows_refused B/23505");
}

TEST_F(Failure, ANumberThatTheColumnCannotHoldIsPoison) {
  db.run("ALTER TABLE price_snapshots ALTER COLUMN price TYPE DECIMAL(10,8)");
  EXPECT_EQ(word(store.commit(
                range(part0, 1, 0, 1, {row("A", 1, 1, "1", 1), row("B", 1, 1, "1000", 1)}))),
            "rows_refused B/22003");
}

} // namespace
} // namespace tradepulse
