#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// Epochs that candles alone have begun, above the floor, and that a claim has lost.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::at;
using samples::line;
using samples::named;
using samples::pos;
using samples::some_time;
using enum candle_interval;

const topic_partition source{"ticks", 0};
const stream_key minutes{named("A"), stream_kind::candle(m1)};

line tick(std::int64_t offset, std::string_view name, int seconds) {
  const auto into = at(some_time) - candle_start(at(some_time), m1);
  const auto t = seconds * 1'000 - std::chrono::milliseconds{into}.count();
  return {offset, std::string(name) + " 10 " + std::to_string(t)};
}

struct CandleEpochs : testing::Test {
  CandleEpochs() {
    candle_options rules;
    rules.intervals = {m1};
    world.make_candles(
        {std::make_shared<const candle_options>(rules), stream_kind::price, 24h, 5s});
    world.start(source);
  }
  // Its records below `next` have expired, or are committed; what comes then is of this epoch.
  void claim_from(std::int64_t next, std::int64_t floor) {
    auto row = world.store.row(source);
    row.next = next_offset{next};
    row.floor = epoch{floor};
    world.store.set(source, row);
    world.lose_connection();
  }
  void begin_one_and_lose_it() {
    world.batch(source, {tick(0, "A", 0)});
    world.commit();
    claim_from(1, 2);
    world.batch(source, {tick(1, "B", 60)}); // closes A's of the epoch before, at the floor: 2/1
    world.batch(source, {tick(2, "A", 70), tick(3, "B", 120)}); // A's own epoch is above it: 3/1
    claim_from(4, 3);
  }
  actor_world world;
};

// Who is told so by a claim must not be ahead of the next process.
TEST_F(CandleEpochs, AreWhereTheirStreamStandsBeforeTheFirstEvent) {
  world.batch(source, {tick(0, "A", 0), tick(1, "A", 60)});
  world.commit();
  claim_from(2, 2);
  world.batch(source, {tick(2, "A", 70)});
  EXPECT_EQ(world.published("A", minutes.kind), pos(2, 0));
  world.commit();
  EXPECT_EQ(world.store.stream("A", minutes.kind)->position, pos(2, 0));
  EXPECT_EQ(world.store.stream("A", minutes.kind)->home, source);
  world.batch(source, {tick(3, "A", 120)});
  EXPECT_EQ(world.published("A", minutes.kind), pos(2, 1));
  world.commit();
  EXPECT_EQ(world.store.candle_events(minutes).size(), 2u);
}

TEST_F(CandleEpochs, AboveTheFloorAreHeardOfWithTheirCommit) {
  world.batch(source, {tick(0, "A", 0)});
  world.commit();
  claim_from(1, 2);
  world.batch(source, {tick(1, "B", 60)}); // closes A's of the epoch before, at the floor: 2/1
  world.batch(source, {tick(2, "A", 70)}); // 3/0
  EXPECT_EQ(world.published("A", minutes.kind), pos(2, 1));
  world.commit();
  EXPECT_EQ(world.published("A", minutes.kind), pos(3, 0));
  world.batch(source, {tick(3, "B", 120)});
  EXPECT_EQ(world.published("A", minutes.kind), pos(3, 1)); // it need not wait any more
  world.passivate_idle();
  EXPECT_EQ(world.symbol_actors(), 0u);
}

TEST_F(CandleEpochs, TheFirstOfAllIsStoredWithItsFirstEvent) {
  world.batch(source, {tick(0, "A", 0)});
  world.commit();
  EXPECT_FALSE(world.store.stream("A", minutes.kind));
  EXPECT_EQ(world.symbol_actors(), 1u);
}

TEST_F(CandleEpochs, ThatTheFloorHasReachedMeanwhileAreCommitted) {
  begin_one_and_lose_it();
  world.batch(source, {tick(4, "A", 130), tick(5, "A", 180)}); // 3/1, at the floor
  EXPECT_EQ(world.waiting(minutes).size(), 1u);
  world.commit();
  const auto all = world.store.candle_events(minutes);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].position, pos(3, 1));
  world.passivate_idle();
  EXPECT_EQ(world.symbol_actors(), 0u);
}

// Nor is what a failed range has begun committed, before the claim that follows.
TEST_F(CandleEpochs, AreHeardOfByNobodyWhereTheirRangeHasFailed) {
  world.batch(source, {tick(0, "A", 0)});
  world.commit();
  claim_from(1, 2);
  world.batch(source, {tick(1, "B", 60)}); // closes A's of the epoch before, at the floor: 2/1
  world.commit();
  auto quote = tick(2, "X", 61); // makes no candles
  quote.value = "@quote " + quote.value;
  world.dispatch_only(source, {quote, tick(3, "A", 70)}); // 3/0
  world.turn_of("A");
  world.turn_of("A", minutes.kind);
  world.dispatch_only(source, {tick(4, "A", 120)}); // 3/1
  world.kill_symbol("X", stream_kind::quote); // with the first range
  ASSERT_EQ(world.state_of(source), "waiting to claim again");
  EXPECT_EQ(world.published("A", minutes.kind), pos(2, 1));
  EXPECT_TRUE(world.waiting(minutes).empty());
}

TEST_F(CandleEpochs, AreNotWaitedForWhereNothingClosesAnyMore) {
  begin_one_and_lose_it();
  world.batch(source, {tick(4, "A", 130)});
  world.commit();
  world.passivate_idle();
  EXPECT_EQ(world.symbol_actors(), 0u);
}

} // namespace
} // namespace tradepulse
