#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// Candles through real partition and symbol actors: what they are numbered, stored and shown as.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::at;
using samples::line;
using samples::named;
using samples::pos;
using samples::some_time;

const topic_partition source{"ticks", 0};
const topic_partition other{"ticks", 1};
using enum candle_interval;

candle_source of(stream_kind stream, candle_options rules = {}) {
  rules.intervals = {m1, m5};
  return {std::make_shared<const candle_options>(rules), stream, 24h, 5s};
}

stream_key candles_of(std::string_view name, candle_interval interval = m1) {
  return {named(name), stream_kind::candle(interval)};
}

// "A PRICE SECONDS"
line tick(std::int64_t offset, std::string_view name, int price, int seconds) {
  return {offset,
          std::string(name) + " " + std::to_string(price) + " " + std::to_string(seconds * 1'000)};
}

struct PartitionCandles : testing::Test {
  void begin(const candle_source& how = of(stream_kind::price)) {
    world.make_candles(how);
    world.start(source);
  }
  std::vector<samples::memory_store::journalled_candle> closes(std::string_view name,
                                                               candle_interval interval = m1) {
    return world.store.candle_events(candles_of(name, interval));
  }
  actor_world world;
};

// some_time is the start of a minute that is no fifth one's last.
int minute_start() {
  const auto into = at(some_time) - candle_start(at(some_time), m5);
  return -static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(into).count());
}

TEST_F(PartitionCandles, CloseAtTheFirstRecordBehindTheirEnd) {
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 14, t + 20), tick(2, "A", 9, t + 40)});
  world.batch(source, {tick(3, "A", 11, t + 59)});
  world.commit();
  EXPECT_TRUE(closes("A").empty());
  world.batch(source, {tick(4, "B", 1, t + 60)}); // of another symbol
  world.commit();
  const auto all = closes("A");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].position, pos(1, 1));
  EXPECT_EQ(all[0].event.offset, record_offset{4});
  EXPECT_EQ(all[0].event.event_time, at(some_time + (t + 60) * 1'000));
  const auto& candle = all[0].event.value;
  EXPECT_EQ(candle.open, samples::costs(10));
  EXPECT_EQ(candle.high, samples::costs(14));
  EXPECT_EQ(candle.low, samples::costs(9));
  EXPECT_EQ(candle.close, samples::costs(11));
  EXPECT_EQ(candle.trades, 4);
  EXPECT_EQ(candle.first_seq, sequence{1});
  EXPECT_EQ(candle.last_seq, sequence{4});
  EXPECT_TRUE(closes("A", m5).empty());
  EXPECT_EQ(world.store.candles({named("A"), {}}, m1).size(), 1u);
  EXPECT_EQ(world.store.row(source).watermark, at(some_time + (t + 60) * 1'000));
}

TEST_F(PartitionCandles, AreNotMadeWhereNoneAreConfigured) {
  world.start(source);
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 10, t + 400)});
  world.commit();
  EXPECT_TRUE(closes("A").empty());
  EXPECT_EQ(world.store.row(source).watermark, std::nullopt);
  ASSERT_EQ(world.store.commits().size(), 1u);
  EXPECT_TRUE(world.store.commits()[0].candles.empty());
}

TEST_F(PartitionCandles, AreMadeOfTradesAloneWhereThatIsTheSource) {
  begin(of(stream_kind::trade));
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 50, t),
                       {1, "@trade A 10 " + std::to_string((t + 1) * 1'000)},
                       tick(2, "A", 60, t + 61)});
  world.commit();
  const auto all = closes("A");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].event.value.trades, 1);
  EXPECT_EQ(all[0].event.value.high, samples::costs(10));
}

TEST_F(PartitionCandles, OfASymbolWithoutAnActorCloseToo) {
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t)});
  world.commit();
  world.passivate_idle();
  world.passivate_idle();
  EXPECT_EQ(world.symbol_actors(), 0u);
  world.batch(source, {tick(1, "B", 1, t + 60)});
  world.commit();
  EXPECT_EQ(closes("A").size(), 1u);
}

TEST_F(PartitionCandles, AreReadFromTheDatabaseForALateEvent) {
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 10, t + 60), tick(2, "A", 10, t + 120)});
  world.commit();
  world.lose_connection(); // the claim restores without what is closed
  world.wait(10s);
  world.hold_candle_loads();
  world.batch(source, {tick(3, "A", 99, t + 5)});
  world.batch(source, {tick(4, "A", 98, t + 130)});
  world.commit();
  EXPECT_EQ(world.candle_loads(), 1u);
  EXPECT_EQ(world.store.row(source).next, next_offset{3}); // what is behind it waits
  world.answer_candle_loads();
  world.commit();
  EXPECT_EQ(world.store.row(source).next, next_offset{5});
  const auto all = closes("A");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].position, pos(1, 3));
  EXPECT_EQ(all[2].event.value.revision, 1);
  EXPECT_EQ(all[2].event.value.trades, 2);
  EXPECT_EQ(all[2].event.value.high, samples::costs(99));
  EXPECT_EQ(world.metrics().candle_corrections.value(), 1u);
}

