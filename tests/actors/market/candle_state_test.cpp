#include <gtest/gtest.h>

#include "tests/actors/support/candle_samples.hpp"

// Views, what is stored, what is let go, and what all of it takes.
namespace tradepulse {
namespace {

using namespace candle_samples;
using namespace std::chrono_literals;
using enum candle_interval;

lines changed(one_symbol& of) {
  std::vector<candle_view> views;
  of.builder.changed_views(views);
  return texts(views);
}
lines idle(one_symbol& of, time_ms now) {
  std::vector<candle_view> views;
  of.builder.idle_views(now, views);
  return texts(views);
}
lines open(one_symbol& of) {
  std::vector<candle_view> views;
  of.builder.open_views(views);
  return texts(views);
}

TEST(CandleViews, ShowWhatIsOpenAndHowFarTheyKnow) {
  one_symbol a(only({m1, m5}));
  a.trade(clock(0, 0), 10);
  a.trade(clock(0, 0, 1), 12);
  EXPECT_EQ(changed(a), (lines{"1m 00:00 o10 h12 l10 c12 v2 n2 through 1/2",
                               "5m 00:00 o10 h12 l10 c12 v2 n2 through 1/2"}));
  EXPECT_EQ(changed(a), lines{}); // once
  a.trade(clock(0, 1), 11);
  EXPECT_EQ(changed(a), (lines{"1m 00:01 o11 h11 l11 c11 v1 n1 through 1/3",
                               "5m 00:00 o10 h12 l10 c11 v3 n3 through 1/3"}));
}

TEST(CandleViews, OfACandleThatHasClosedAreNotDue) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0), 10);
  a.other(clock(0, 1));
  EXPECT_EQ(changed(a), lines{});
  EXPECT_EQ(open(a), lines{});
  a.trade(clock(0, 0, 30), 11); // a correction is a fact, not a view
  EXPECT_EQ(changed(a), lines{});
}

TEST(CandleViews, AreProvisionalWhenItsPartitionIsSilentAndItsTimeIsOver) {
  one_symbol a(only({m1, m5}));
  a.trade(clock(0, 0, 59), 10);
  EXPECT_EQ(idle(a, clock(0, 0, 59, 999)), lines{}); // silent, but not over
  EXPECT_EQ(idle(a, clock(0, 1, 4)),
            lines{"1m 00:00 o10 h10 l10 c10 v1 n1 through 1/1 provisional"});
  EXPECT_EQ(idle(a, clock(0, 1, 9)), lines{}); // said
  EXPECT_EQ(open(a), (lines{"1m 00:00 o10 h10 l10 c10 v1 n1 through 1/1 provisional",
                            "5m 00:00 o10 h10 l10 c10 v1 n1 through 1/1"}));
  // The numbered close says the same again, and is final.
  EXPECT_EQ(a.other(clock(0, 1)), lines{"1m 00:00 o10 h10 l10 c10 v1 n1 #1/1 @1"});
  EXPECT_EQ(changed(a), (lines{"5m 00:00 o10 h10 l10 c10 v1 n1 through 1/1"}));
}

TEST(CandleViews, ALaterEventOfTheCandleWithdrawsTheProvisionalOne) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0, 58), 10);
  idle(a, clock(0, 1, 4));
  EXPECT_EQ(a.trade(clock(0, 0, 59), 11), lines{});
  EXPECT_EQ(changed(a), lines{"1m 00:00 o10 h11 l10 c11 v2 n2 through 1/2 withdraws"});
  a.trade(clock(0, 0, 59), 12);
  EXPECT_EQ(changed(a), lines{"1m 00:00 o10 h12 l10 c12 v3 n3 through 1/3"});
}

TEST(CandleViews, WhatIsProvisionalIsNeverStored) {
  one_symbol a(only({m1})), b(only({m1}));
  a.trade(clock(0, 0, 58), 10);
  b.trade(clock(0, 0, 58), 10);
  idle(a, clock(0, 1, 4));
  stored_candles of_a, of_b;
  a.builder.save(of_a);
  b.builder.save(of_b);
  EXPECT_EQ(of_a.candles, of_b.candles);
  EXPECT_FALSE(of_a.candles.at(0).candle.closed());
}

