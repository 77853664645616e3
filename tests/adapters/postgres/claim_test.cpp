#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/rows.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"

namespace tradepulse {
namespace {

using namespace test;

class Claim : public testing::Test {
 protected:
  Claim() { db.migrate(); }

  test_database db;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
  range_store_postgres other{db.settings("node-2"), shared_watchdog()};
};

TEST_F(Claim, OfAPartitionNeverSeenMakesItsRowWithoutAPosition) {
  auto claimed = store.claim(part0, "node-1");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  EXPECT_EQ(claimed->source, part0);
  EXPECT_EQ(claimed->gen, generation{1});
  EXPECT_FALSE(claimed->next.has_value());
  EXPECT_EQ(claimed->epoch_floor, epoch{1});
  EXPECT_EQ(claimed->cluster_id, "");
  EXPECT_FALSE(claimed->last_applied.has_value());
  EXPECT_TRUE(claimed->streams.empty());
}

// A replica that has become the primary may lack it.
TEST_F(Claim, NeverGrantsAGenerationAgainThatTheDatabaseHasLost) {
  own(store, part0, 100);
  ASSERT_EQ(store.claim(part0, "node-1")->gen, generation{2});
  db.run("UPDATE ingest_offsets SET generation = 1");
  EXPECT_EQ(store.claim(part0, "node-1")->gen, generation{3});
  db.run("DELETE FROM ingest_offsets");
  EXPECT_EQ(store.claim(part0, "node-1")->gen, generation{4});
  EXPECT_EQ(store.claim({part0.topic, 7}, "node-1")->gen, generation{1}); // another one's
}

TEST_F(Claim, RaisesTheGenerationAndGoesOnWhereTheLastCommitEnded) {
  own(store, part0, 100);
  auto work = range(part0, 1, 100, 250, {row("AAPL", 1, 7, "150.25", 1'723'161'256'543)});
  work.last_applied = applied_record{record_offset{249}, 0xfedc'ba98'7654'3210U};
  work.rows[0].stream.snapshot->volume = quantity::parse("12.5").value();
  work.rows[0].stream.snapshot->source_sequence = 991;
  ASSERT_EQ(word(store.commit(work)), "committed 1");

  auto claimed = other.claim(part0, "node-2");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  EXPECT_EQ(claimed->gen, generation{2});
  EXPECT_EQ(claimed->next, next_offset{250});
  EXPECT_EQ(claimed->cluster_id, "cluster-1");
  ASSERT_TRUE(claimed->last_applied.has_value());
  EXPECT_EQ(claimed->last_applied->offset, record_offset{249});
  EXPECT_EQ(claimed->last_applied->digest, 0xfedc'ba98'7654'3210U);
  ASSERT_EQ(claimed->streams.size(), 1U);
  const auto& stream = claimed->streams[0];
  EXPECT_EQ(stream.symbol, sym("AAPL"));
  EXPECT_EQ(stream.position, (stream_position{epoch{1}, sequence{7}}));
  EXPECT_EQ(stream.home, part0);
  ASSERT_TRUE(stream.snapshot.has_value());
  EXPECT_EQ(stream.snapshot->price, price::parse("150.25").value());
  EXPECT_EQ(stream.snapshot->volume, quantity::parse("12.5").value());
  EXPECT_EQ(stream.snapshot->event_time, at_ms(1'723'161'256'543));
  EXPECT_EQ(stream.snapshot->position, (stream_position{epoch{1}, sequence{7}}));
  EXPECT_EQ(stream.snapshot->price_seq, sequence{7});
  EXPECT_EQ(stream.snapshot->source_sequence, 991);
  EXPECT_EQ(db.value("SELECT owner FROM ingest_offsets"), "node-2");
}

TEST_F(Claim, LoadsOnlyStreamsOfItsOwnPartitionSortedBySymbol) {
  own(store, part0);
  own(store, part1);
  ASSERT_EQ(
      word(store.commit(range(part0, 1, 0, 3, {row("B", 1, 1, "1", 1), row("a", 1, 1, "1", 1)}))),
      "committed 2");
  ASSERT_EQ(word(store.commit(range(part1, 1, 0, 1, {row("C", 1, 1, "1", 1, part1)}))),
            "committed 1");
  auto claimed = store.claim(part0, "node-1");
  ASSERT_EQ(claimed.value().streams.size(), 2U);
  EXPECT_EQ(claimed->streams[0].symbol, sym("B")); // bytes, not letters
  EXPECT_EQ(claimed->streams[1].symbol, sym("a"));
}

TEST_F(Claim, LeavesAdoptedRowsWithoutAHomeToNobodyUntilTheirFirstEvent) {
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp) VALUES ('OLD', 5, 1723161256543)");
  own(store, part0);
  EXPECT_TRUE(store.claim(part0, "node-1").value().streams.empty());
  // The first event is older than what stands there: an epoch's first event replaces it still.
  ASSERT_EQ(word(store.commit(range(part0, 2, 0, 1, {row("OLD", 1, 1, "4", 1'600'000'000'000)}))),
            "committed 1");
  auto claimed = store.claim(part0, "node-1");
  ASSERT_EQ(claimed.value().streams.size(), 1U);
  EXPECT_EQ(claimed->streams[0].snapshot->price, price::parse("4").value());
}

TEST_F(Claim, RefusesNulInsteadOfCuttingTheTextThere) {
  auto claimed = store.claim({std::string("a\0b", 3), 0}, "node-1");
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.failure().code, errc::bad_utf8);
  auto owned = store.claim(part0, std::string_view("x\0y", 3));
  ASSERT_FALSE(owned);
  EXPECT_EQ(owned.failure().detail, "owner: holds a NUL character");
  EXPECT_EQ(db.value("SELECT count(*) FROM ingest_offsets"), "0");
}

TEST_F(Claim, WaitsForAnOlderTransactionAndSaysWhenItTakesTooLong) {
  own(store, part0);
  db.run("BEGIN; SELECT * FROM ingest_offsets FOR UPDATE");
  auto settings = db.settings("impatient");
  settings.lock_timeout = std::chrono::milliseconds(30);
  range_store_postgres impatient(settings, shared_watchdog());
  auto claimed = impatient.claim(part0, "node-2");
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.failure().code, errc::database_busy);
  EXPECT_NE(claimed.failure().detail.find("55P03"), std::string::npos) << claimed.failure().detail;
  db.run("ROLLBACK");
  EXPECT_EQ(impatient.claim(part0, "node-2").value().gen, generation{2});
}

TEST_F(Claim, IsGivenUpByTheOwnersGenerationOnly) {
  own(store, part0);
  ASSERT_TRUE(store.release(part0, generation{7}));
  EXPECT_EQ(db.value("SELECT owner FROM ingest_offsets"), "node-1");
  ASSERT_TRUE(store.release(part0, generation{1}));
  EXPECT_EQ(db.value("SELECT owner FROM ingest_offsets"), "NULL");
  EXPECT_EQ(store.claim(part0, "node-1").value().gen, generation{2});
}

TEST_F(Claim, CanBeLookedAtFromOutside) {
  EXPECT_FALSE(store.look_at(part0).value().has_value());
  own(store, part0, 42);
  const auto seen = other.look_at(part0).value();
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->gen, generation{1});
  EXPECT_EQ(seen->owner, "node-1");
  EXPECT_EQ(seen->next, next_offset{42});
  EXPECT_EQ(seen->epoch_floor, epoch{1});
  EXPECT_EQ(seen->cluster_id, "cluster-1");
  EXPECT_TRUE(seen->updated_at.has_value());
}

