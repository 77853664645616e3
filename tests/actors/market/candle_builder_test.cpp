#include "actors/market/candle_builder.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/candle_samples.hpp"

namespace tradepulse {
namespace {

using namespace candle_samples;
using namespace std::chrono_literals;
using enum candle_interval;

TEST(CandleBuilder, HasOpenHighLowCloseVolumeAndCount) {
  one_symbol a(only({m1}));
  EXPECT_EQ(a.trade(clock(0, 0, 1), 10, 2), lines{});
  EXPECT_EQ(a.trade(clock(0, 0, 2), 12, 3), lines{});
  EXPECT_EQ(a.trade(clock(0, 0, 3), 9, 4), lines{});
  EXPECT_EQ(a.trade(clock(0, 0, 59, 999), 11, 5), lines{});
  EXPECT_EQ(a.other(clock(0, 1)), lines{"1m 00:00 o10 h12 l9 c11 v14 n4 #1/1 @4"});
}

TEST(CandleBuilder, ClosesBeforeItsOwnEventOfTheNextCandle) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0, 30), 10);
  EXPECT_EQ(a.trade(clock(0, 1), 20), lines{"1m 00:00 o10 h10 l10 c10 v1 n1 #1/1 @1"});
  EXPECT_EQ(a.trade(clock(0, 2, 5), 30), lines{"1m 00:01 o20 h20 l20 c20 v1 n1 #1/2 @2"});
}

TEST(CandleBuilder, DoesNotCloseAMillisecondBeforeTheEnd) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0, 30), 10);
  EXPECT_EQ(a.other(clock(0, 0, 59, 999)), lines{});
  EXPECT_EQ(a.builder.next_close(), clock(0, 1));
  EXPECT_EQ(a.other(clock(0, 1)).size(), 1u);
  EXPECT_EQ(a.builder.next_close(), time_ms::max());
  EXPECT_EQ(a.other(clock(0, 5)), lines{}); // once
}

TEST(CandleBuilder, WaitsForGraceAndTakesWhatComesMeanwhile) {
  auto rules = only({m1});
  rules.grace = 5s;
  one_symbol a(rules);
  a.trade(clock(0, 0, 30), 10);
  EXPECT_EQ(a.trade(clock(0, 1, 4, 999), 20), lines{});
  EXPECT_EQ(a.trade(clock(0, 0, 59), 11), lines{}); // not late: it is open
  EXPECT_EQ(a.trade(clock(0, 1, 5), 21), lines{"1m 00:00 o10 h11 l10 c11 v2 n2 #1/1 @3"});
}

TEST(CandleBuilder, TheLowerNumberOpensAndTheHigherOneClosesWhereTimesAreEqual) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0, 10), 2);
  a.trade(clock(0, 0, 10), 3);
  a.trade(clock(0, 0, 10), 1);
  EXPECT_EQ(a.other(clock(0, 1)), lines{"1m 00:00 o2 h3 l1 c1 v3 n3 #1/1 @3"});
}

TEST(CandleBuilder, OpensAndClosesByTimeNotByArrival) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0, 20), 5);
  a.trade(clock(0, 0, 10), 6); // earlier: it opens
  a.trade(clock(0, 0, 15), 7); // between: neither
  EXPECT_EQ(a.other(clock(0, 1)), lines{"1m 00:00 o6 h7 l5 c5 v3 n3 #1/1 @3"});
}

TEST(CandleBuilder, ShorterIntervalsCloseFirst) {
  one_symbol a(candle_options{});
  a.trade(clock(23, 59), 10);
  EXPECT_EQ(a.other(clock(24, 0)), (lines{
                                       "1m 23:59 o10 h10 l10 c10 v1 n1 #1/1 @1",
                                       "5m 23:55 o10 h10 l10 c10 v1 n1 #1/1 @1",
                                       "15m 23:45 o10 h10 l10 c10 v1 n1 #1/1 @1",
                                       "1h 23:00 o10 h10 l10 c10 v1 n1 #1/1 @1",
                                       "4h 20:00 o10 h10 l10 c10 v1 n1 #1/1 @1",
                                       "1d 00:00 o10 h10 l10 c10 v1 n1 #1/1 @1",
                                   }));
}

