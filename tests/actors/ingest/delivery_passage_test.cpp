#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// How long a batch counts as being under way to the sockets.
namespace tradepulse {
namespace {

using samples::actor_world;

const topic_partition ticks{"ticks", 0};

struct DeliveryPassage : testing::Test {
  void expect(std::int64_t whole, std::int64_t ms) {
    auto& all = world.expected["A"][1];
    all.push_back(samples::event(static_cast<std::int64_t>(all.size()) + 1, whole, ms));
  }
  actor_world world;
};

TEST_F(DeliveryPassage, LastsUntilTheIoThreadHasTheBurst) {
  world.start(ticks);
  auto& a = world.subscribe("A");
  world.hold_io();
  expect(10, 0);
  expect(11, 1);
  world.batch(ticks, {{0, "A 10 0"}, {1, "A 11 1"}});
  world.commit(); // in the database, but with no client
  EXPECT_EQ(world.undelivered(), 2u);
  world.release_io();
  EXPECT_EQ(world.undelivered(), 0u);
  world.read(a);
  EXPECT_EQ(a.position("A"), samples::pos(1, 2));
}

TEST_F(DeliveryPassage, OfAWholeBatchLastsAsLongAsOneSymbolOfItWaits) {
  world.start(ticks);
  world.subscribe("A");
  world.hold_io();
  expect(10, 0);
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 50 0"}, {2, "C 60 0"}});
  EXPECT_EQ(world.undelivered(), 3u);
  world.release_io();
  EXPECT_EQ(world.undelivered(), 0u);
}

TEST_F(DeliveryPassage, EndsWithTheSymbolWhereNobodyListens) {
  world.start(ticks);
  world.hold_io();
  world.batch(ticks, {{0, "A 10 0"}});
  EXPECT_EQ(world.undelivered(), 0u); // though nothing is committed
}

TEST_F(DeliveryPassage, WaitsForTheSymbolActor) {
  world.start(ticks);
  world.dispatch_only(ticks, {{0, "A 10 0"}});
  EXPECT_EQ(world.undelivered(), 1u);
}

TEST_F(DeliveryPassage, IsNotHeldByADeadLetterThatWaits) {
  world.start(ticks);
  world.letters.answer(samples::fake_letters::mode::hold);
  world.batch(ticks, {{0, "A 10 0"}, {1, "!bad_json"}});
  ASSERT_EQ(world.letters.letters().size(), 1u);
  EXPECT_EQ(world.undelivered(), 0u);
}

TEST_F(DeliveryPassage, EndsWithABatchOfAnOlderGeneration) {
  world.start(ticks);
  world.batch_of_generation(ticks, generation{99}, {{0, "A 10 0"}});
  EXPECT_EQ(world.undelivered(), 0u);
}

} // namespace
} // namespace tradepulse