TEST_F(Claim, MovedToAnotherPlaceForgetsTheDigestAndKeepsTheFloor) {
  own(store, part0);
  auto work = range(part0, 1, 0, 10, {row("A", 3, 5, "1", 1)});
  work.last_applied = applied_record{record_offset{9}, 77};
  ASSERT_EQ(word(store.commit(work)), "committed 1");
  auto moved = store.reposition(
      {.source = part0, .gen = generation{1}, .next = next_offset{4}, .cluster_id = "cluster-2"});
  ASSERT_TRUE(moved) << moved.failure().detail;
  EXPECT_EQ(moved->gen, generation{1});
  EXPECT_EQ(moved->next, next_offset{4});
  EXPECT_EQ(moved->cluster_id, "cluster-2");
  EXPECT_EQ(moved->epoch_floor, epoch{1});
  EXPECT_FALSE(moved->last_applied.has_value());
  ASSERT_EQ(moved->streams.size(), 1U);
}

TEST_F(Claim, MovedWithANewEpochPutsTheFloorAboveEveryStreamOfThePartition) {
  own(store, part0);
  own(store, part1);
  auto refused = row("C", 9, 1, "1", 1);
  refused.position_only = true;
  ASSERT_EQ(word(store.commit(
                range(part0, 1, 0, 10, {row("A", 3, 5, "1", 1), row("B", 6, 1, "1", 1), refused}))),
            "committed 3");
  ASSERT_EQ(word(store.commit(range(part1, 1, 0, 1, {row("D", 40, 1, "1", 1, part1)}))),
            "committed 1");
  repositioning move{.source = part0,
                     .gen = generation{1},
                     .next = next_offset{0},
                     .new_epoch = true,
                     .cluster_id = "cluster-1"};
  EXPECT_EQ(store.reposition(move).value().epoch_floor, epoch{10});
  // Again, without an event between: the old floor counts.
  auto again = store.reposition(move);
  EXPECT_EQ(again.value().epoch_floor, epoch{11});
  // The streams take the floor with their next event, not before.
  EXPECT_EQ(again->streams[0].position, (stream_position{epoch{3}, sequence{5}}));
}

