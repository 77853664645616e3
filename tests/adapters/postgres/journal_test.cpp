#include <thread>

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/events.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t noon = 1'700'000'000'000 / day_ms * day_ms + day_ms / 2; // of 2023-11-14

class Journal : public testing::Test {
 protected:
  Journal() {
    db.migrate();
    own(store, part0);
  }
  // "symbol epoch/seq price size size_rest", in the order of positions.
  std::string rows(const std::string& columns = "price, size, size_rest",
                   const std::string& from = "journal_prices") {
    return db.value("SELECT string_agg(concat_ws(' ', s.symbol, e.epoch || '/' || e.seq, " +
                    columns + "), ', ' ORDER BY s.symbol COLLATE \"C\", e.epoch, e.seq) FROM " +
                    from + " e JOIN journal_streams s USING (stream_id)");
  }
  std::string count() { return db.value("SELECT count(*) FROM journal_prices"); }
  std::string leaves() {
    return db.value("SELECT string_agg(concat_ws(' ', s.symbol, epoch, leaf, first_seq), ', ' "
                    "ORDER BY symbol COLLATE \"C\", epoch, leaf) FROM journal_leaves JOIN "
                    "journal_streams s USING (stream_id)");
  }

  test_database db;
  kept_events events;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
};

TEST_F(Journal, KeepsEveryEventOfARangeWithItsPosition) {
  const auto work = journalled(
      range(part0, 1, 0, 12, {row("AAPL", 1, 7, "3", 1002), row("MSFT", 1, 1, "9", 7)}),
      {events.run("AAPL", 1, 5, {event(2, "1", 1000), event(4, "2", 1001), event(9, "3", 1002)}),
       events.run("MSFT", 1, 1, {event(3, "9", 7)})},
      noon);
  EXPECT_EQ(word(store.commit(work)), "committed 2");
  EXPECT_EQ(rows("price, event_time, commit_time, kafka_offset, flags"),
            "AAPL 1/5 100000000 1000 1699963200000 2 0, "
            "AAPL 1/6 200000000 1001 1699963200000 4 0, "
            "AAPL 1/7 300000000 1002 1699963200000 9 0, "
            "MSFT 1/1 900000000 7 1699963200000 3 0");
  EXPECT_EQ(db.value("SELECT string_agg(stream, ',') FROM journal_streams"), "price,price");
  EXPECT_EQ(db.value("SELECT string_agg(DISTINCT topic || '/' || partition, ',') FROM "
                     "journal_prices JOIN journal_partitions USING (partition_id)"),
            "price-ticks/0");
  EXPECT_EQ(leaves(), "AAPL 1 2023-11-14 5, MSFT 1 2023-11-14 1");
  EXPECT_EQ(rows("kafka_offset", "journal_prices_20231114"),
            "AAPL 1/5 2, AAPL 1/6 4, AAPL 1/7 9, MSFT 1/1 3");
  EXPECT_EQ(db.value("SELECT next_offset || ' ' || journal_time FROM ingest_offsets"),
            "12 1699963200000");
  EXPECT_EQ(db.value("SELECT last_sequence FROM price_snapshots WHERE symbol = 'AAPL'"), "7");
}

TEST_F(Journal, KeepsEveryDigitAtTheBounds) {
  auto most = event(9'223'372'036'854'775'806, "92233720368.54775807", 4'102'444'799'999);
  most.volume = quantity::parse("999999999999.99999999").value();
  most.source_sequence = 9'223'372'036'854'775'807;
  auto least = event(0, "0.00000001", 946'684'800'000);
  least.volume = quantity::parse("0.00000001").value();
  least.source_sequence = -1;
  auto zero = event(1, "0", 946'684'800'000);
  zero.volume = quantity::parse("0").value();
  const auto none = event(2, "1", 946'684'800'000);
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 9, {}),
                           {events.run("LEAST", 1, 1, {least, zero, none}),
                            events.run("MOST", 2'147'483'647, 9'223'372'036'854'775'807, {most})},
                           noon))),
            "committed 0");
  const std::string all = "price, coalesce(size::text, 'null'), coalesce(size_rest::text, 'null'), "
                          "event_time, kafka_offset, coalesce(source_sequence::text, 'null')";
  EXPECT_EQ(rows(all),
            "LEAST 1/1 1 0 1 946684800000 0 -1, LEAST 1/2 0 0 0 946684800000 1 null, "
            "LEAST 1/3 100000000 null null 946684800000 2 null, "
            "MOST 2147483647/9223372036854775807 9223372036854775807 "
            "999999999999999999 99 4102444799999 9223372036854775806 9223372036854775807");
}

