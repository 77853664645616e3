#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// Actors that die with nothing of a range in hand, and servers that take over while nothing comes:
// nothing waits for the partition's next record.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::at;
using samples::line;
using samples::named;
using samples::pos;
using samples::some_time;

const topic_partition ticks{"ticks", 0};

struct QuietFailures : testing::Test {
  static ingest_rules rules() {
    ingest_rules out;
    out.identity_check_interval = 0ms; // at each second that the test lets pass
    out.symbol_failures = 2;
    return out;
  }
  generation claimed() { return world.store.row(ticks).gen; }
  actor_world world{rules()};
};

// --- actors ----------------------------------------------------------------------------------

TEST_F(QuietFailures, OfAnActorAreCuredByAClaimAtOnce) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 20 0"}});
  world.commit();
  world.kill_symbol("A");
  EXPECT_EQ(world.state_of(ticks), "waiting to claim again");
  world.wait(100ms);
  EXPECT_EQ(claimed(), generation{2});
  EXPECT_EQ(world.state_of(ticks), "reading");
  EXPECT_EQ(world.metrics().failed_symbols.value(), 1u);
  world.batch(ticks, {{2, "A 11 1"}});
  world.commit();
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
  EXPECT_EQ(claimed(), generation{2});
}

TEST_F(QuietFailures, OfAnActorThatHasWorkInHandAsWellAreOne) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.dispatch_only(ticks, {{1, "A 11 1"}});
  world.kill_symbol("A");
  world.wait(10s);
  EXPECT_EQ(claimed(), generation{2});
  EXPECT_EQ(world.metrics().failed_symbols.value(), 1u);
}

TEST_F(QuietFailures, OfAnActorStopItsStreamWhereTheyAreTooMany) {
  world.start(ticks);
  for (int i = 0; i < 3; ++i) { // two are allowed
    world.batch(ticks, {{i, "A 10 0"}});
    world.commit();
    world.kill_symbol("A");
    world.wait(10s);
  }
  EXPECT_EQ(claimed(), generation{4});
  world.batch(ticks, {{3, "A 11 1"}, {4, "B 20 0"}});
  world.commit();
  ASSERT_EQ(world.letters.letters().size(), 1u);
  EXPECT_EQ(world.letters.letters()[0].reason, reject_reason::symbol_stopped);
  EXPECT_EQ(world.store.row(ticks).next, next_offset{5});
}

TEST_F(QuietFailures, WhileAClaimIsOnItsWayNeedNoOther) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.database(false);
  world.lose_connection();
  world.kill_symbol("A");
  world.database(true);
  world.wait(10s);
  EXPECT_EQ(claimed(), generation{2});
  world.batch(ticks, {{1, "A 11 1"}});
  world.commit();
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
}

TEST_F(QuietFailures, AreNotActorsThatWereAskedToEnd) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.passivate_idle();
  world.passivate_idle();
  ASSERT_EQ(world.symbol_actors(), 0u);
  world.wait(10s);
  EXPECT_EQ(claimed(), generation{1});
  EXPECT_EQ(world.metrics().failed_symbols.value(), 0u);
}

// --- actors of candles -----------------------------------------------------------------------

struct QuietFailuresOfCandles : QuietFailures {
  const stream_kind minutes = stream_kind::candle(candle_interval::m1);

  void begin() {
    candle_options rules;
    rules.intervals = {candle_interval::m1};
    world.make_candles(
        {std::make_shared<const candle_options>(rules), stream_kind::price, 24h, 5s});
    world.start(ticks);
  }
  // In the n-th minute of the test, so that the one before closes.
  static line line_of(std::int64_t minute) {
    const auto start = candle_start(at(some_time), candle_interval::m1) + minute * 1min;
    return {minute, "A 10 " + std::to_string((start - at(some_time)).count())};
  }
  void tick(std::int64_t minute) {
    world.batch(ticks, {line_of(minute)});
    world.commit();
  }
};

TEST_F(QuietFailuresOfCandles, AreCuredByAClaimAtOnce) {
  begin();
  tick(0);
  tick(1);
  world.kill_symbol("A", minutes);
  world.wait(10s);
  EXPECT_EQ(claimed(), generation{2});
  tick(2);
  const auto closes = world.store.candle_events({named("A"), minutes});
  ASSERT_EQ(closes.size(), 2u);
  EXPECT_EQ(closes[1].position, pos(1, 2));
  EXPECT_EQ(claimed(), generation{2});
}

// The ticket that dies is of its source, whose actor lives: it hears of the claim behind its work.
TEST_F(QuietFailuresOfCandles, WithWorkInHandLeaveTheActorOfTheirSource) {
  begin();
  tick(0);
  world.dispatch_only(ticks, {line_of(1)});
  world.turn_of("A"); // the close is on its way
  ASSERT_EQ(world.symbol_actors(), 2u);
  world.kill_symbol("A", minutes);
  EXPECT_EQ(world.symbol_actors(), 1u);
  EXPECT_EQ(world.metrics().failed_symbols.value(), 1u);
  EXPECT_EQ(world.state_of(ticks), "waiting to claim again");
  world.wait(10s);
  EXPECT_EQ(claimed(), generation{2});
  world.read_again(ticks);
  world.commit();
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
  const auto closes = world.store.candle_events({named("A"), minutes});
  ASSERT_EQ(closes.size(), 1u);
  EXPECT_EQ(closes[0].position, pos(1, 1));
  world.passivate_idle();
  EXPECT_EQ(world.symbol_actors(), 0u);
}

// A stream of candles has no records that could be set aside: those of its source are.
TEST_F(QuietFailuresOfCandles, StopTheirSourceWhereTheyAreTooMany) {
  begin();
  tick(0);
  for (int i = 1; i < 4; ++i) {
    tick(i);
    world.kill_symbol("A", minutes);
    world.wait(10s);
  }
  EXPECT_TRUE(world.letters.letters().empty());
  tick(4);
  EXPECT_EQ(world.letters.letters().size(), 1u);
  EXPECT_TRUE(has(world.store.stream("A")->flags, stream_flags::stopped));
  EXPECT_FALSE(world.store.stream("A", minutes) &&
               has(world.store.stream("A", minutes)->flags, stream_flags::stopped));
}

// --- servers ---------------------------------------------------------------------------------

TEST_F(QuietFailures, OfAServerWhoseSuccessorLacksCommitsAreFoundWithoutARecord) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  const auto row = world.store.row(ticks);
  const auto stream = *world.store.stream("A");
  world.batch(ticks, {{1, "A 11 1"}});
  world.commit();
  world.store.set(ticks, row);
  world.store.set(stream);
  world.second();
  EXPECT_EQ(world.state_of(ticks), "waiting to claim again");
  world.wait(100ms);
  EXPECT_EQ(claimed(), generation{2});
  world.read_again(ticks);
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{2});
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
}

TEST_F(QuietFailures, OfAServerAreNotLookedForWhileSomethingIsToBeWritten) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}}); // its commit compares the same
  auto row = world.store.row(ticks);
  row.next = next_offset{7};
  world.store.set(ticks, row);
  world.second();
  EXPECT_EQ(world.state_of(ticks), "reading");
}

TEST_F(QuietFailures, OfAServerAreNoneWhereTheRowIsAsItWas) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.second();
  world.wait(10s);
  EXPECT_EQ(world.state_of(ticks), "reading");
  EXPECT_EQ(claimed(), generation{1});
}

} // namespace
} // namespace tradepulse