TEST_F(Claim, CannotBeMovedByAnOlderGeneration) {
  own(store, part0, 5);
  own(other, part0);
  auto moved = store.reposition(
      {.source = part0, .gen = generation{1}, .next = next_offset{0}, .cluster_id = "x"});
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.failure().code, errc::database_refused);
  EXPECT_EQ(moved.failure().detail, "fenced: price-ticks/0 is no longer at generation 1");
  EXPECT_EQ(db.value("SELECT next_offset FROM ingest_offsets"), "5");
}

stream_row unordered(stream_row row) {
  row.stream.flags = stream_flags::unordered;
  row.stream.home_moved_at = at_ms(1'723'161'256'000);
  return row;
}

TEST_F(Claim, OfAnyPartitionThatFeedsAnUnorderedStreamBeginsAnEpoch) {
  own(store, part0);
  own(store, part1);
  // The home went from 0 to 1 and back; both have committed since.
  ASSERT_EQ(word(store.commit(range(part1, 1, 0, 1, {unordered(row("S", 2, 3, "1", 10, part1))}))),
            "committed 1");
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {unordered(row("S", 3, 4, "2", 11))}))),
            "committed 1");

  auto by_home = store.claim(part0, "node-1");
  ASSERT_EQ(by_home.value().streams.size(), 1U);
  EXPECT_EQ(by_home->streams[0].position, (stream_position{epoch{4}, sequence{0}}));
  EXPECT_EQ(by_home->streams[0].snapshot->price_seq, sequence{0});
  EXPECT_EQ(by_home->streams[0].snapshot->price, price::parse("2").value());
  EXPECT_TRUE(has(by_home->streams[0].flags, stream_flags::unordered));
  EXPECT_EQ(by_home->streams[0].home_moved_at, at_ms(1'723'161'256'000));

  auto by_feeder = store.claim(part1, "node-1");
  ASSERT_EQ(by_feeder.value().streams.size(), 1U);
  EXPECT_EQ(by_feeder->streams[0].position, (stream_position{epoch{5}, sequence{0}}));
  EXPECT_EQ(by_feeder->streams[0].home, part0);

  // The epoch's first event is older than what is shown, and replaces it.
  ASSERT_EQ(word(store.commit(range(part1, 2, 1, 2, {unordered(row("S", 5, 1, "3", 5, part1))}))),
            "committed 1");
  EXPECT_EQ(db.value("SELECT price FROM price_snapshots"), "3.00000000");
}

TEST_F(Claim, TakesTheFloorForAnUnorderedStreamWhereThatIsHigher) {
  own(store, part0);
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {unordered(row("S", 2, 3, "1", 10))}))),
            "committed 1");
  db.run("UPDATE ingest_offsets SET epoch_floor = 50");
  EXPECT_EQ(store.claim(part0, "node-1").value().streams[0].position,
            (stream_position{epoch{50}, sequence{0}}));
}