TEST_F(Journal, RefusesAnEpochThatItCannotHold) {
  const auto outcome = store.commit(
      journalled(range(part0, 1, 0, 2, {}), {events.run_of("A", 2'147'483'648, 1, 2)}, noon));
  EXPECT_EQ(word(outcome), "try_again: A: epoch 2147483648, the journal holds at most 2147483647");
}

TEST_F(Journal, SaysWhichEventsAreLate) {
  auto first = events.run("A", 1, 1, {event(0, "1", 500), event(1, "2", 400), event(2, "3", 500)});
  auto rest = events.run("A", 1, 4, {event(3, "4", 499), event(4, "5", 501), event(5, "6", 500)});
  rest.newest_before = at_ms(500);
  // Its own epoch's first event is never late.
  auto next = events.run("A", 2, 1, {event(6, "7", 1)});
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 0, 9, {}), {first, rest, next}, noon))),
            "committed 0");
  EXPECT_EQ(rows("flags"), "A 1/1 0, A 1/2 1, A 1/3 0, A 1/4 1, A 1/5 0, A 1/6 1, A 2/1 0");
}

TEST_F(Journal, KeepsTwoEpochsOfACommit) {
  ASSERT_EQ(word(store.commit(journalled(
                range(part0, 1, 0, 5, {row("A", 4, 2, "1", 1)}),
                {events.run_of("A", 1, 8, 2, 0), events.run_of("A", 4, 1, 2, 2)}, noon))),
            "committed 1");
  EXPECT_EQ(rows("kafka_offset"), "A 1/8 0, A 1/9 1, A 4/1 2, A 4/2 3");
  EXPECT_EQ(leaves(), "A 1 2023-11-14 8, A 4 2023-11-14 1");
}

TEST_F(Journal, GoesOnWithoutNamingAnythingAgain) {
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 2, {}), {events.run_of("A", 1, 1, 2)}, noon))),
            "committed 0");
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 2, 4, {}), {events.run_of("A", 1, 3, 2, 2)}, noon + 5))),
            "committed 0");
  EXPECT_EQ(rows("commit_time - " + std::to_string(noon)), "A 1/1 0, A 1/2 0, A 1/3 5, A 1/4 5");
  EXPECT_EQ(leaves(), "A 1 2023-11-14 1");
}

TEST_F(Journal, EntersTheNextLeafWithTheDay) {
  const auto evening = noon + day_ms / 2 - 1;
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 2, {}), {events.run_of("A", 1, 1, 2)}, evening))),
            "committed 0");
  // Made ahead, so that midnight costs nothing.
  EXPECT_EQ(db.value("SELECT to_regclass('journal_prices_20231115') IS NOT NULL"), "t");
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 2, 4, {}),
                                         {events.run_of("A", 1, 3, 2, 2)}, evening + 1))),
            "committed 0");
  EXPECT_EQ(rows("kafka_offset", "journal_prices_20231114"), "A 1/1 0, A 1/2 1");
  EXPECT_EQ(rows("kafka_offset", "journal_prices_20231115"), "A 1/3 2, A 1/4 3");
  EXPECT_EQ(leaves(), "A 1 2023-11-14 1, A 1 2023-11-15 3");
}

TEST_F(Journal, TwoPartitionsOnEitherSideOfMidnightEnterTheirOwnLeaves) {
  own(store, part1);
  const auto midnight = noon + day_ms / 2;
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 2, {}), {events.run_of("A", 1, 1, 2)}, midnight))),
            "committed 0");
  ASSERT_EQ(word(store.commit(journalled(range(part1, 1, 0, 2, {}), {events.run_of("B", 1, 1, 1)},
                                         midnight - 1))),
            "committed 0");
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 2, 3, {}), {events.run_of("A", 1, 3, 1)}, midnight))),
            "committed 0");
  EXPECT_EQ(leaves(), "A 1 2023-11-15 1, B 1 2023-11-14 1");
  EXPECT_EQ(db.value("SELECT string_agg(DISTINCT partition || ' ' || symbol, ',') FROM "
                     "journal_prices JOIN journal_partitions USING (partition_id) JOIN "
                     "journal_streams USING (stream_id)"),
            "0 A,1 B");
}