TEST(CandleBuilder, OfOneIntervalTheEarlierStartClosesFirst) {
  auto rules = only({m1, m5});
  rules.grace = 10min;
  one_symbol a(rules);
  a.trade(clock(0, 1), 1);
  a.trade(clock(0, 2), 2);
  a.trade(clock(0, 0), 3);
  EXPECT_EQ(a.other(clock(0, 15)), (lines{
                                       "1m 00:00 o3 h3 l3 c3 v1 n1 #1/1 @3",
                                       "1m 00:01 o1 h1 l1 c1 v1 n1 #1/2 @3",
                                       "1m 00:02 o2 h2 l2 c2 v1 n1 #1/3 @3",
                                       "5m 00:00 o3 h3 l1 c2 v3 n3 #1/1 @3",
                                   }));
}

TEST(CandleBuilder, AFutureEventOpensItsCandleAndClosesNothing) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0, 10), 1);
  a.append_time = clock(0, 0, 11);
  EXPECT_EQ(a.trade(clock(0, 30), 9), lines{}); // the watermark is 00:00:12
  a.append_time = time_ms::min();
  EXPECT_EQ(a.trade(clock(0, 0, 50), 2), lines{});
  EXPECT_EQ(a.other(clock(0, 1)), lines{"1m 00:00 o1 h2 l1 c2 v2 n2 #1/1 @3"});
  EXPECT_EQ(a.builder.next_close(), clock(0, 31));
  EXPECT_EQ(a.other(clock(0, 31)), lines{"1m 00:30 o9 h9 l9 c9 v1 n1 #1/2 @4"});
}

TEST(CandleBuilder, MinutesWithoutEventsAreLeftOut) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0), 1);
  EXPECT_EQ(a.trade(clock(0, 10), 2).size(), 1u);
  EXPECT_EQ(a.other(clock(0, 20)), lines{"1m 00:10 o2 h2 l2 c2 v1 n1 #1/2 @2"});
}

