#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// Candles of one symbol from two streams, of two topics: those of the first that came are made, and
// the other one changes nothing of them.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::at;
using samples::costs;
using samples::line;
using samples::named;
using samples::pos;
using samples::some_time;
using enum candle_interval;

const topic_partition of_trades{"trades", 0};
const topic_partition of_prices{"ticks", 0};

struct TwoCandleSources : testing::TestWithParam<bool> {
  // some_time, as the minute that it is in sees it.
  static time_ms minute() { return candle_start(at(some_time), m1); }
  static std::string ms(std::chrono::milliseconds into) {
    return " " + std::to_string((minute() + into - at(some_time)).count());
  }
  static line trade(std::int64_t offset, int price, std::chrono::milliseconds into) {
    return {offset, "@trade A " + std::to_string(price) + ms(into)};
  }
  static line tick(std::int64_t offset, int price, std::chrono::milliseconds into) {
    return {offset, "A " + std::to_string(price) + ms(into)};
  }

  // A candle of this minute is open, at `whole`, behind so many numbers.
  void stored(stream_kind kind, const topic_partition& home, std::int64_t numbers, int whole) {
    stored_candle open;
    open.candle.start = minute();
    open.candle.open = open.candle.high = open.candle.low = open.candle.close = costs(whole);
    open.candle.trades = 1;
    open.candle.source_epoch = epoch{1};
    open.candle.first_seq = open.candle.last_seq = open.open_seq = open.close_seq = sequence{1};
    auto state = std::make_shared<stored_candles>();
    for (const auto interval : {m1, m5})
      state->streams.push_back({interval, epoch{1}, pos(1, numbers), {}, {}, {}});
    state->candles.push_back(open);
    stored_stream row;
    row.symbol = named("A");
    row.kind = kind;
    row.home = home;
    row.position = pos(1, 1);
    row.candles = state;
    world.store.set(row);
  }
  void begin(const topic_partition& source, stream_kind kind) {
    candle_options rules;
    rules.intervals = {m1, m5};
    world.make_candles({std::make_shared<const candle_options>(rules), kind, 24h, 0s});
    world.start(source);
  }
  void begin_trades() { begin(of_trades, stream_kind::trade); }
  void begin_prices() { begin(of_prices, stream_kind::price); }

  // Whether the trades come first.
  bool trades_win() const { return GetParam(); }
  void begin_both() {
    stored(stream_kind::trade, of_trades, 5, 10);
    stored(stream_kind::price, of_prices, 7, 20);
    trades_win() ? begin_trades() : begin_prices();
    trades_win() ? begin_prices() : begin_trades();
  }
  void expect_shown(int trades, int prices) {
    const auto views = world.views("A");
    ASSERT_FALSE(views.empty());
    EXPECT_EQ(views[0].candle.close, costs(trades_win() ? trades : prices));
  }
  void expect_at_home() {
    for (const auto interval : {m1, m5})
      EXPECT_EQ(world.home_of({named("A"), stream_kind::candle(interval)}),
                trades_win() ? of_trades : of_prices);
  }
  actor_world world;
};

INSTANTIATE_TEST_SUITE_P(Orders, TwoCandleSources, testing::Values(true, false),
                         [](const auto& order) {
                           return order.param ? "TradesFirst" : "PricesFirst";
                         });

TEST_P(TwoCandleSources, TheFirstIsShownAndKeepsItsStreams) {
  begin_both();
  expect_shown(10, 20);
  expect_at_home();
}

TEST_P(TwoCandleSources, ClaimsOfTheOtherChangeNothing) {
  begin_both();
  for (int i = 0; i < 2; ++i) {
    world.lose_connection();
    world.wait(10s);
    expect_shown(10, 20);
    expect_at_home();
    world.second(); // both have an actor by now: the wall clock is far ahead
    EXPECT_EQ(world.symbol_actors(), 2u);
  }
}

TEST_P(TwoCandleSources, ASilentPartitionOfTheOtherShowsNothing) {
  begin_both();
  for (int i = 0; i < 2; ++i)
    world.second();
  expect_shown(10, 20);
  for (const auto& each : world.views("A"))
    EXPECT_TRUE(each.provisional);
}

struct EventsOfTwoCandleSources : TwoCandleSources {};
INSTANTIATE_TEST_SUITE_P(TradesAlone, EventsOfTwoCandleSources, testing::Values(true));

TEST_P(EventsOfTwoCandleSources, ThoseOfTheOtherChangeNothing) {
  begin_both();
  world.batch(of_trades, {trade(0, 11, 1s)});
  world.batch(of_prices, {tick(0, 21, 1s)});
  world.commit();
  expect_shown(11, 21);
  expect_at_home();
  world.batch(of_trades, {trade(1, 12, 61s)});
  world.batch(of_prices, {tick(1, 22, 61s)});
  world.commit();
  const auto closes = world.store.candle_events({named("A"), stream_kind::candle(m1)});
  ASSERT_EQ(closes.size(), 1u);
  EXPECT_EQ(closes[0].position, pos(1, 6));
  EXPECT_EQ(closes[0].event.value.close, costs(11));
  EXPECT_EQ(closes[0].event.value.trades, 2);
}

// No state is stored: who connects first is first.
TEST_P(TwoCandleSources, OfASymbolThatNobodyHasSeenTheFirstIsShown) {
  begin_trades();
  begin_prices();
  if (trades_win()) {
    world.batch(of_trades, {trade(0, 11, 1s)});
    world.batch(of_prices, {tick(0, 21, 1s)});
  } else {
    world.batch(of_prices, {tick(0, 21, 1s)});
    world.batch(of_trades, {trade(0, 11, 1s)});
  }
  expect_shown(11, 21);
}

} // namespace
} // namespace tradepulse