TEST(CandleState, SavesOnlyWhatHasChanged) {
  one_symbol a(only({m1, m5}));
  a.trade(clock(0, 0), 10);
  stored_candles saved;
  EXPECT_EQ(a.builder.save(saved), 1u);
  EXPECT_EQ(saved.streams.size(), 2u);
  EXPECT_EQ(saved.candles.size(), 2u);
  saved.clear();
  EXPECT_EQ(a.builder.save(saved), 2u);
  EXPECT_TRUE(saved.empty());
  a.trade(clock(0, 1), 11); // closes 1m, opens another, changes 5m
  a.builder.save(saved);
  ASSERT_EQ(saved.streams.size(), 1u);
  EXPECT_EQ(saved.streams[0].interval, m1);
  EXPECT_EQ(saved.streams[0].position, (stream_position{epoch{1}, sequence{1}}));
  EXPECT_EQ(saved.streams[0].last_closed, clock(0, 0));
  ASSERT_EQ(saved.candles.size(), 3u);
  EXPECT_EQ(text(saved.candles[0].candle), "1m 00:00 o10 h10 l10 c10 v1 n1");
  EXPECT_TRUE(saved.candles[0].candle.closed());
  EXPECT_EQ(text(saved.candles[1].candle), "1m 00:01 o11 h11 l11 c11 v1 n1");
  EXPECT_EQ(text(saved.candles[2].candle), "5m 00:00 o10 h11 l10 c11 v2 n2");
  saved.clear();
  a.trade(clock(0, 0, 30), 12); // a correction: not the minute that is open
  a.builder.save(saved);
  ASSERT_EQ(saved.candles.size(), 2u);
  EXPECT_EQ(text(saved.candles[0].candle), "1m 00:00 o10 h12 l10 c12 v2 n2 r1");
}

TEST(CandleState, ARowThatWasLeftOpenInTheDatabaseDoesNotCloseAgain) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0), 10);
  stored_candles stored;
  a.builder.save(stored);
  // In one batch it closes and becomes too old, so its row is not among those saved.
  a.trade(clock(0, 1), 11);
  a.other(clock(9, 0));
  stored_candles later;
  a.builder.save(later);
  stored.streams = later.streams;
  stored.candles.insert(stored.candles.end(), later.candles.begin(), later.candles.end());
  a.builder.restore(stored, a.watermark.value(), a.source);
  EXPECT_EQ(a.builder.next_close(), time_ms::max());
  EXPECT_EQ(a.other(clock(10, 0)), lines{});
}

TEST(CandleState, ALongerGraceOfALaterStartOpensNothingBehindWhatHasClosed) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 5), 10);
  a.other(clock(0, 6));
  stored_candles stored;
  a.builder.save(stored);
  auto rules = only({m1});
  rules.grace = 10min;
  one_symbol b(rules);
  b.watermark = a.watermark;
  b.source = a.source;
  b.builder.restore(stored, a.watermark.value(), a.source);
  EXPECT_EQ(b.trade(clock(0, 4), 7), lines{"1m 00:04 o7 h7 l7 c7 v1 n1 #1/2 @0"});
  EXPECT_EQ(b.builder.next_close(), time_ms::max());
}

TEST(CandleState, WhatIsOfAnEpochBeforeIsNotTakenBack) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0), 10);
  stored_candles stored;
  a.builder.save(stored);
  a.begin_epoch(2);
  a.trade(clock(0, 0, 30), 11);
  stored.streams.clear();
  a.builder.save(stored);
  EXPECT_EQ(stored.candles.size(), 2u);
  a.builder.restore(stored, a.watermark.value(), a.source);
  EXPECT_EQ(open(a), lines{"1m 00:00 o11 h11 l11 c11 v1 n1 partial through 2/1"});
}

