#include "actors/distribution/lossless_queue.hpp"

#include <gtest/gtest.h>

#include "tests/actors/distribution/slow_streams.hpp"
#include "tests/actors/support/streams.hpp"

namespace tradepulse {
namespace {

using samples::burst_of_kind;
using samples::head_of;
using samples::integer;
using samples::member;
using samples::minutes;
using samples::payloads_of;
using samples::pos;

constexpr stream_index a{0};
constexpr stream_index b{1};
constexpr std::size_t everything = 1 << 20;

burst_ptr trades(std::int64_t e, std::int64_t first, std::int64_t last, std::uint32_t index = 0) {
  return burst_of_kind(stream_kind::trade, index, index == 0 ? "A" : "B", e, first, last);
}

std::string text_of(const handed_item& item) {
  std::string out;
  for (const auto& piece : item.kept)
    out += piece.frames.view();
  return out;
}

std::vector<std::int64_t> numbers_in(const std::vector<handed_item>& items) {
  std::vector<std::int64_t> out;
  for (const auto& item : items)
    for (const auto& each : payloads_of(text_of(item)))
      out.push_back(member(each, "type") == "gap" ? -integer(each, "from")
                                                  : integer(each, "sequence"));
  return out;
}

std::size_t bytes_of(const burst_ptr& burst) {
  return burst->encoded(false).bytes->size();
}

TEST(LosslessQueue, KeepsEveryTradeAsTheBytesThatOthersGet) {
  slow_streams waiting;
  const auto first = trades(1, 5, 6);
  const auto second = trades(1, 7, 7);
  ASSERT_TRUE(waiting.add(*first, pos(1, 4)));
  ASSERT_TRUE(waiting.add(*second, pos(1, 4)));
  const auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  ASSERT_EQ(items[0].kept.size(), 2u);
  EXPECT_EQ(items[0].kept[0].frames.bytes, first->encoded(false).bytes); // the same, not a copy
  EXPECT_EQ(items[0].kept[0].events, 2u);
  EXPECT_EQ(items[0].kept[0].through, pos(1, 6));
  EXPECT_EQ(items[0].kept[1].frames.bytes, second->encoded(false).bytes);
  EXPECT_EQ(items[0].through, pos(1, 7));
  EXPECT_TRUE(is_empty(items[0].update));
  EXPECT_TRUE(items[0].preface.empty());
  EXPECT_EQ(numbers_in(items), (std::vector<std::int64_t>{5, 6, 7}));
}

TEST(LosslessQueue, KeepsKlinesToo) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*burst_of_kind(minutes, 0, "A", 1, 5, 6), pos(1, 4)));
  const auto items = waiting.take(everything);
  const auto got = payloads_of(text_of(items.at(0)));
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(member(got[0], "type"), "kline");
  EXPECT_EQ(member(got[0], "stream"), "kline_1m");
}

TEST(LosslessQueue, SpellsNumbersAsItsReaderWants) {
  backlog waiting{true, 1 << 20};
  const auto burst = trades(1, 5, 5);
  ASSERT_FALSE(waiting.add(*burst, pos(1, 4), 1));
  EXPECT_EQ(waiting.take(everything).at(0).kept.at(0).frames.bytes, burst->encoded(true).bytes);
}

TEST(LosslessQueue, LeavesOutWhatTheSubscriptionGotBefore) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 3, 6), pos(1, 4)));
  ASSERT_TRUE(waiting.add(*trades(1, 5, 6), pos(1, 4))); // read again
  ASSERT_TRUE(waiting.add(*trades(1, 5, 8), pos(1, 4)));
  EXPECT_EQ(numbers_in(waiting.take(everything)), (std::vector<std::int64_t>{5, 6, 7, 8}));
}

TEST(LosslessQueue, HasNothingToGiveForEventsBelowThePosition) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 1, 4), pos(1, 4)));
  ASSERT_TRUE(waiting.add(*trades(1, 9, 9), pos(2, 1))); // of an epoch that is over
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(waiting.streams(), 0u);
  EXPECT_EQ(waiting.all.lossless_bytes(), 0u);
}

// --- gaps --------------------------------------------------------------------------------------

TEST(LosslessQueue, DropsNothingAtANewEpochAndSaysWhereTheOldOneEnded) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 5, 6), pos(1, 4)));
  ASSERT_TRUE(waiting.add(*trades(2, 3, 3), pos(1, 4)));
  const auto items = waiting.take(everything);
  ASSERT_EQ(items.at(0).kept.size(), 3u);
  EXPECT_EQ(items[0].kept[1].gaps, 2u);
  EXPECT_EQ(items[0].kept[1].events, 0u);
  EXPECT_EQ(items[0].kept[1].through, pos(2, 2));
  const auto got = payloads_of(text_of(items[0]));
  ASSERT_EQ(got.size(), 5u);
  EXPECT_EQ(integer(got[1], "sequence"), 6);
  EXPECT_EQ(got[2], R"({"type":"gap","symbol":"A","stream":"trade","epoch":1,"from":7,)"
                    R"("to":null,"reason":"new_epoch"})");
  EXPECT_EQ(got[3], R"({"type":"gap","symbol":"A","stream":"trade","epoch":2,"from":1,)"
                    R"("to":2,"reason":"missed"})");
  EXPECT_EQ(integer(got[4], "sequence"), 3);
}