TEST(CandleBuilder, NamesTheEventsOfTheSourceTheTradesAndWhatTakersBought) {
  one_symbol a(only({m1}));
  const auto event = [&](int s, std::int64_t price_units, std::int64_t size, trade_side taker,
                         std::int64_t id) {
    a.apply({a.next(), clock(0, 0, s), price{price_units}, quantity{int128{size}}, taker, id});
  };
  a.begin_epoch(1);
  event(20, 150'000'001, 3, trade_side::buy, 71);
  event(10, 200'000'000, 5, trade_side::sell, 70);
  event(30, 100'000'000, 7, trade_side::buy, 73);
  std::vector<candle_fact> facts;
  a.builder.advance(a.record(clock(0, 1)), facts);
  ASSERT_EQ(facts.size(), 1u);
  const auto& c = facts[0].candle;
  EXPECT_EQ(c.opening_trade_id(), 70);
  EXPECT_EQ(c.closing_trade_id(), 73);
  EXPECT_EQ(c.source_epoch, epoch{1});
  EXPECT_EQ(c.first_seq, sequence{1});
  EXPECT_EQ(c.last_seq, sequence{3});
  EXPECT_EQ(c.volume(), int128{15});
  EXPECT_EQ(c.quote_volume(), int128{2'150'000'003});
  EXPECT_EQ(c.taker_buy_volume(), int128{10});
  EXPECT_EQ(c.taker_buy_quote_volume(), int128{1'150'000'003});
  EXPECT_EQ(facts[0].time, clock(0, 1));
  EXPECT_TRUE(c.closed());
}

TEST(CandleBuilder, WhatOneEventDoesNotSayIsNotKnownOfTheCandle) {
  one_symbol a(only({m1}));
  a.apply({a.next(), clock(0, 0, 1), price{5}, quantity{2}, trade_side::buy, 70});
  a.apply({a.next(), clock(0, 0, 2), price{5}, {}, {}, {}});
  std::vector<candle_view> views;
  a.builder.open_views(views);
  const auto& c = views.at(0).candle;
  EXPECT_EQ(c.volume(), int128{2});
  EXPECT_FALSE(c.volume_whole());
  EXPECT_EQ(c.taker_buy_volume(), std::nullopt);
  EXPECT_EQ(c.opening_trade_id(), 70);
  EXPECT_EQ(c.closing_trade_id(), std::nullopt);
}

TEST(CandleBuilder, AQuoteVolumeAboveItsBoundIsUnknownFromThenOnAndCounted) {
  const price greatest{std::numeric_limits<std::int64_t>::max()};
  const quantity much{int128{100'000'000'000} * decimal_unit}; // 10^11: the product is 9.2 * 10^37
  one_symbol a(only({m1, m5}));
  a.apply({a.next(), clock(0, 0, 1), greatest, much});
  EXPECT_EQ(a.last.overflows, 0u);
  std::vector<candle_view> views;
  a.builder.open_views(views);
  EXPECT_EQ(views.at(0).candle.quote_volume(),
            int128{std::numeric_limits<std::int64_t>::max()} * much.units());
  a.apply({a.next(), clock(0, 0, 2), greatest, much});
  EXPECT_EQ(a.last.overflows, 2u);
  a.apply({a.next(), clock(0, 0, 3), price{1}, quantity{1}});
  EXPECT_EQ(a.last.overflows, 0u);
  views.clear();
  a.builder.open_views(views);
  EXPECT_EQ(views.at(0).candle.quote_volume(), std::nullopt);
  EXPECT_EQ(views.at(0).candle.volume(), much.units() * 2 + 1);
}

TEST(CandleBuilder, AVolumeAtTheBoundIsKnownAndOneUnitMoreIsNot) {
  const int128 bound = ((int128{1} << 126) - 1) + (int128{1} << 126);
  const price high{9'000'000'000'000'000'000};
  for (const bool looked_at : {false, true}) { // behind each event
    one_symbol a(only({m1, m5}));
    std::vector<candle_view> views;
    const auto event = [&](price each, int128 size) {
      a.apply({a.next(), clock(0, 0, 1), each, quantity{size}});
      views.clear();
      if (looked_at)
        a.builder.open_views(views);
      return a.last.overflows;
    };
    EXPECT_EQ(event(price{1}, 1), 0u);
    EXPECT_EQ(event(high, (bound - 1) / high.units()), 0u);
    EXPECT_EQ(event(price{1}, (bound - 1) % high.units()), 0u);
    for (const auto& view : views)
      EXPECT_EQ(view.candle.quote_volume(), bound);
    EXPECT_EQ(event(price{1}, 1), 2u);
    EXPECT_EQ(event(price{1}, 1), 0u);
    views.clear();
    a.builder.open_views(views);
    EXPECT_EQ(views.at(0).candle.quote_volume(), std::nullopt);
    EXPECT_EQ(views.at(1).candle.quote_volume(), std::nullopt);
    EXPECT_EQ(views.at(0).candle.trades, 5);
  }
}

TEST(CandleBuilder, OneProductAboveTheBoundIsUnknownToo) {
  EXPECT_EQ(quote_volume_of(price{std::numeric_limits<std::int64_t>::max()},
                            quantity{int128{999'999'999'999} * decimal_unit}),
            std::nullopt);
  EXPECT_EQ(quote_volume_of(price{0}, quantity{int128{999'999'999'999} * decimal_unit}), int128{0});
  EXPECT_EQ(quote_volume_of(price{1}, quantity{int128{999'999'999'999} * decimal_unit}),
            int128{999'999'999'999} * decimal_unit);
}

TEST(CandleBuilder, AViewSaysHowFarItsStreamIsNumbered) {
  one_symbol a(only({m1}));
  a.apply({a.next(), clock(0, 0, 1), price{5 * decimal_unit}, quantity{1}});
  std::vector<candle_view> views;
  a.builder.changed_views(views);
  a.apply({a.next(), clock(0, 1, 1), price{5 * decimal_unit}, quantity{1}});
  a.builder.changed_views(views);
  a.builder.open_views(views);
  a.builder.idle_views(clock(0, 2), views);
  ASSERT_EQ(views.size(), 4u);
  EXPECT_EQ(views[0].closed_through, (stream_position{epoch{1}, sequence{0}}));
  for (std::size_t i = 1; i < views.size(); ++i)
    EXPECT_EQ(views[i].closed_through, (stream_position{epoch{1}, sequence{1}})) << i;
}

TEST(CandleBuilder, AnEventThatWasAppliedChangesNothing) {
  one_symbol a(only({m1}));
  const candle_event event{a.next(), clock(0, 0, 1), price{5 * decimal_unit}, quantity{1}};
  a.apply(event);
  a.apply(event);
  std::vector<candle_view> views;
  a.builder.open_views(views);
  EXPECT_EQ(views.at(0).candle.trades, 1);
}

TEST(CandleBuilder, RefusesRulesThatMakeNoCandles) {
#ifdef TRADEPULSE_HARD_ASSERTIONS
  GTEST_SKIP() << "a violated contract aborts in this build";
#endif
  EXPECT_THROW(one_symbol{only({})}, std::logic_error);
  auto rules = only({m1});
  rules.grace = -1ms;
  EXPECT_THROW(one_symbol{rules}, std::logic_error);
}

} // namespace
} // namespace tradepulse