TEST_F(PartitionCandles, ThatWaitForTheDatabaseBeginAnewWithAClaim) {
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 10, t + 60), tick(2, "A", 10, t + 120)});
  world.commit();
  world.lose_connection();
  world.wait(10s);
  world.hold_candle_loads();
  world.batch(source, {tick(3, "A", 99, t + 5)});
  world.lose_connection();
  world.wait(10s);
  world.answer_candle_loads(); // of the claim before: nobody's
  world.read_again(source);
  world.answer_candle_loads();
  world.commit();
  EXPECT_EQ(world.store.row(source).next, next_offset{4});
  EXPECT_EQ(closes("A").size(), 3u);
}

// The slot comes to nothing, and no claim restores the stream before another partition moves it.
TEST_F(PartitionCandles, ThatASlotHasLeftOutAreNotCountedWhereItIsGivenUp) {
  candle_options rules;
  rules.fill = true;
  rules.fill_limit = 2;
  begin(of(stream_kind::price, rules));
  world.start(other);
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 10, t + 60), tick(2, "A", 10, t + 120)});
  world.commit();
  world.lose_connection(); // the claim restores without what is closed
  world.wait(10s);
  world.hold_candle_loads();
  world.batch(source, {tick(3, "B", 1, t + 600), tick(4, "A", 99, t + 5)}); // the late one waits
  ASSERT_EQ(world.candle_loads(), 1u);
  world.database(false);
  world.lose_connection();
  world.answer_candle_loads(); // its claim is gone
  world.batch(other, {tick(0, "A", 20, t + 610)});
  EXPECT_EQ(world.metrics().candles_left_out.value(), 0u);
}

// The stream may have come from there, and what it had asked then is answered late.
TEST_F(PartitionCandles, ThatWaitForTheDatabaseTakeNoAnswerOfAnotherPartition) {
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 10, t + 60), tick(2, "A", 10, t + 120)});
  world.commit();
  world.lose_connection();
  world.wait(10s);
  world.hold_candle_loads();
  world.batch(source, {tick(3, "A", 99, t + 5)});
  world.end_candle_loads_as(other);
  world.answer_candle_loads();
  world.commit();
  EXPECT_EQ(world.candle_loads(), 1u);
  EXPECT_EQ(world.store.row(source).next, next_offset{4});
  EXPECT_EQ(closes("A").size(), 3u);
  world.hold_candle_loads();
  world.lose_connection(); // one of its own still ends the wait
  world.wait(10s);
  world.batch(source, {tick(4, "A", 98, t + 6)});
  world.end_candle_loads_as(source);
  world.answer_candle_loads();
  world.commit();
  EXPECT_EQ(world.store.row(source).next, next_offset{4});
}

// Whoever comes back with the number of a close asks the stream of candles: it must have the number
// before the partition is called settled, and that is when its ranges are complete.
TEST_F(PartitionCandles, ArePublishedBeforeTheirRangeIsComplete) {
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 11, t + 60)});
  world.commit();
  world.dispatch_only(source, {tick(2, "A", 12, t + 120)});
  world.turn_of("A"); // the close is made, and its stream has not had its turn
  world.kill_symbol("A", stream_kind::candle(m1));
  world.commit();
  EXPECT_EQ(world.store.row(source).next, next_offset{2});
  world.wait(10s);
  world.read_again(source);
  world.commit();
  EXPECT_EQ(world.store.row(source).next, next_offset{3});
  EXPECT_EQ(closes("A").size(), 2u);
}

// Between the failure of a range and the claim that follows the database has nothing of it: the
// candle that a late event corrects then would be numbered as the first close of its minute.
TEST_F(PartitionCandles, ThatAreNotCommittedStayWhereTheirRangeHasFailed) {
  begin();
  const int t = minute_start();
  world.dispatch_only(source, {tick(0, "X", 1, t), tick(1, "A", 10, t), tick(2, "A", 10, t + 60),
                               tick(3, "A", 10, t + 120)});
  world.turn_of("A"); // closes two
  world.turn_of("A", stream_kind::candle(m1));
  world.dispatch_only(source, {tick(4, "A", 10, t + 121)});
  world.dispatch_only(source, {tick(5, "A", 99, t + 30)});
  world.kill_symbol("X"); // with the first range
  ASSERT_EQ(world.state_of(source), "waiting to claim again");
  EXPECT_EQ(world.candle_loads(), 0u);
  const auto waiting = world.waiting(candles_of("A"));
  ASSERT_EQ(waiting.size(), 1u);
  ASSERT_EQ(waiting[0].newest.size(), 1u);
  EXPECT_EQ(waiting[0].newest[0].seq, sequence{3});
  const auto shown = waiting[0].newest[0].candle;
  EXPECT_EQ(shown.revision, 1);
  EXPECT_EQ(shown.trades, 2);
  world.wait(10s);
  world.read_again(source);
  world.commit();
  const auto all = closes("A");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].position, pos(1, 3));
  EXPECT_EQ(all[2].event.value, shown);
}

