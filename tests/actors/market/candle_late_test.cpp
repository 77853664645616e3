#include <gtest/gtest.h>

#include "tests/actors/support/candle_samples.hpp"

// Late events, silent minutes, and new epochs.
namespace tradepulse {
namespace {

using namespace candle_samples;
using namespace std::chrono_literals;
using enum candle_interval;

TEST(LateEvent, AnEventOlderThanLatenessChangesNoCandleThatIsOpen) {
  auto rules = only({m1});
  rules.lateness = 10s;
  one_symbol a(rules);
  a.trade(clock(0, 0, 20), 1);
  a.trade(clock(0, 0, 30), 2);
  a.trade(clock(0, 0, 20), 3);
  EXPECT_FALSE(a.last.too_late);
  a.trade(clock(0, 0, 19, 999), 9);
  EXPECT_TRUE(a.last.too_late);
  EXPECT_EQ(a.other(clock(0, 1)), lines{"1m 00:00 o1 h3 l1 c2 v3 n3 #1/1 @4"});
}

TEST(LateEvent, CorrectsItsClosedCandleAndTheHigherClosedOnes) {
  one_symbol a(only({m1, m5, h1}));
  a.trade(clock(0, 1), 10);
  a.other(clock(0, 6));
  EXPECT_EQ(a.trade(clock(0, 1, 30), 12), (lines{
                                              "1m 00:01 o10 h12 l10 c12 v2 n2 r1 #1/2 @2",
                                              "5m 00:00 o10 h12 l10 c12 v2 n2 r1 #1/2 @2",
                                          }));
  EXPECT_EQ(a.last.corrections, 2u);
  EXPECT_EQ(a.last.late_closes, 0u);
  EXPECT_EQ(a.trade(clock(0, 1, 10), 8), (lines{
                                             "1m 00:01 o10 h12 l8 c12 v3 n3 r2 #1/3 @3",
                                             "5m 00:00 o10 h12 l8 c12 v3 n3 r2 #1/3 @3",
                                         }));
  // The hour was open all the time.
  EXPECT_EQ(a.other(clock(1, 0)), lines{"1h 00:00 o10 h12 l8 c12 v3 n3 #1/1 @4"});
}

TEST(LateEvent, MakesTheCloseOfAMinuteThatHadNoCandle) {
  one_symbol a(only({m1, m5}));
  a.trade(clock(0, 1), 10);
  a.other(clock(0, 6));
  EXPECT_EQ(a.trade(clock(0, 3), 7), (lines{
                                         "1m 00:03 o7 h7 l7 c7 v1 n1 #1/2 @2",
                                         "5m 00:00 o10 h10 l7 c7 v2 n2 r1 #1/2 @2",
                                     }));
  EXPECT_EQ(a.last.late_closes, 1u);
  EXPECT_EQ(a.last.corrections, 1u);
}

TEST(LateEvent, CountsAsLongAsTheWatermarkIsNoMoreThanLatenessAhead) {
  one_symbol a(only({m1, d1}));
  a.trade(clock(0, 1), 10);
  a.other(clock(1, 1, 30));
  EXPECT_EQ(a.trade(clock(0, 1, 30), 11), lines{"1m 00:01 o10 h11 l10 c11 v2 n2 r1 #1/2 @2"});
  EXPECT_FALSE(a.last.too_late);
  EXPECT_EQ(a.trade(clock(0, 1, 29, 999), 99), lines{});
  EXPECT_TRUE(a.last.too_late);
  // Not the open day either: it stays the sum of its minutes.
  EXPECT_EQ(a.other(clock(24, 0)), lines{"1d 00:00 o10 h11 l10 c11 v2 n2 #1/1 @4"});
}

TEST(LateEvent, IsOfTheCloseAtItsOwnRecord) {
  one_symbol a(only({m1}));
  a.append_time = clock(0, 5);
  a.trade(clock(0, 0), 10);
  a.other(clock(0, 5));
  // Its record closes nothing, and its own minute is over already.
  EXPECT_EQ(a.trade(clock(0, 0, 59), 11), lines{"1m 00:00 o10 h11 l10 c11 v2 n2 r1 #1/2 @2"});
}

TEST(CandleFill, MakesFlatCandlesAtTheLastClose) {
  auto rules = only({m1, m5});
  rules.fill = true;
  one_symbol a(rules);
  a.trade(clock(0, 0), 10);
  a.trade(clock(0, 0, 30), 12);
  EXPECT_EQ(a.trade(clock(0, 3), 20), (lines{
                                          "1m 00:00 o10 h12 l10 c12 v2 n2 #1/1 @2",
                                          "1m 00:01 o12 h12 l12 c12 v0 n0 #1/2 @2",
                                          "1m 00:02 o12 h12 l12 c12 v0 n0 #1/3 @2",
                                      }));
  EXPECT_EQ(a.builder.next_close(), clock(0, 4));
  EXPECT_EQ(a.other(clock(0, 5)), (lines{
                                      "1m 00:03 o20 h20 l20 c20 v1 n1 #1/4 @3",
                                      "1m 00:04 o20 h20 l20 c20 v0 n0 #1/5 @3",
                                      "5m 00:00 o10 h20 l10 c20 v3 n3 #1/1 @3",
                                  }));
}

TEST(CandleFill, OfALongSilenceMakesTheLastOnes) {
  auto rules = only({m1, m5});
  rules.fill = true;
  rules.fill_limit = 2;
  one_symbol a(rules);
  a.trade(clock(0, 0), 10);
  EXPECT_EQ(a.other(clock(0, 15)), (lines{
                                       "1m 00:00 o10 h10 l10 c10 v1 n1 #1/1 @1",
                                       "1m 00:13 o10 h10 l10 c10 v0 n0 #1/2 @1",
                                       "1m 00:14 o10 h10 l10 c10 v0 n0 #1/3 @1",
                                       "5m 00:00 o10 h10 l10 c10 v1 n1 #1/1 @1",
                                       "5m 00:05 o10 h10 l10 c10 v0 n0 #1/2 @1",
                                       "5m 00:10 o10 h10 l10 c10 v0 n0 #1/3 @1",
                                   }));
  EXPECT_EQ(a.builder.take_left_out(), 12);
  EXPECT_EQ(a.builder.take_left_out(), 0);
  // A late event in what was left out makes its close, as where nothing is filled.
  EXPECT_EQ(a.trade(clock(0, 7), 9), (lines{
                                         "1m 00:07 o9 h9 l9 c9 v1 n1 #1/4 @2",
                                         "5m 00:05 o9 h9 l9 c9 v1 n1 r1 #1/4 @2",
                                     }));
  EXPECT_EQ(a.other(clock(0, 17)), (lines{
                                       "1m 00:15 o10 h10 l10 c10 v0 n0 #1/5 @3",
                                       "1m 00:16 o10 h10 l10 c10 v0 n0 #1/6 @3",
                                   }));
  EXPECT_EQ(a.builder.take_left_out(), 0);
}

TEST(CandleFill, PutsNothingBeforeTheFirstCandle) {
  auto rules = only({m1});
  rules.fill = true;
  one_symbol a(rules);
  EXPECT_EQ(a.other(clock(0, 5)), lines{});
  EXPECT_EQ(a.trade(clock(0, 9), 10), lines{});
  EXPECT_EQ(a.other(clock(0, 10)), lines{"1m 00:09 o10 h10 l10 c10 v1 n1 #1/1 @2"});
}

TEST(CandleFill, AFlatCandleIsCorrectedAndThoseBehindItStayAsTheyWere) {
  auto rules = only({m1});
  rules.fill = true;
  one_symbol a(rules);
  a.trade(clock(0, 0), 10);
  a.other(clock(0, 4));
  EXPECT_EQ(a.trade(clock(0, 2), 7), lines{"1m 00:02 o7 h7 l7 c7 v1 n1 r1 #1/5 @2"});
  EXPECT_EQ(a.other(clock(0, 5)), lines{"1m 00:04 o10 h10 l10 c10 v0 n0 #1/6 @3"});
  EXPECT_EQ(a.trade(clock(0, 4, 59), 6), lines{"1m 00:04 o6 h6 l6 c6 v1 n1 r1 #1/7 @4"});
  EXPECT_EQ(a.other(clock(0, 6)), lines{"1m 00:05 o6 h6 l6 c6 v0 n0 #1/8 @5"});
}

TEST(CandleFill, ALateFirstEventOwesWhatIsBehindItAtOnce) {
  auto rules = only({m1});
  rules.fill = true;
  one_symbol a(rules);
  a.other(clock(0, 3));
  EXPECT_EQ(a.trade(clock(0, 1), 7), (lines{
                                         "1m 00:01 o7 h7 l7 c7 v1 n1 #1/1 @1",
                                         "1m 00:02 o7 h7 l7 c7 v0 n0 #1/2 @1",
                                     }));
}

TEST(CandleFill, OfADaysSilenceMakesEveryCandle) {
  candle_options rules;
  rules.fill = true;
  one_symbol a(rules);
  a.trade(clock(0, 0), 10);
  a.other(clock(0, 1));
  const candle_event event{a.next(), clock(24, 1), price{5 * decimal_unit}, quantity{1}};
  const auto cause = a.record(clock(24, 1));
  std::vector<candle_fact> facts;
  a.builder.apply(event, cause, facts);
  EXPECT_EQ(a.builder.take_left_out(), 0);
  // A day: 1440 minutes, 288 of 5m, 96 of 15m, 24 hours, 6 of 4h and the day.
  EXPECT_EQ(facts.size(), 1'440u + 288 + 96 + 24 + 6 + 1);
  EXPECT_EQ(text(facts.back()), "1d 00:00 o10 h10 l10 c10 v1 n1 #1/1 @2");
  EXPECT_EQ(text(facts[1'439]), "1m 08-09T00:00 o10 h10 l10 c10 v0 n0 #1/1441 @2");
  std::vector<candle_view> views; // the event is in once
  a.builder.open_views(views);
  EXPECT_EQ(text(views.front()), "1m 08-09T00:01 o5 h5 l5 c5 v0.00000001 n1 through 1/2");
}

TEST(CandleEpoch, ForgetsWhatIsOpenAndWhatIsClosedWithoutAnEvent) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0), 10);
  a.trade(clock(0, 1), 11);
  a.begin_epoch(2);
  // 00:01 would close at this record.
  EXPECT_EQ(a.trade(clock(0, 2), 12), lines{});
  EXPECT_TRUE(a.last.began_epoch);
  EXPECT_EQ(a.other(clock(0, 3)), lines{"1m 00:02 o12 h12 l12 c12 v1 n1 partial #2/1 @3"});
  EXPECT_EQ(a.trade(clock(0, 3, 30), 13), lines{});
  EXPECT_FALSE(a.last.began_epoch);
  EXPECT_EQ(a.other(clock(0, 4)), lines{"1m 00:03 o13 h13 l13 c13 v1 n1 #2/2 @5"}); // whole
}

TEST(CandleEpoch, WhatStartsBeforeItsFirstEventIsPartialToo) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0), 10);
  a.other(clock(0, 1));
  a.begin_epoch(2);
  a.trade(clock(0, 1, 30), 11);
  // It was closed with another event in the epoch before.
  EXPECT_EQ(a.trade(clock(0, 0, 59), 12), lines{"1m 00:00 o12 h12 l12 c12 v1 n1 partial #2/1 @3"});
}