TEST_F(Claim, LeavesTheEpochOfAStreamAloneThatOnlyMovedOnce) {
  own(store, part0);
  own(store, part1);
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("S", 1, 3, "1", 10)}))), "committed 1");
  auto moved = row("S", 2, 1, "2", 11, part1);
  moved.stream.home_moved_at = at_ms(11);
  ASSERT_EQ(word(store.commit(range(part1, 1, 0, 1, {moved}))), "committed 1");
  EXPECT_TRUE(store.claim(part0, "node-1").value().streams.empty());
  auto home = store.claim(part1, "node-1");
  ASSERT_EQ(home.value().streams.size(), 1U);
  EXPECT_EQ(home->streams[0].position, (stream_position{epoch{2}, sequence{1}}));
}

TEST_F(Claim, BeginsAnEpochOfAnUnorderedStreamThatHasAPositionOnly) {
  own(store, part0);
  auto refused = unordered(row("S", 2, 3, "1", 10));
  refused.position_only = true;
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {refused}))), "committed 1");
  auto claimed = store.claim(part0, "node-1");
  ASSERT_EQ(claimed.value().streams.size(), 1U);
  EXPECT_EQ(claimed->streams[0].position, (stream_position{epoch{3}, sequence{0}}));
  EXPECT_FALSE(claimed->streams[0].snapshot.has_value());
}

TEST_F(Claim, KeepsAStoppedStreamStoppedUntilThatIsCleared) {
  own(store, part0);
  auto stopped = row("S", 1, 3, "1", 10);
  stopped.stream.position = {epoch{2}, sequence{0}};
  stopped.stream.flags = stream_flags::stopped | stream_flags::unordered;
  auto refused = row("T", 1, 3, "1", 10);
  refused.position_only = true;
  refused.stream.flags = stream_flags::stopped;
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {stopped, refused}))), "committed 2");
  auto seen = store.claim(part0, "node-1").value().streams;
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(has(seen[0].flags, stream_flags::stopped));
  EXPECT_TRUE(has(seen[1].flags, stream_flags::stopped));
  // The event that is shown is of epoch 1, the stream is at the start of epoch 3.
  EXPECT_EQ(seen[0].snapshot->price_seq, sequence{0});

  ASSERT_TRUE(store.clear_stopped());
  seen = store.claim(part0, "node-1").value().streams;
  EXPECT_EQ(seen[0].flags, stream_flags::unordered);
  EXPECT_EQ(seen[1].flags, stream_flags::none);
}

TEST_F(Claim, DoesNotFailForRowsThatAnotherProgramFilledWithWhatWeCannotHold) {
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp, volume, epoch, last_sequence, "
         "home_topic, home_partition) VALUES "
         "('BAD SYMBOL', 1, 1, NULL, 1, 1, 'price-ticks', 0), "
         "('NAN', 'NaN', 1, NULL, 1, 5, 'price-ticks', 0), "
         "('NEG', 1, 1, -1, 1, 6, 'price-ticks', 0), "
         "('GOOD', 1, 1, NULL, 1, 7, 'price-ticks', 0)");
  auto claimed = store.claim(part0, "node-1");
  ASSERT_TRUE(claimed) << claimed.failure().detail;
  ASSERT_EQ(claimed->streams.size(), 3U);
  EXPECT_TRUE(claimed->streams[0].snapshot.has_value());
  EXPECT_EQ(claimed->streams[1].symbol, sym("NAN"));
  EXPECT_EQ(claimed->streams[1].position.seq, sequence{5});
  EXPECT_FALSE(claimed->streams[1].snapshot.has_value());
  EXPECT_FALSE(claimed->streams[2].snapshot.has_value());
}

TEST_F(Claim, WithoutASchemaIsRefusedAndNamesTheTable) {
  test_database empty;
  range_store_postgres bare(empty.settings(), shared_watchdog());
  auto claimed = bare.claim(part0, "node-1");
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.failure().code, errc::database_refused);
  EXPECT_NE(claimed.failure().detail.find("42P01"), std::string::npos) << claimed.failure().detail;
  EXPECT_NE(claimed.failure().detail.find("ingest_offsets"), std::string::npos);
  empty.migrate();
  EXPECT_TRUE(bare.claim(part0, "node-1"));
}

} // namespace
} // namespace tradepulse