TEST_F(Journal, TellsTheNextClaimTheTimeOfTheNewestEvents) {
  EXPECT_EQ(store.claim(part0, "node-1").value().journal_time, std::nullopt);
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 2, 0, 2, {}), {events.run_of("A", 1, 1, 2)}, noon))),
            "committed 0");
  // A range without events leaves it.
  ASSERT_EQ(word(store.commit(range(part0, 2, 2, 3, {}))), "committed 0");
  EXPECT_EQ(store.claim(part0, "node-1").value().journal_time, at_ms(noon));
  auto moved = store.reposition({.source = part0,
                                 .gen = generation{3},
                                 .next = next_offset{0},
                                 .new_epoch = true,
                                 .cluster_id = "c"});
  EXPECT_EQ(moved.value().journal_time, at_ms(noon));
}

TEST_F(Journal, OfAFencedCommitNothingIsKept) {
  range_store_postgres other(db.settings("node-2"), shared_watchdog());
  ASSERT_TRUE(other.claim(part0, "node-2"));
  const auto work = journalled(range(part0, 1, 0, 2, {row("A", 1, 2, "1", 1)}),
                               {events.run_of("A", 1, 1, 2)}, noon);
  EXPECT_EQ(word(store.commit(work)), "fenced");
  EXPECT_EQ(count(), "0");
  EXPECT_EQ(db.value("SELECT count(*) FROM journal_streams"), "0");
  EXPECT_EQ(db.value("SELECT count(*) FROM journal_leaves"), "0");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                     "AND state LIKE 'idle in transaction%'"),
            "0");
  auto theirs = work;
  theirs.gen = generation{2};
  EXPECT_EQ(word(other.commit(theirs)), "committed 1");
  EXPECT_EQ(rows("kafka_offset"), "A 1/1 0, A 1/2 1");
}

TEST_F(Journal, KeepsTheEventsOfARefusedRow) {
  db.run("ALTER TABLE price_snapshots ADD CHECK (price <> 13)");
  auto work = journalled(range(part0, 1, 0, 4, {row("A", 1, 1, "1", 1), row("B", 1, 2, "13", 1)}),
                         {events.run_of("A", 1, 1, 1), events.run_of("B", 1, 1, 2, 1)}, noon);
  EXPECT_EQ(word(store.commit(work)), "rows_refused B/23514");
  EXPECT_EQ(count(), "0");
  work.rows[1].position_only = true;
  EXPECT_EQ(word(store.commit(work)), "committed 2");
  EXPECT_EQ(rows("kafka_offset"), "A 1/1 0, B 1/1 1, B 1/2 2");
  EXPECT_EQ(db.value("SELECT symbol || ' ' || last_sequence FROM stream_positions"), "B 2");
}

// A number that is there already is a fault of a stream, and no row is to blame for it.
TEST_F(Journal, ANumberThatComesTwiceStopsThePartitionAndChangesNothing) {
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 2, {}), {events.run_of("A", 1, 1, 2)}, noon))),
            "committed 0");
  const auto outcome = store.commit(journalled(range(part0, 1, 2, 4, {row("A", 1, 3, "1", 1)}),
                                               {events.run_of("A", 1, 2, 2)}, noon));
  EXPECT_EQ(
      word(outcome),
      "try_again: the journal has a number already that " + part0.to_string() +
          " is about to give: A, epoch and seq 1, 2. Nothing of this partition is stored until "
          "that "
          "is repaired; its records stay in Kafka. price_snapshots, ingest_offsets or the journal "
          "was changed or put back without the others: put them back together, or let its streams "
          "begin a new epoch from the stored offset on with `tradepulse offsets set " +
          part0.topic +
          " 0 2`. PostgreSQL: SQLSTATE 23505: ERROR:  duplicate key value violates unique "
          "constraint \"journal_prices_20231114_position\"");
  EXPECT_EQ(count(), "2");
  EXPECT_EQ(db.value("SELECT count(*) FROM price_snapshots"), "0");
}

