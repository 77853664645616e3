#include "actors/distribution/conflation.hpp"

#include <gtest/gtest.h>

#include "tests/actors/distribution/slow_streams.hpp"
#include "tests/actors/support/streams.hpp"

namespace tradepulse {
namespace {

using samples::burst_of_kind;
using samples::costs;
using samples::event;
using samples::integer;
using samples::payloads_of;
using samples::pos;

constexpr std::size_t everything = 1 << 20;

burst_ptr quotes(std::int64_t e, std::int64_t first, std::int64_t last) {
  return burst_of_kind(stream_kind::quote, 0, "A", e, first, last);
}
burst_ptr with(std::int64_t e, std::vector<numbered_event> events) {
  return burst_of_kind(stream_kind::quote, 0, "A", epoch{e}, std::move(events));
}
std::string message_of(const handed_item& item) {
  std::string frames;
  append_frame(frames, item.update, false);
  return payloads_of(frames).at(0);
}

TEST(QuoteConflation, KeepsTheNewestAndCountsWhatItSwallowed) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*quotes(1, 5, 6), pos(1, 4)));
  ASSERT_TRUE(waiting.add(*quotes(1, 7, 7), pos(1, 4)));
  const auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_TRUE(items[0].kept.empty());
  EXPECT_EQ(items[0].through, pos(1, 7));
  EXPECT_EQ(message_of(items[0]),
            R"({"type":"quote","data":{"symbol":"A","stream":"quote","epoch":1,"sequence":7,)"
            R"("timestamp":1723161256007,"bid":107,"bid_size":1,"ask":108,"ask_size":2,)"
            R"("first_seq":5,"n":3}})");
}

TEST(QuoteConflation, IsAPlainQuoteWhereItSwallowedNoOther) {
  slow_streams waiting;
  const auto burst = quotes(1, 5, 5);
  ASSERT_TRUE(waiting.add(*burst, pos(1, 4)));
  std::string frames;
  append_frame(frames, waiting.take(everything).at(0).update, false);
  EXPECT_EQ(frames, *burst->encoded(false).bytes);
}

TEST(QuoteConflation, ShowsTheNewestByTimeAndNamesItsNumber) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*with(1, {event(5, 100, 50), event(6, 90, 20, true)}), pos(1, 4)));
  const auto items = waiting.take(everything);
  EXPECT_EQ(quote_in(items.at(0)).value.bid, costs(100));
  EXPECT_EQ(message_of(items[0]),
            R"({"type":"quote","data":{"symbol":"A","stream":"quote","epoch":1,"sequence":6,)"
            R"("timestamp":1723161256050,"bid":100,"bid_size":1,"ask":101,"ask_size":2,)"
            R"("first_seq":5,"quote_seq":5,"n":2}})");
}

TEST(QuoteConflation, ShowsTheLaterOfTwoOfOneTimeAndIsLateOnlyWhereAllAre) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*with(1, {event(5, 100, 50, true), event(6, 90, 50, true)}), pos(1, 4)));
  auto items = waiting.take(everything);
  EXPECT_EQ(quote_in(items.at(0)).quote_seq, sequence{6});
  EXPECT_TRUE(quote_in(items[0]).late);
  ASSERT_TRUE(waiting.add(*with(1, {event(7, 80, 60)}), pos(1, 4)));
  waiting.put_back(std::move(items));
  items = waiting.take(everything);
  EXPECT_FALSE(quote_in(items.at(0)).late);
}

TEST(QuoteConflation, PutsBackWhatWasRefusedIntoOneWithWhatCameSince) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*with(1, {event(5, 100, 50)}), pos(1, 4)));
  auto items = waiting.take(everything);
  ASSERT_TRUE(waiting.add(*with(1, {event(6, 90, 20, true)}), pos(1, 4)));
  waiting.put_back(std::move(items));
  items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  const auto& quote = quote_in(items[0]);
  EXPECT_EQ(quote.first_seq, sequence{5});
  EXPECT_EQ(quote.last_seq, sequence{6});
  EXPECT_EQ(quote.quote_seq, sequence{5});
  EXPECT_EQ(quote.count, 2u);
  EXPECT_EQ(quote.value.bid, costs(100));
}

TEST(QuoteConflation, NeverSpansEpochs) {
  slow_streams waiting;
  ASSERT_TRUE(waiting.add(*quotes(1, 5, 6), pos(1, 4)));
  ASSERT_TRUE(waiting.add(*quotes(2, 1, 3), pos(1, 4)));
  const auto items = waiting.take(everything);
  const auto before = payloads_of(items.at(0).preface);
  ASSERT_EQ(before.size(), 1u); // what was pending is named by its `from`
  EXPECT_EQ(before[0], R"({"type":"gap","symbol":"A","stream":"quote","epoch":1,"from":5,)"
                       R"("to":null,"reason":"new_epoch"})");
  EXPECT_EQ(quote_in(items[0]).first_seq, sequence{1});
  EXPECT_EQ(quote_in(items[0]).epoch, epoch{2});
}

TEST(QuoteConflation, SaysOfAMoveIntoALaterEpochUpToWhereThatStands) {
  slow_streams waiting;
  const auto now = samples::head_of("A", stream_kind::quote, pos(3, 20));
  ASSERT_TRUE(waiting.add(*quotes(1, 5, 6), pos(1, 4)));
  ASSERT_TRUE(waiting.add_move(stream_index{0}, *now, pos(1, 4)));
  const auto items = waiting.take(everything);
  EXPECT_EQ(items.at(0).gaps, 2u);
  const auto before = payloads_of(items[0].preface);
  ASSERT_EQ(before.size(), 2u); // no snapshot says it
  EXPECT_EQ(integer(before[0], "from"), 5);
  EXPECT_EQ(before[1], R"({"type":"gap","symbol":"A","stream":"quote","epoch":3,"from":1,)"
                       R"("to":20,"reason":"moved"})");
}

TEST(QuoteConflation, GoesOnAfterAMoveFromNowhereOfWhichThereIsNothingToSay) {
  slow_streams waiting;
  const auto now = samples::head_of("A", stream_kind::quote, pos(2, 0));
  ASSERT_TRUE(waiting.add_move(stream_index{0}, *now, pos(0, 0)));
  const auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_TRUE(items[0].preface.empty());
  EXPECT_EQ(items[0].through, pos(2, 0));
}

} // namespace
} // namespace tradepulse