TEST(CandleEpoch, TheVeryFirstEventOfAllIsNotPartialAndALaterFirstSightIs) {
  one_symbol seen_from_the_beginning(only({m1}));
  seen_from_the_beginning.trade(clock(0, 0), 1);
  EXPECT_EQ(seen_from_the_beginning.other(clock(0, 1)),
            lines{"1m 00:00 o1 h1 l1 c1 v1 n1 #1/1 @1"});
  one_symbol candles_were_configured_later(only({m1}));
  candles_were_configured_later.source = {epoch{1}, sequence{41}};
  candles_were_configured_later.trade(clock(0, 0), 1);
  EXPECT_EQ(candles_were_configured_later.other(clock(0, 1)),
            lines{"1m 00:00 o1 h1 l1 c1 v1 n1 partial #1/1 @1"});
}

TEST(CandleEpoch, AHigherFloorIsTakenWithTheNextFactAndANewSourceEpochGoesAboveIt) {
  one_symbol a(only({m1}));
  a.trade(clock(0, 0), 10);
  a.floor = epoch{5};
  EXPECT_EQ(a.other(clock(0, 1)), lines{"1m 00:00 o10 h10 l10 c10 v1 n1 #5/1 @1"});
  a.begin_epoch(5);
  a.trade(clock(0, 2), 11);
  EXPECT_EQ(a.other(clock(0, 3)), lines{"1m 00:02 o11 h11 l11 c11 v1 n1 partial #6/1 @3"});
}

TEST(CandleEpoch, GoesOnWithALowerWatermarkOfAnotherLog) {
  one_symbol a(only({m1}));
  a.trade(clock(5, 0), 10);
  a.watermark = partition_watermark(1s);
  EXPECT_EQ(a.other(clock(1, 0)), lines{});
  a.begin_epoch(2);
  EXPECT_EQ(a.trade(clock(1, 0), 11), lines{});
  EXPECT_FALSE(a.last.too_late);
  EXPECT_EQ(a.other(clock(1, 1)), lines{"1m 01:00 o11 h11 l11 c11 v1 n1 partial #2/1 @3"});
}

} // namespace
} // namespace tradepulse