TEST_F(PartitionCandles, AreShownAsTheyAre) {
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 12, t + 1)});
  const auto views = world.views("A");
  ASSERT_EQ(views.size(), 2u); // of a minute, of five
  EXPECT_FALSE(views[0].provisional);
  EXPECT_EQ(views[0].through, pos(1, 2));
  EXPECT_EQ(views[0].candle.close, samples::costs(12));
  EXPECT_TRUE(world.views("B").empty());
}

TEST_F(PartitionCandles, AreNeverShownOlderThanTheyWere) {
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t)});
  world.commit();
  world.batch(source, {tick(1, "A", 12, t + 1)}); // not committed
  const auto before = world.views("A");
  world.lose_connection();
  world.wait(10s);
  EXPECT_EQ(world.views("A"), before);
  world.read_again(source);
  EXPECT_EQ(world.views("A"), before);
  world.batch(source, {tick(2, "A", 13, t + 2)});
  EXPECT_NE(world.views("A"), before);
}

TEST_F(PartitionCandles, AreShownAsClosedWhereThePartitionIsSilent) {
  auto how = of(stream_kind::price);
  how.idle_close = 0ms;
  begin(how);
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t)});
  world.second(); // the wall clock is far ahead
  for (const auto& each : world.views("A"))
    EXPECT_TRUE(each.provisional);
  world.commit();
  EXPECT_TRUE(closes("A").empty()); // shown, never numbered
  world.batch(source, {tick(1, "A", 12, t + 1)});
  for (const auto& each : world.views("A"))
    EXPECT_FALSE(each.provisional);
}

TEST_F(PartitionCandles, AreShownAsClosedAgainWhereAClaimHasRestoredThem) {
  auto how = of(stream_kind::price);
  how.idle_close = 0ms;
  begin(how);
  world.batch(source, {tick(0, "A", 10, minute_start())});
  world.commit();
  world.second();
  world.lose_connection();
  world.second();
  ASSERT_EQ(world.views("A").size(), 2u);
  for (const auto& each : world.views("A"))
    EXPECT_TRUE(each.provisional);
}

TEST_F(PartitionCandles, AreNotShownAsClosedWhileRecordsCome) {
  begin();
  world.batch(source, {tick(0, "A", 10, minute_start())});
  world.second();
  for (const auto& each : world.views("A"))
    EXPECT_FALSE(each.provisional);
}

TEST_F(PartitionCandles, BeginAnEpochWithTheirSource) {
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 10, t + 61)});
  world.start(other);
  world.batch(other, {tick(0, "A", 20, t + 70), tick(1, "A", 20, t + 121)}); // the home moves
  world.commit();
  const auto all = closes("A");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].position, pos(1, 1));
  EXPECT_EQ(all[1].position, pos(2, 1));
  EXPECT_TRUE(all[1].event.value.partial());
  EXPECT_EQ(all[1].event.value.source_epoch, epoch{2});
  world.batch(source, {tick(2, "B", 1, t + 500)}); // the old home's watermark closes nothing of it
  world.commit();
  EXPECT_EQ(closes("A").size(), 2u);
}

