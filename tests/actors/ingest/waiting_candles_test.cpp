#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// Closes between their number and their commit, as REST finds them.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::at;
using samples::line;
using samples::named;
using samples::some_time;
using enum candle_interval;

const topic_partition source{"ticks", 0};
const stream_key minutes{named("A"), stream_kind::candle(m1)};
const stream_key fives{named("A"), stream_kind::candle(m5)};

// some_time is the start of a minute that is no fifth one's last.
line tick(std::int64_t offset, int price, int seconds) {
  const auto into = at(some_time) - candle_start(at(some_time), m5);
  const auto t = seconds * 1'000 - std::chrono::milliseconds{into}.count();
  return {offset, "A " + std::to_string(price) + " " + std::to_string(t)};
}

struct WaitingCandles : testing::Test {
  WaitingCandles() {
    candle_options rules;
    rules.intervals = {m1, m5};
    world.make_candles(
        {std::make_shared<const candle_options>(rules), stream_kind::price, 24h, 5s});
    world.start(source);
  }
  actor_world world;
};

TEST_F(WaitingCandles, StayUntilTheirCommit) {
  world.batch(source, {tick(0, 10, 0), tick(1, 12, 60)});
  const auto closed = world.waiting(minutes);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].epoch, epoch{1});
  EXPECT_EQ(closed[0].first, sequence{1});
  EXPECT_EQ(closed[0].last, sequence{1});
  ASSERT_EQ(closed[0].newest.size(), 1U);
  EXPECT_EQ(closed[0].newest[0].candle.close, samples::costs(10));
  EXPECT_EQ(closed[0].newest[0].seq, sequence{1});
  EXPECT_TRUE(world.waiting(fives).empty());
  EXPECT_TRUE(world.store.candle_events(minutes).empty());
  world.commit();
  EXPECT_TRUE(world.waiting(minutes).empty());
  EXPECT_EQ(world.store.candle_events(minutes).size(), 1U);
}

TEST_F(WaitingCandles, AreTheNewestOfEachStartWithAllNumbers) {
  world.batch(source, {tick(0, 10, 0), tick(1, 12, 60), tick(2, 99, 5), tick(3, 7, 120)});
  world.batch(source, {tick(4, 3, 61)}); // of another range
  const auto closed = world.waiting(minutes);
  ASSERT_EQ(closed.size(), 2U);
  EXPECT_EQ(closed[0].first, sequence{1});
  EXPECT_EQ(closed[0].last, sequence{3});
  ASSERT_EQ(closed[0].newest.size(), 2U); // the correction of the first, and the second
  EXPECT_EQ(closed[0].newest[0].seq, sequence{2});
  EXPECT_EQ(closed[0].newest[0].candle.revision, 1);
  EXPECT_EQ(closed[0].newest[0].candle.high, samples::costs(99));
  EXPECT_EQ(closed[0].newest[1].seq, sequence{3});
  EXPECT_EQ(closed[1].first, sequence{4});
  ASSERT_EQ(closed[1].newest.size(), 1U);
  EXPECT_EQ(closed[1].newest[0].candle.revision, 1);
}

TEST_F(WaitingCandles, GoWithTheirClaimAndComeAgainWithTheirRecords) {
  world.batch(source, {tick(0, 10, 0), tick(1, 12, 60)});
  world.lose_connection();
  world.wait(10s);
  EXPECT_TRUE(world.waiting(minutes).empty());
  world.read_again(source);
  const auto closed = world.waiting(minutes);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].last, sequence{1});
}

} // namespace
} // namespace tradepulse