TEST(LosslessQueue, AnnouncesAHoleBetweenWhatItKeeps) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 5, 6), pos(1, 4)));
  ASSERT_TRUE(waiting.add(*trades(1, 9, 9), pos(1, 4)));
  EXPECT_EQ(numbers_in(waiting.take(everything)), (std::vector<std::int64_t>{5, 6, -7, 9}));
}

TEST(LosslessQueue, SaysOfAMoveWhatIsMissingAndSendsNoSnapshot) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 5, 6), pos(1, 4)));
  ASSERT_TRUE(waiting.add_move(a, *head_of("A", stream_kind::trade, pos(1, 20)), pos(1, 4)));
  ASSERT_TRUE(waiting.add(*trades(1, 21, 21), pos(1, 4)));
  const auto got = payloads_of(text_of(waiting.take(everything).at(0)));
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got[2], R"({"type":"gap","symbol":"A","stream":"trade","epoch":1,"from":7,)"
                    R"("to":20,"reason":"moved"})");
  EXPECT_EQ(integer(got[3], "sequence"), 21);
}

TEST(LosslessQueue, SaysOfAMoveIntoALaterEpochUpToWhereThatStands) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add_move(a, *head_of("A", stream_kind::trade, pos(3, 20)), pos(1, 4)));
  const auto got = payloads_of(text_of(waiting.take(everything).at(0)));
  ASSERT_EQ(got.size(), 2u); // no snapshot says it
  EXPECT_EQ(got[0], R"({"type":"gap","symbol":"A","stream":"trade","epoch":1,"from":5,)"
                    R"("to":null,"reason":"new_epoch"})");
  EXPECT_EQ(got[1], R"({"type":"gap","symbol":"A","stream":"trade","epoch":3,"from":1,)"
                    R"("to":20,"reason":"moved"})");
}

TEST(LosslessQueue, SaysNothingOfAMoveFromNowhereToTheFirstEvent) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add_move(a, *head_of("A", stream_kind::trade, pos(2, 0)), pos(0, 0)));
  const auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u); // but that its subscription goes on
  EXPECT_EQ(text_of(items[0]), "");
  EXPECT_EQ(items[0].through, pos(2, 0));
}

// --- parts, and what comes back ------------------------------------------------------------------

TEST(LosslessQueue, LeavesAPartAtATimeAndInTurnWithOtherStreams) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 1, 1), pos(0, 0)));
  ASSERT_TRUE(waiting.add(*trades(1, 2, 2), pos(0, 0)));
  ASSERT_TRUE(waiting.add(*trades(1, 1, 1, 1), pos(0, 0)));
  auto items = waiting.take(1);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].index, a);
  EXPECT_EQ(items[0].through, pos(1, 1));
  waiting.taken();
  EXPECT_EQ(waiting.take(1).at(0).index, b);
  waiting.taken();
  items = waiting.take(1);
  EXPECT_EQ(items.at(0).index, a);
  EXPECT_EQ(numbers_in(items), (std::vector<std::int64_t>{2}));
  waiting.taken();
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(waiting.streams(), 0u);
}

TEST(LosslessQueue, PutsBackWhatWasRefusedBeforeWhatCameSince) {
  slow_streams waiting;
  for (std::int64_t i = 5; i <= 8; ++i)
    ASSERT_TRUE(waiting.add(*trades(1, i, i), pos(1, 4)));
  auto items = waiting.take(everything);
  ASSERT_TRUE(waiting.add(*trades(1, 9, 9), pos(1, 4)));
  items[0].kept.erase(items[0].kept.begin(), items[0].kept.begin() + 2); // 5 and 6 were written
  waiting.put_back(std::move(items));
  EXPECT_EQ(numbers_in(waiting.take(everything)), (std::vector<std::int64_t>{7, 8, 9}));
}

TEST(LosslessQueue, DoesNotTakeBackWhatBelongsToASubscriptionThatBeganAnew) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 5, 6), pos(1, 4)));
  auto items = waiting.take(everything);
  waiting.forget(a);
  ASSERT_TRUE(waiting.add(*trades(1, 10, 10), pos(1, 9), 2));
  waiting.put_back(std::move(items));
  EXPECT_EQ(numbers_in(waiting.take(everything)), (std::vector<std::int64_t>{10}));
}