// A number that is in the journal must not be given again: nothing could be committed any more.
TEST_F(PartitionCandles, GoOnBehindThoseOfAnotherSource) {
  stored_stream row;
  row.symbol = named("A");
  row.home = source;
  row.kind = stream_kind::trade;
  row.position = pos(1, 5);
  world.store.set(row);
  row.kind = stream_kind::candle(m1);
  row.position = pos(3, 17);
  world.store.set(row);
  begin(of(stream_kind::trade));
  const int t = minute_start();
  world.batch(source, {{0, "@trade A 10 " + std::to_string(t * 1'000)}, tick(1, "B", 1, t + 60)});
  world.commit();
  const auto all = closes("A");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].position, pos(4, 1));
  EXPECT_TRUE(all[0].event.value.partial());
}

TEST_F(PartitionCandles, OfASourceThatNobodyHasSeenGoOnBehindThoseOfAnother) {
  stored_stream row;
  row.symbol = named("A");
  row.home = source;
  row.kind = stream_kind::candle(m1);
  row.position = pos(3, 17);
  world.store.set(row);
  world.preload();
  begin(of(stream_kind::trade));
  const int t = minute_start();
  world.batch(source, {{0, "@trade A 10 " + std::to_string(t * 1'000)}, tick(1, "B", 1, t + 60)});
  world.commit();
  const auto all = closes("A");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].position, pos(4, 1));
}

TEST_F(PartitionCandles, OfAnIntervalThatIsMadeAnewGoOnBehindWhatItHad) {
  auto only_fives = of(stream_kind::price);
  candle_options rules = *only_fives.rules;
  begin();
  const int t = minute_start();
  world.batch(source, {tick(0, "A", 10, t), tick(1, "A", 10, t + 60)});
  world.commit();
  world.give_up(source);
  rules.intervals = {m5};
  only_fives.rules = std::make_shared<const candle_options>(rules);
  begin(only_fives);
  world.batch(source, {tick(2, "A", 10, t + 120)});
  world.commit();
  world.give_up(source);
  begin();
  world.batch(source, {tick(3, "A", 10, t + 180), tick(4, "A", 10, t + 240)});
  world.commit();
  const auto all = closes("A");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].position, pos(1, 1));
  EXPECT_EQ(all[1].position, pos(2, 1));
  EXPECT_TRUE(all[1].event.value.partial());
}

// --- any cut of the same log ---

struct outcome {
  std::map<std::string,
           std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t, time_ms, candle>>>
      events;
  std::map<std::string, std::vector<candle>> closed;
  friend bool operator==(const outcome&, const outcome&) = default;
};

const std::vector<std::string> names{"A", "B", "C", "D"};

std::vector<line> random_log(std::mt19937_64& draw, std::size_t count) {
  std::vector<line> out;
  int now = minute_start();
  for (std::size_t i = 0; i < count; ++i) {
    now += draw() % 10 == 0 ? static_cast<int>(draw() % 90) : static_cast<int>(draw() % 5);
    const int late = draw() % 8 == 0 ? static_cast<int>(draw() % 400) : 0;
    const auto& name = names[draw() % 10 < 6 ? 0 : draw() % names.size()];
    if (draw() % 15 == 0)
      out.push_back({static_cast<std::int64_t>(i), "!bad_json"});
    else
      out.push_back(
          tick(static_cast<std::int64_t>(i), name, static_cast<int>(draw() % 50) + 1, now - late));
  }
  return out;
}

outcome run_cut(const std::vector<line>& log, const std::vector<std::size_t>& cuts,
                const std::vector<bool>& claims, bool fill) {
  actor_world world;
  candle_options rules;
  rules.fill = fill;
  rules.lateness = 5min;
  world.make_candles(of(stream_kind::price, rules));
  world.start(source);
  std::size_t from = 0;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    world.batch(source, {log.begin() + static_cast<std::ptrdiff_t>(from),
                         log.begin() + static_cast<std::ptrdiff_t>(cuts[i])});
    from = cuts[i];
    if (!claims[i])
      continue;
    if (i % 2 == 0)
      world.commit(); // otherwise it is read again
    world.lose_connection();
    world.wait(10s);
    world.read_again(source);
  }
  world.commit();
  outcome out;
  for (const auto& name : names)
    for (const auto interval : {m1, m5}) {
      auto& events = out.events[name + std::string(name_of(interval))];
      for (const auto& each : world.store.candle_events(candles_of(name, interval)))
        events.emplace_back(each.position.epoch.value(), each.position.seq.value(),
                            each.event.offset.value(), each.event.event_time, each.event.value);
      for (const auto& each : world.store.candles({named(name), {}}, interval))
        out.closed[name + std::string(name_of(interval))].push_back(each.row.candle);
    }
  EXPECT_EQ(world.store.row(source).next, next_offset{static_cast<std::int64_t>(log.size())});
  return out;
}

void any_cut(bool fill) {
  const auto seed = samples::seed("PartitionCandles.cuts");
  std::mt19937_64 draw(seed);
  const auto log = random_log(draw, 300);
  const auto whole = run_cut(log, {log.size()}, {false}, fill);
  std::size_t count = 0;
  for (const auto& [name, events] : whole.events)
    count += events.size();
  ASSERT_GT(count, 20u);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i < log.size(); ++i)
      if (draw() % 12 == 0)
        cuts.push_back(i);
    cuts.push_back(log.size());
    std::vector<bool> claims(cuts.size(), round % 2 == 1);
    claims.back() = false;
    ASSERT_EQ(run_cut(log, cuts, claims, fill), whole) << "round " << round;
  }
}

TEST(PartitionCandlesOfAnyCut, AreTheSame) {
  any_cut(false);
}
TEST(PartitionCandlesOfAnyCut, AreTheSameWhereMinutesWithoutTradesAreFilled) {
  any_cut(true);
}

} // namespace
} // namespace tradepulse
