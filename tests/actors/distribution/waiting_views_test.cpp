#include "actors/distribution/waiting_views.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/candle_views.hpp"
#include "tests/actors/support/checking_client.hpp"

namespace tradepulse {
namespace {

using samples::candle_of;
using samples::integer;
using samples::member;
using samples::minute;
using samples::payloads_of;
using samples::pos;

candle_view_ptr view(std::int64_t n, std::int64_t e, std::int64_t seq) {
  return samples::view_of("A", n, pos(e, seq));
}
candle_view_ptr provisional(std::int64_t n, std::int64_t e, std::int64_t seq) {
  return samples::view_of("A", n, pos(e, seq), true);
}

// What the client is shown now: "minute/seq", "?" where it is provisional, "!" where that is taken
// back.
std::vector<std::string> take(waiting_views& from) {
  std::vector<std::string> out;
  for (; !from.empty(); from.taken()) {
    const auto json = payloads_of(from.front(false).view()).at(0);
    const auto start = time_ms{std::chrono::milliseconds{integer(json, "start")}};
    const auto said = member(json, "provisional").value_or("");
    out.push_back(std::to_string((start - minute(0)) / std::chrono::minutes{1}) + "/" +
                  std::to_string(integer(json, "seq")) +
                  (said == "true"    ? "?"
                   : said == "false" ? "!"
                                     : ""));
  }
  return out;
}
using shown = std::vector<std::string>;

TEST(WaitingViews, KeepTheNewestOfEachCandleInTheOrderOfTheCandles) {
  waiting_views views;
  EXPECT_TRUE(views.add(view(2, 1, 5)));
  EXPECT_TRUE(views.add(view(1, 1, 6)));
  EXPECT_TRUE(views.add(view(2, 1, 7)));
  EXPECT_EQ(take(views), (shown{"1/6", "2/7"}));
  EXPECT_TRUE(views.empty());
}

TEST(WaitingViews, GiveWayToTheNumberedClose) {
  waiting_views views;
  views.add(view(1, 1, 5));
  views.add(view(2, 1, 6));
  views.numbered(candle_of(1, 1, 5));
  EXPECT_EQ(take(views), (shown{"2/6"}));
  // Nor is it shown open again, whatever was on its way.
  EXPECT_FALSE(views.add(view(1, 1, 7)));
  EXPECT_FALSE(views.add(view(0, 1, 7)));
  EXPECT_TRUE(views.add(view(2, 1, 7)));
}

TEST(WaitingViews, AreNotTouchedByACorrectionOfAnEarlierCandle) {
  waiting_views views;
  views.numbered(candle_of(5, 1, 9));
  views.add(view(6, 1, 10));
  views.numbered(candle_of(3, 1, 9));
  EXPECT_EQ(take(views), (shown{"6/10"}));
  EXPECT_FALSE(views.add(view(4, 1, 11)));
}

TEST(WaitingViews, TakeAProvisionalStateBackAlsoWhereALaterViewStandsForTheOneThatDid) {
  waiting_views views;
  views.add(provisional(1, 1, 5));
  EXPECT_EQ(take(views), (shown{"1/5?"}));
  views.add(samples::view_of("A", 1, pos(1, 6), false, true));
  views.add(view(1, 1, 7)); // in its place, and does not say so itself
  EXPECT_EQ(take(views), (shown{"1/7!"}));
  views.add(view(1, 1, 8));
  EXPECT_EQ(take(views), (shown{"1/8"})); // once
}

TEST(WaitingViews, OweNothingWhereTheProvisionalStateWasNotSent) {
  waiting_views views;
  views.add(provisional(1, 1, 5));
  views.add(view(1, 1, 6));
  EXPECT_EQ(take(views), (shown{"1/6"}));
}

TEST(WaitingViews, OweNothingMoreBehindTheClose) {
  waiting_views views;
  views.add(provisional(1, 1, 5));
  take(views);
  views.numbered(candle_of(1, 1, 5));
  EXPECT_TRUE(views.empty());
}

TEST(WaitingViews, MayBeProvisionalAgain) {
  waiting_views views;
  views.add(provisional(1, 1, 5));
  EXPECT_EQ(take(views), (shown{"1/5?"}));
  views.add(view(1, 1, 6));
  views.add(provisional(1, 1, 6)); // the same position: it came later
  EXPECT_EQ(take(views), (shown{"1/6?"}));
  views.add(view(1, 1, 7));
  EXPECT_EQ(take(views), (shown{"1/7!"}));
}

TEST(WaitingViews, NeverGoBackBehindWhatWasShown) {
  waiting_views views;
  views.add(view(1, 1, 9));
  EXPECT_EQ(take(views), (shown{"1/9"}));
  EXPECT_FALSE(views.add(view(1, 1, 4))); // a symbol that reads again
  EXPECT_FALSE(views.add(view(2, 1, 8)));
  EXPECT_TRUE(views.add(view(1, 1, 9)));
}

TEST(WaitingViews, OfAnEpochBeforeAreForgotten) {
  waiting_views views;
  views.numbered(candle_of(3, 1, 9));
  views.add(view(4, 1, 10));
  views.add(view(3, 2, 1)); // closed in the epoch before, open in this one
  EXPECT_EQ(take(views), (shown{"3/1"}));
  EXPECT_FALSE(views.add(view(5, 1, 11)));
  views.add(view(4, 2, 2));
  views.numbered(candle_of(4, 3, 1)); // a close of the next one
  EXPECT_TRUE(views.empty());
  EXPECT_FALSE(views.add(view(5, 2, 3)));
}

TEST(WaitingViews, TakeAnAnswerOnlyWhereItIsNewerThanWhatTheyHaveHeard) {
  waiting_views views;
  EXPECT_TRUE(views.add_answer(view(1, 1, 5)));
  EXPECT_FALSE(views.add_answer(view(1, 1, 5)));
  views.add(provisional(1, 1, 6));
  EXPECT_FALSE(views.add_answer(view(1, 1, 6))); // overtaken by the provisional one
  EXPECT_EQ(take(views), (shown{"1/6?"}));
}

TEST(WaitingViews, AreBoundedAndTheEarliestGoFirst) {
  waiting_views views;
  for (std::int64_t n = 1; n <= 20; ++n)
    views.add(view(n, 1, n));
  const auto got = take(views);
  ASSERT_EQ(got.size(), 16u);
  EXPECT_EQ(got.front(), "5/5");
  EXPECT_EQ(got.back(), "20/20");
}

TEST(WaitingViews, AreBoundedButForThoseThatTheClientMustHearOf) {
  waiting_views views;
  views.add(provisional(1, 1, 1));
  take(views);
  views.add(view(1, 1, 2));
  for (std::int64_t n = 2; n <= 20; ++n)
    views.add(view(n, 1, n));
  const auto got = take(views);
  ASSERT_EQ(got.size(), 16u);
  EXPECT_EQ(got.at(0), "1/2!");
  EXPECT_EQ(got.at(1), "6/6");
}

TEST(WaitingViews, AreDroppedWhereTheStreamHasGoneOnElsewhere) {
  waiting_views views;
  views.add(view(1, 1, 5));
  views.drop();
  EXPECT_TRUE(views.empty());
  EXPECT_TRUE(views.add(view(1, 1, 5))); // it comes again from there
}

} // namespace
} // namespace tradepulse
