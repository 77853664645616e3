#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// Partitions of which other processes hold some: a stream that comes from one of theirs goes on from
// what they have stored, whatever this process has heard of it.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::named;
using samples::pos;

const topic_partition ticks{"ticks", 0};
const topic_partition theirs{"ticks", 1};

struct SharedPartitions : testing::Test {
  SharedPartitions() {
    world.list_partitions(2);
    world.start(ticks);
  }
  // By the process that has the other partition.
  void store(std::string_view name, stream_position at) {
    stored_stream row;
    row.symbol = named(name);
    row.position = at;
    row.home = theirs;
    row.snapshot = price_snapshot{{row.symbol, at, row.kind}, samples::costs(1), {}, samples::at(0), at.seq, {}};
    world.store.set(row);
  }
  stream_position stored(std::string_view name) { return world.store.stream(name)->position; }

  actor_world world;
};

TEST_F(SharedPartitions, TakeAStreamOverThatAnotherProcessHasBegun) {
  store("A", pos(1, 5));
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 20 1"}, {2, "A 11 2"}});
  world.batch(ticks, {{3, "A 12 3"}});
  world.commit();
  EXPECT_EQ(stored("A"), pos(2, 3));
  EXPECT_EQ(stored("B"), pos(1, 1));
  EXPECT_EQ(world.home_of({named("A"), stream_kind::price}), ticks);
}

TEST_F(SharedPartitions, TakeItOverAsItIsNowAndNotAsItWasAtTheStart) {
  store("A", pos(1, 5));
  world.preload();
  store("A", pos(4, 2));
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  EXPECT_EQ(stored("A"), pos(5, 1));
}

// Meanwhile it has been theirs, which nobody has told this process.
TEST_F(SharedPartitions, AskBeforeTheyMoveAStreamOfTheirOwn) {
  const topic_partition also_here{"ticks", 2};
  world.list_partitions(3);
  world.start(also_here);
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 20 1"}});
  world.commit();
  store("A", pos(2, 3));
  world.batch(also_here, {{0, "A 11 2"}, {1, "B 21 3"}});
  EXPECT_EQ(world.published("A"), pos(2, 3));
  world.commit();
  EXPECT_EQ(stored("A"), pos(3, 1));
  EXPECT_EQ(stored("B"), pos(2, 1)); // nobody else had it
  world.batch(also_here, {{2, "A 12 4"}});
  world.commit();
  EXPECT_EQ(stored("A"), pos(3, 2));
  EXPECT_EQ(world.home_of({named("A"), {}}), also_here);
}

// Each has asked before the other had committed: the store refuses the later one.
TEST_F(SharedPartitions, MoveAStreamAgainThatWasMovedAtTheSameTime) {
  const topic_partition also_here{"ticks", 2};
  world.list_partitions(3);
  world.start(also_here);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(also_here, {{0, "A 11 2"}});
  EXPECT_EQ(world.published("A"), pos(1, 1)); // 2/1 is nobody's before its commit
  store("A", pos(2, 3));
  world.store.script(fenced{});
  world.commit();
  world.wait(10s);
  EXPECT_EQ(world.published("A"), pos(2, 3));
  world.read_again(also_here);
  world.commit();
  EXPECT_EQ(stored("A"), pos(3, 1));
  EXPECT_EQ(world.home_of({named("A"), {}}), also_here);
}

TEST_F(SharedPartitions, MoveAStreamOfTheirOwnBehindWhatIsNotCommittedThere) {
  const topic_partition also_here{"ticks", 2};
  world.list_partitions(3);
  world.start(also_here);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(ticks, {{1, "A 11 1"}, {2, "A 12 2"}});
  world.batch(also_here, {{0, "A 13 3"}});
  EXPECT_EQ(world.published("A"), pos(1, 3));
  world.commit();
  EXPECT_EQ(stored("A"), pos(2, 1));
  EXPECT_EQ(world.published("A"), pos(2, 1));
}

// The answer comes while the partition that the stream moves from goes on with it.
TEST_F(SharedPartitions, TakeNothingBackThatIsNotCommittedThere) {
  const topic_partition also_here{"ticks", 2};
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(ticks, {{1, "A 11 1"}, {2, "A 12 2"}});
  world.look_up("A", also_here);
  world.batch(ticks, {{3, "A 13 3"}});
  EXPECT_EQ(world.published("A"), pos(1, 4));
  world.commit();
  EXPECT_EQ(stored("A"), pos(1, 4));
}