TEST_F(Journal, ANewEpochEndsTheStandstillOfANumberThatComesTwice) {
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 2, {}), {events.run_of("A", 1, 1, 2)}, noon))),
            "committed 0");
  const auto twice = journalled(range(part0, 1, 2, 4, {row("A", 1, 3, "1", 1)}),
                                {events.run_of("A", 1, 2, 2)}, noon);
  for (int i = 0; i < 2; ++i) // tried again, nothing is skipped
    EXPECT_EQ(word(store.commit(twice)).find("try_again: the journal has a number already"), 0U);
  const auto moved = store.reposition({part0, generation{1}, next_offset{2}, true, "cluster"});
  ASSERT_TRUE(moved) << moved.failure().detail;
  EXPECT_EQ(
      word(store.commit(journalled(range(part0, moved->gen.value(), 2, 4, {row("A", 2, 2, "1", 1)}),
                                   {events.run_of("A", 2, 1, 2)}, noon))),
      "committed 1");
  EXPECT_EQ(count(), "4");
}

// Two processes have moved it at the same time, each to a partition of its own.
TEST_F(Journal, ANumberThatAnotherHomeHasGivenThrowsTheWorkAway) {
  range_store_postgres other(db.settings("node-2"), shared_watchdog());
  own(other, part1, 0, "node-2");
  ASSERT_EQ(word(other.commit(journalled(range(part1, 1, 0, 2, {row("A", 2, 2, "1", 1, part1)}),
                                         {events.run_of("A", 2, 1, 2)}, noon))),
            "committed 1");
  EXPECT_EQ(word(store.commit(journalled(range(part0, 1, 0, 1, {row("A", 2, 1, "1", 1)}),
                                         {events.run_of("A", 2, 1, 1)}, noon))),
            "fenced");
  EXPECT_EQ(rows("kafka_offset"), "A 2/1 0, A 2/2 1");
  EXPECT_EQ(db.value("SELECT next_offset FROM ingest_offsets WHERE partition = 0"), "0");
}

TEST_F(Journal, TwoSessionsAgreeOnTheIdOfAStream) {
  range_store_postgres other(db.settings("node-2"), shared_watchdog());
  own(other, part1, 0, "node-2");
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 0, 2, {}),
                                         {events.run_of("A", 1, 1, 1), events.run_of("B", 1, 1, 1)},
                                         noon))),
            "committed 0");
  // B's home has moved.
  ASSERT_EQ(word(other.commit(journalled(range(part1, 1, 0, 2, {}),
                                         {events.run_of("B", 2, 1, 1), events.run_of("C", 1, 1, 1)},
                                         noon))),
            "committed 0");
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 2, 4, {}), {events.run_of("C", 2, 1, 1)}, noon))),
            "committed 0");
  EXPECT_EQ(rows("e.stream_id"), "A 1/1 1, B 1/1 2, B 2/1 2, C 1/1 3, C 2/1 3");
}

// Both have met the symbol for the first time; the second one waits for the first and finds its id.
TEST_F(Journal, ASymbolThatTwoSessionsMeetAtOnceHasOneId) {
  db.run("BEGIN; INSERT INTO journal_streams (symbol, stream) VALUES ('A', 'price')");
  std::thread waits([this] {
    EXPECT_EQ(word(store.commit(
                  journalled(range(part0, 1, 0, 2, {}), {events.run_of("A", 1, 1, 1)}, noon))),
              "committed 0");
  });
  test_database* beside = &db;
  EXPECT_TRUE(eventually([&] {
    return beside->value("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = "
                         "'transactionid'") == "1";
  }));
  db.run("COMMIT");
  waits.join();
  EXPECT_EQ(rows("e.stream_id"), "A 1/1 1");
}