TEST(CandleState, ClosedOnesButTheNewestLeaveMemoryOnceCommittedAndAreAskedForByALateEvent) {
  one_symbol a(only({m1, m5}));
  a.trade(clock(0, 0), 10);
  a.trade(clock(0, 1), 10);
  a.other(clock(0, 2));
  stored_candles saved;
  const auto number = a.builder.save(saved);
  a.builder.release(number - 1);
  EXPECT_EQ(a.builder.candles(), 3u); // not committed
  a.builder.release(number);
  EXPECT_EQ(a.builder.candles(), 2u); // the newest, and the open one of 5m
  const candle_event late{a.next(), clock(0, 0, 30), price{11 * decimal_unit},
                          quantity{decimal_unit}};
  std::vector<candle_builder::key> missing;
  EXPECT_TRUE(a.builder.needs(late, clock(0, 2), missing));
  EXPECT_EQ(missing, (std::vector<candle_builder::key>{{m1, clock(0, 0)}}));
  a.builder.supply(missing[0], saved.candles.at(0));
  missing.clear();
  EXPECT_FALSE(a.builder.needs(late, clock(0, 2), missing));
  EXPECT_EQ(a.apply(late), lines{"1m 00:00 o10 h11 l10 c11 v2 n2 r1 #1/3 @3"});
}

TEST(CandleState, ThatTheDatabaseHasNoneIsAnAnswerToo) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 5), 10);
  a.trade(clock(0, 6), 10);
  a.other(clock(0, 7));
  stored_candles saved;
  a.builder.release(a.builder.save(saved));
  const candle_event late{a.next(), clock(0, 3), price{11 * decimal_unit}, quantity{decimal_unit}};
  std::vector<candle_builder::key> missing;
  EXPECT_TRUE(a.builder.needs(late, clock(0, 7), missing));
  a.builder.supply(missing.at(0), std::nullopt);
  EXPECT_EQ(a.apply(late), lines{"1m 00:03 o11 h11 l11 c11 v1 n1 #1/3 @3"});
}

TEST(CandleState, NothingIsNeededOfWhatIsTooLateOrOpenOrOfANewEpoch) {
  one_symbol a(only({m1}));
  a.trade(clock(2, 0), 10);
  a.other(clock(2, 1));
  stored_candles saved;
  a.builder.release(a.builder.save(saved));
  std::vector<candle_builder::key> missing;
  candle_event event{{epoch{1}, sequence{2}}, clock(0, 59), price{1}};
  EXPECT_FALSE(a.builder.needs(event, clock(2, 1), missing));
  event.event_time = clock(2, 1);
  EXPECT_FALSE(a.builder.needs(event, clock(2, 1), missing));
  event = {{epoch{2}, sequence{1}}, clock(2, 0), price{1}};
  EXPECT_FALSE(a.builder.needs(event, clock(2, 1), missing));
}

TEST(CandleMemory, OfASymbolThatTradesEverySecondForADay) {
  one_symbol all(candle_options{}), only_open(candle_options{});
  std::size_t most = 0, most_open = 0;
  for (int s = 0; s < 86'400; ++s) {
    all.trade(clock(0, 0, s), 10 + s % 7);
    only_open.trade(clock(0, 0, s), 10 + s % 7);
    stored_candles saved;
    only_open.builder.release(only_open.builder.save(saved));
    most = std::max(most, all.builder.candles());
    most_open = std::max(most_open, only_open.builder.candles());
  }
  // 1m 61, 5m 13, 15m 5, 1h 2, 4h 2, 1d 1, and an eighth that is not erased one by one.
  EXPECT_LE(most, 95u);
  EXPECT_EQ(most_open, 11u); // with the newest closed one of each but 1d
  EXPECT_LE(all.builder.memory_bytes(), 25'000u);
  EXPECT_LE(only_open.builder.memory_bytes(), 6'000u);
  std::cout << "all that count in memory: " << most << " candles, " << all.builder.memory_bytes()
            << " bytes; only the open ones: " << most_open << " candles, "
            << only_open.builder.memory_bytes() << " bytes; a stored candle "
            << sizeof(stored_candle) << " bytes\n";
}

} // namespace
} // namespace tradepulse
