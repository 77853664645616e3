#include <gtest/gtest.h>

#include <memory>

#include "tests/actors/support/actor_world.hpp"

// A stream whose home moves, while the log of its old home goes on: what was open there is over at
// records that are not the stream's.
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

const topic_partition from{"ticks", 0};
const topic_partition to{"ticks", 1};
const stream_key minutes{named("A"), stream_kind::candle(m1)};

// `seconds`: of the minute that the first one is in, from its begin on.
line tick(std::int64_t offset, std::string_view name, int price, int seconds) {
  const auto into = at(some_time) - candle_start(at(some_time), m1);
  const auto time = seconds * 1'000 - std::chrono::milliseconds{into}.count();
  return {offset, std::string(name) + " " + std::to_string(price) + " " + std::to_string(time)};
}

class CandleMoves : public ::testing::Test {
 protected:
  CandleMoves() {
    candle_options rules;
    rules.intervals = {m1, h1};
    world.make_candles(
        {std::make_shared<const candle_options>(rules), stream_kind::price, 24h, 0s});
    world.list_partitions(2);
  }
  // A and C at home, then A moves; all of it is committed.
  void move() {
    world.start(from);
    world.start(to);
    world.batch(from, {tick(0, "A", 10, 0), tick(1, "C", 10, 0)});
    world.commit();
    world.batch(to, {tick(0, "A", 11, 1)});
    world.commit();
    ASSERT_EQ(world.home_of({named("A"), {}}), to);
    ASSERT_EQ(world.published("A"), pos(2, 1));
  }
  // The old home alone claims again: its symbol has died.
  void claim_old_home(std::int64_t next_offset) {
    world.kill_symbol("C");
    world.batch(from, {tick(next_offset, "C", 1, 61)});
    world.wait(10s);
    ASSERT_EQ(world.state_of(from), "reading");
    ASSERT_EQ(world.store.row(from).gen, generation{2});
    ASSERT_EQ(world.store.row(to).gen, generation{1});
  }

  actor_world world;
};

TEST_F(CandleMoves, LeaveNumbersAloneWhereWhatWasOpenAtTheOldHomeIsOverThere) {
  move();
  world.batch(from, {tick(2, "B", 1, 60)});
  world.commit();
  world.batch(to, {tick(1, "A", 12, 2), tick(2, "A", 13, 3)}); // not committed
  claim_old_home(3);
  world.batch(to, {tick(3, "A", 14, 4)});
  EXPECT_EQ(world.published("A"), pos(2, 4));
  world.commit();
  EXPECT_EQ(world.store.stream("A")->position, pos(2, 4));
}

TEST_F(CandleMoves, LeaveNumbersAloneWhereTheOldHomeIsSilent) {
  move();
  world.second(); // by the clock, which is far ahead, its minute is over
  world.batch(to, {tick(1, "A", 12, 2), tick(2, "A", 13, 3)});
  claim_old_home(2);
  world.batch(to, {tick(3, "A", 14, 4)});
  EXPECT_EQ(world.published("A"), pos(2, 4));
}

// Its candles went by the times of the old home, and are forgotten with its first event.
TEST_F(CandleMoves, CloseNothingAtRecordsOfTheNewHomeBeforeTheFirstEventThere) {
  world.start(from);
  world.start(to);
  world.batch(from, {tick(0, "A", 10, 0)});
  world.commit();
  world.batch(to, {tick(0, "B", 1, 0), tick(1, "B", 1, 60), tick(2, "A", 11, 61)});
  world.commit();
  EXPECT_TRUE(world.store.candle_events(minutes).empty());
  world.batch(to, {tick(3, "B", 1, 120)});
  world.commit();
  const auto closes = world.store.candle_events(minutes);
  ASSERT_EQ(closes.size(), 1U);
  EXPECT_EQ(closes[0].position, pos(2, 1));
}

TEST_F(CandleMoves, CloseNothingThereWhereTheMoveIsReadAgainEither) {
  world.start(from);
  world.start(to);
  world.batch(from, {tick(0, "A", 10, 0)});
  world.commit();
  world.batch(to, {tick(0, "B", 1, 0), tick(1, "B", 1, 60), tick(2, "A", 11, 61)});
  world.lose_connection(); // before its commit
  world.wait(10s);
  world.read_again(to);
  world.commit();
  EXPECT_EQ(world.home_of({named("A"), {}}), to);
  EXPECT_TRUE(world.store.candle_events(minutes).empty());
  world.batch(to, {tick(3, "B", 1, 120)});
  world.commit();
  const auto closes = world.store.candle_events(minutes);
  ASSERT_EQ(closes.size(), 1U);
  EXPECT_EQ(closes[0].position, pos(2, 1));
}

// What the old home had not committed is lost, and its claim does not restore what has moved on.
TEST_F(CandleMoves, LeaveMemoryWithTheCommitsOfTheNewHomeWhateverIsLostAtTheOldOne) {
  world.start(from);
  world.start(to);
  world.dispatch_only(from, {tick(0, "X", 10, 0), tick(1, "A", 10, 0)});
  world.turn_of("A");
  world.dispatch_only(to, {tick(0, "A", 10, 61)});
  world.turn_of("A");
  world.kill_symbol("X");
  ASSERT_EQ(world.state_of(from), "waiting to claim again");
  world.batch(to, {tick(1, "A", 10, 120), tick(2, "A", 10, 180)}); // closes two
  world.commit();
  ASSERT_EQ(world.store.candle_events(minutes).size(), 2U);
  world.batch(to, {tick(3, "A", 10, 181)});
  world.batch(to, {tick(4, "A", 10, 62)}); // late: of one that is in the database alone
  EXPECT_EQ(world.candle_loads(), 1U);
}

// Else who asks for them is told that another process has them, as soon as it has the old home.
TEST_F(CandleMoves, TakeTheStreamsOfCandlesAlong) {
  move();
  EXPECT_EQ(world.home_of(minutes), to);
  EXPECT_EQ(world.home_of({named("A"), stream_kind::candle(h1)}), to);
}

TEST_F(CandleMoves, TakeTheStreamsOfCandlesAlongToAnEpochThatIsCommitted) {
  auto row = world.store.row(to);
  row.floor = epoch{2}; // begun by a log before
  row.next = next_offset{0};
  world.store.set(to, row);
  move();
  EXPECT_EQ(world.home_of(minutes), to);
  EXPECT_EQ(world.home_of({named("A"), stream_kind::candle(h1)}), to);
  world.batch(to, {tick(1, "A", 11, 61)});
  world.commit();
  EXPECT_EQ(world.home_of(minutes), to);
}

} // namespace
} // namespace tradepulse