TEST_F(SharedPartitions, AskOnceForAStream) {
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 20 1"}});
  EXPECT_EQ(world.stream_loads(), 1u);
  world.batch(ticks, {{2, "A 11 2"}, {3, "B 21 3"}});
  EXPECT_EQ(world.stream_loads(), 1u);
}

TEST_F(SharedPartitions, AskForNothingWhereThereIsNoOtherProcess) {
  world.start(theirs);
  world.batch(ticks, {{0, "A 10 0"}});
  world.batch(theirs, {{0, "C 11 0"}});
  world.commit();
  EXPECT_EQ(world.stream_loads(), 0u);
  world.give_up(theirs);
  world.batch(ticks, {{1, "B 10 1"}});
  EXPECT_EQ(world.stream_loads(), 1u);
}

// The listing is asked for now and then.
TEST_F(SharedPartitions, AreKnownAsSuchWhereOneWasAddedThatIsNotListedYet) {
  world.start({"ticks", 2});
  store("A", pos(1, 5));
  world.batch(ticks, {{0, "A 10 0"}});
  world.batch({"ticks", 2}, {{0, "B 10 0"}});
  EXPECT_EQ(world.stream_loads(), 2u);
  world.list_partitions(3);
  world.start(theirs); // now all are here
  world.batch({"ticks", 2}, {{1, "C 10 1"}});
  EXPECT_EQ(world.stream_loads(), 2u);
}

TEST_F(SharedPartitions, PublishOtherStreamsWhileTheDatabaseIsAway) {
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.database(false);
  world.batch(ticks, {{1, "B 20 1"}, {2, "A 11 2"}});
  world.batch(ticks, {{3, "B 21 3"}, {4, "A 12 4"}});
  EXPECT_EQ(world.published("A"), pos(1, 3));
  EXPECT_EQ(world.published("B"), stream_position{});
  EXPECT_EQ(world.undelivered(), 0u); // it does not hold up the delivery of others
  world.database(true);
  EXPECT_EQ(world.published("B"), pos(1, 2));
  world.commit();
  EXPECT_EQ(stored("A"), pos(1, 3));
  EXPECT_EQ(stored("B"), pos(1, 2));
}

TEST_F(SharedPartitions, BeginAnewWhereTheirClaimIsLostMeanwhile) {
  world.database(false);
  world.batch(ticks, {{0, "A 10 0"}, {1, "A 11 1"}});
  world.lose_connection();
  world.database(true); // the claim, and an answer of the one before
  EXPECT_EQ(world.published("A"), stream_position{});
  world.read_again(ticks);
  world.commit();
  EXPECT_EQ(stored("A"), pos(1, 2));
}

TEST(SharedPartition, IsNotSettledWhileSomethingOfItsLogWaits) {
  actor_world world;
  world.list_partitions(2);
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 20 1"}}); // before anybody reads
  world.start(ticks);
  world.database(false);
  world.read_again(ticks);
  EXPECT_FALSE(world.settled(ticks));
  world.database(true);
  EXPECT_TRUE(world.settled(ticks));
}

// Markers of transactions are offsets that no record has.
TEST(SharedPartition, IsSettledWhereTheLogEndsInMarkers) {
  actor_world world;
  world.batch(ticks, {{0, "A 10 0"}, {1, "A 11 1"}}); // before anybody reads
  world.log.logs[ticks].end = high_watermark{4};
  world.start(ticks);
  world.batch_of_generation(ticks, generation{1}, {{0, "A 10 0"}});
  world.second(); // in which something came
  world.second();
  EXPECT_FALSE(world.settled(ticks)); // the next record is known
  const int asked = world.log.asked;
  world.second();
  EXPECT_EQ(world.log.asked, asked);
  world.batch_of_generation(ticks, generation{1}, {{1, "A 11 1"}});
  EXPECT_FALSE(world.settled(ticks));
  world.second();
  world.second();
  EXPECT_TRUE(world.settled(ticks));
}

TEST_F(SharedPartitions, LeaveWhenWhatWaitsIsStored) {
  world.database(false);
  world.batch(ticks, {{0, "A 10 0"}});
  world.give_up(ticks);
  EXPECT_TRUE(world.alive(ticks));
  world.database(true);
  world.commit();
  EXPECT_FALSE(world.alive(ticks));
  EXPECT_EQ(stored("A"), pos(1, 1));
}

} // namespace
} // namespace tradepulse