TEST_F(Journal, ALeafThatWasTakenAwayIsMadeAgain) {
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 2, {}), {events.run_of("A", 1, 1, 2)}, noon))),
            "committed 0");
  const auto backend = db.backend_of("node-1");
  db.run("DROP TABLE journal_prices_20231114");
  EXPECT_EQ(word(store.commit(
                journalled(range(part0, 1, 2, 4, {}), {events.run_of("A", 1, 3, 2, 2)}, noon))),
            "committed 0");
  EXPECT_EQ(rows("kafka_offset"), "A 1/3 2, A 1/4 3");
  EXPECT_EQ(db.backend_of("node-1"), backend);
}

TEST_F(Journal, ASchemaWithoutAJournalIsNoRowsFault) {
  db.run("DROP TABLE journal_prices CASCADE");
  const auto outcome =
      store.commit(journalled(range(part0, 1, 0, 2, {}), {events.run_of("A", 1, 1, 2)}, noon));
  ASSERT_TRUE(std::holds_alternative<try_again>(outcome)) << word(outcome);
  EXPECT_EQ(std::get<try_again>(outcome).why.code, errc::database_refused);
  EXPECT_NE(word(outcome).find("journal_prices"), std::string::npos) << word(outcome);
}

// ---- cost ------------------------------------------------------------------------------------

TEST_F(Journal, TakesThreeRoundTripsAndOneForARangeWithoutEvents) {
  wire_proxy proxy(db.host(), db.port());
  auto settings = db.settings("counted");
  settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
  range_store_postgres counted(settings, shared_watchdog());
  own(counted, part0);
  auto trips = [&](const range_commit& work) {
    const auto before = proxy.round_trips();
    EXPECT_EQ(word(counted.commit(work)).substr(0, 9), "committed");
    return proxy.round_trips() - before;
  };
  auto two = [&](std::int64_t from) {
    return journalled(range(part0, 2, from, from + 1, {row("A", 1, from + 1, "1", 1)}),
                      {events.run_of("A", 1, from + 1, 1)}, noon);
  };
  // The statement is prepared; leaf, partition, stream and its first number get their names.
  EXPECT_EQ(trips(two(0)), 8U);
  EXPECT_EQ(trips(two(1)), 3U);
  EXPECT_EQ(trips(range(part0, 2, 2, 3, {row("A", 1, 2, "1", 1)})), 1U);
  EXPECT_EQ(trips(two(3)), 3U);
}

// So that neither statement_timeout nor the watchdog minds how many have waited.
TEST_F(Journal, CopiesManyEventsInSeveralStatements) {
  wire_proxy proxy(db.host(), db.port());
  auto settings = db.settings("counted");
  settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
  range_store_postgres counted(settings, shared_watchdog());
  own(counted, part0);
  ASSERT_EQ(word(counted.commit(
                journalled(range(part0, 2, 0, 1, {}),
                           {events.run_of("A", 1, 1, 1), events.run_of("B", 1, 1, 1)}, noon))),
            "committed 0");
  const auto before = proxy.round_trips();
  ASSERT_EQ(word(counted.commit(journalled(
                range(part0, 2, 1, 2, {}),
                {events.run_of("A", 1, 2, 15'000), events.run_of("B", 1, 2, 30'001)}, noon))),
            "committed 0");
  EXPECT_EQ(proxy.round_trips() - before, 1U + 2 * 5);
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', min, max, count), ', ' ORDER BY count) FROM "
                     "(SELECT min(seq), max(seq), count(*) FROM journal_prices GROUP BY stream_id) "
                     "each"),
            "1 15001 15001, 1 30002 30002");
}

TEST_F(Journal, RowsStandInTheOrderOfTheIndex) {
  // B is met first and gets the lower id.
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 1, {}), {events.run_of("B", 1, 1, 1)}, noon))),
            "committed 0");
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 1, 2, {}),
                                         {events.run_of("A", 1, 1, 2), events.run_of("B", 1, 2, 2)},
                                         noon))),
            "committed 0");
  EXPECT_EQ(db.value("SELECT string_agg(symbol || seq, ' ' ORDER BY e.ctid) FROM "
                     "journal_prices_20231114 e JOIN journal_streams USING (stream_id)"),
            "B1 B2 B3 A1 A2");
}

} // namespace
} // namespace tradepulse