// What the old one was diverted arrives when the new one has been asked for.
TEST(LosslessQueue, GivesTheNewSubscriptionAllItGotWhateverTheOldOneLeftBehind) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 8, 9), pos(1, 7), 1));
  ASSERT_TRUE(waiting.add(*trades(1, 6, 7), pos(1, 5), 2)); // began anew, further back
  EXPECT_EQ(numbers_in(waiting.take(everything)), (std::vector<std::int64_t>{6, 7}));
}

TEST(LosslessQueue, TakesNothingOfAnOldSubscriptionWhereTheNewOneWaits) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 6, 7), pos(1, 5), 2));
  ASSERT_TRUE(waiting.add(*trades(1, 8, 9), pos(1, 7), 1));
  ASSERT_TRUE(waiting.add_move(a, *head_of("A", stream_kind::trade, pos(1, 20)), pos(1, 7), 1));
  const auto items = waiting.take(everything);
  EXPECT_EQ(numbers_in(items), (std::vector<std::int64_t>{6, 7}));
  EXPECT_EQ(items.at(0).group, 2u);
}

TEST(LosslessQueue, IsEmptyWhereTheNewSubscriptionHasAllThatTheOldOneLeftBehind) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*trades(1, 8, 9), pos(1, 7), 1));
  ASSERT_TRUE(waiting.add(*trades(1, 8, 9), pos(1, 9), 2));
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(waiting.streams(), 0u);
  EXPECT_EQ(waiting.all.lossless_bytes(), 0u);
}

// --- the bound -----------------------------------------------------------------------------------

TEST(LosslessQueue, CountsWhatItKeepsExactlyAndGivesItBack) {
  slow_streams waiting;
  const auto burst = trades(1, 5, 6);
  const auto other = trades(1, 1, 1, 1);
  const auto of_burst = sizeof(kept_frames) + bytes_of(burst);
  const auto of_other = sizeof(kept_frames) + bytes_of(other);
  ASSERT_TRUE(waiting.add(*burst, pos(1, 4)));
  EXPECT_EQ(waiting.all.lossless_bytes(), of_burst);
  ASSERT_TRUE(waiting.add(*other, pos(0, 0)));
  EXPECT_EQ(waiting.all.lossless_bytes(), of_burst + of_other);
  auto items = waiting.take(everything);
  EXPECT_EQ(waiting.all.lossless_bytes(), of_burst + of_other); // on their way
  waiting.put_back(std::move(items));
  EXPECT_EQ(waiting.all.lossless_bytes(), of_burst + of_other);
  waiting.forget(b);
  EXPECT_EQ(waiting.all.lossless_bytes(), of_burst);
  waiting.take(everything);
  waiting.taken();
  EXPECT_EQ(waiting.all.lossless_bytes(), 0u);
  EXPECT_EQ(burst.use_count(), 1); // not even the burst itself was kept
  EXPECT_EQ(burst->encoded(false).bytes.use_count(), 1);
}

TEST(LosslessQueue, CountsNothingOfPricesAndQuotes) {
  slow_streams waiting{0};
  ASSERT_TRUE(waiting.add(*samples::burst(0, "A", 1, 5, 6), pos(1, 4)));
  ASSERT_TRUE(waiting.add(*burst_of_kind(stream_kind::quote, 1, "B", 1, 5, 6), pos(1, 4)));
  EXPECT_EQ(waiting.all.lossless_bytes(), 0u);
}

TEST(LosslessQueue, ReachesTheBoundOfAllStreamsTogetherAndNamesWhereToGoOn) {
  const auto of_each = sizeof(kept_frames) + bytes_of(trades(1, 5, 5));
  backlog waiting{false, 3 * of_each};
  EXPECT_FALSE(waiting.add(*trades(1, 5, 5), pos(1, 4), 1));
  EXPECT_FALSE(waiting.add(*trades(1, 5, 5, 1), pos(1, 4), 1));
  EXPECT_FALSE(waiting.add(*trades(1, 6, 6, 1), pos(1, 4), 1)); // exactly the bound
  const auto beyond = waiting.add(*trades(1, 6, 6), pos(1, 4), 1);
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->stream, stream_key(samples::named("A"), stream_kind::trade));
  EXPECT_EQ(beyond->reached, pos(1, 4));
  waiting.clear();
  EXPECT_EQ(waiting.lossless_bytes(), 0u);
  EXPECT_TRUE(waiting.empty());
}

TEST(LosslessQueue, GoesOnForEverWhereItsReaderDoes) {
  slow_streams waiting{1'000};
  for (std::int64_t seq = 1; seq <= 10'000; ++seq) {
    ASSERT_TRUE(waiting.add(*trades(1, seq, seq), pos(seq == 1 ? 0 : 1, seq - 1)));
    waiting.take(everything);
    waiting.taken();
  }
  EXPECT_EQ(waiting.all.lossless_bytes(), 0u);
}

} // namespace
} // namespace tradepulse
