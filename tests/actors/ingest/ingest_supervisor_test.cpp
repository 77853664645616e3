#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

namespace tradepulse {
namespace {

using namespace std::chrono_literals;

topic_partition ticks(std::int32_t partition) {
  return {"ticks", partition};
}

struct Supervisor : testing::Test {
  samples::actor_world world;
  bool owned(std::int32_t p) { return world.store.row(ticks(p)).owner.has_value(); }
  std::int64_t claims(std::int32_t p) { return world.store.row(ticks(p)).gen.value(); }
};

TEST_F(Supervisor, StartsWhatIsAssignedAndEndsWhatIsNot) {
  world.supervise(2, 10);
  world.assign({ticks(0), ticks(1)});
  EXPECT_TRUE(world.reader.running[ticks(0)]);
  EXPECT_TRUE(world.reader.running[ticks(1)]);
  world.assign({ticks(1), ticks(2)});
  EXPECT_FALSE(world.reader.running[ticks(0)]);
  EXPECT_FALSE(owned(0));
  EXPECT_TRUE(world.reader.running[ticks(2)]);
  EXPECT_EQ(claims(1), 1); // what stays is not touched
}

TEST_F(Supervisor, StartsAPartitionAnewThatWasTakenAwayAndGivenBackBeforeItHadEnded) {
  world.supervise(1, 10);
  world.assign({ticks(0)});
  world.batch(ticks(0), {{0, "A 10 0"}});
  world.assign({});
  world.assign({ticks(0)});
  EXPECT_FALSE(world.reader.running[ticks(0)]); // it still waits for its commit
  world.commit();
  EXPECT_TRUE(world.reader.running[ticks(0)]);
  EXPECT_EQ(claims(0), 2);
  EXPECT_EQ(world.reader.calls.back(), "start ticks/0 from 1");
}

TEST_F(Supervisor, RestartsAPartitionThatFailedAfterAPause) {
  world.supervise(1, 10);
  world.assign({ticks(0), ticks(1)});
  world.kill_partition(ticks(0));
  EXPECT_FALSE(world.reader.running[ticks(0)]);
  world.second();
  EXPECT_TRUE(world.reader.running[ticks(0)]);
  EXPECT_EQ(claims(0), 2);
  EXPECT_EQ(claims(1), 1);
  EXPECT_TRUE(world.fatal().empty());
}

// What the dead one had not committed will be read again, whoever threw it away.
TEST_F(Supervisor, APartitionThatFailedIsNotSettledBeforeItsNextClaimHasReadAgain) {
  world.supervise(1, 10);
  world.assign({ticks(0), ticks(1)});
  EXPECT_TRUE(world.settled(ticks(0)));
  world.database(false);
  world.kill_partition(ticks(0));
  world.second();
  EXPECT_FALSE(world.settled(ticks(0)));
  EXPECT_TRUE(world.settled(ticks(1)));
  world.database(true);
  EXPECT_TRUE(world.settled(ticks(0)));
}

TEST_F(Supervisor, DoesNotRestartWhatIsNoLongerAssigned) {
  world.supervise(1, 10);
  world.assign({ticks(0)});
  world.kill_partition(ticks(0));
  world.assign({});
  world.second();
  EXPECT_EQ(claims(0), 1);
}

TEST_F(Supervisor, EndsTheProcessWhereRestartsDoNotHelp) {
  world.supervise(1, 2);
  world.assign({ticks(0)});
  for (int i = 0; i < 2; ++i) {
    world.kill_partition(ticks(0));
    world.second();
  }
  EXPECT_TRUE(world.fatal().empty());
  world.kill_partition(ticks(0));
  ASSERT_EQ(world.fatal().size(), 1u);
  EXPECT_NE(world.fatal()[0].find("ticks/0"), std::string::npos) << world.fatal()[0];
}

TEST_F(Supervisor, StartsThePartitionsOfAWriterAnewWhenTheWriterFailed) {
  world.supervise(1, 3);
  std::vector<topic_partition> many;
  for (std::int32_t i = 0; i < 8; ++i)
    many.push_back(ticks(i));
  world.assign(many);
  world.kill_writer(0);
  world.second();
  for (const auto& each : many)
    EXPECT_TRUE(world.reader.running[each]) << each.to_string();
  EXPECT_EQ(claims(0), 2);
  EXPECT_TRUE(world.fatal().empty()); // one failure, however many partitions it had
}

TEST_F(Supervisor, DrainsWhenEveryPartitionHasCommittedAndReleased) {
  world.supervise(2, 10);
  world.assign({ticks(0), ticks(1)});
  world.batch(ticks(0), {{0, "A 10 0"}});
  world.drain();
  EXPECT_FALSE(owned(1));
  EXPECT_EQ(world.drained(), 0);
  world.commit();
  EXPECT_EQ(world.drained(), 1);
  EXPECT_TRUE(world.all_committed());
  EXPECT_FALSE(owned(0));
  EXPECT_EQ(world.store.row(ticks(0)).next, next_offset{1});
}

TEST_F(Supervisor, SaysThatNotAllIsCommittedWhereAPartitionEndsWithWorkInFlight) {
  world.supervise(2, 10);
  world.assign({ticks(0), ticks(1)});
  world.batch(ticks(0), {{0, "A 10 0"}});
  world.database(false);
  world.lose_connection();
  world.drain();
  EXPECT_EQ(world.drained(), 1);
  EXPECT_FALSE(world.all_committed());
}

TEST_F(Supervisor, DrainsAtOnceWhereNothingIsAssigned) {
  world.supervise(1, 10);
  world.drain();
  EXPECT_EQ(world.drained(), 1);
}

TEST_F(Supervisor, DrainsAlsoWhereTheLastPartitionFailsMeanwhile) {
  world.supervise(1, 10);
  world.assign({ticks(0)});
  world.batch(ticks(0), {{0, "A 10 0"}});
  world.drain();
  world.kill_partition(ticks(0));
  EXPECT_EQ(world.drained(), 1);
}

TEST_F(Supervisor, StartsNothingMoreWhileItDrains) {
  world.supervise(1, 10);
  world.assign({ticks(0)});
  world.batch(ticks(0), {{0, "A 10 0"}});
  world.drain();
  world.assign({ticks(0), ticks(1)}); // a rebalance that comes too late
  EXPECT_FALSE(owned(1));
  world.commit();
  EXPECT_EQ(world.drained(), 1);
}

} // namespace
} // namespace tradepulse
