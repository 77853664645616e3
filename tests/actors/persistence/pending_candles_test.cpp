#include <gtest/gtest.h>

#include "actors/ingest/candle_clock.hpp"
#include "actors/ingest/made_candles.hpp"
#include "actors/persistence/pending_commit.hpp"
#include "tests/actors/support/fake_decoder.hpp"
#include "tests/actors/support/samples.hpp"

// What of candles goes into a transaction.
namespace tradepulse {
namespace {

using samples::named;
using samples::pos;
using enum candle_interval;

const topic_partition source{"ticks", 0};
const time_ms noon{std::chrono::milliseconds{1'700'000'000'000}};
const stream_key prices{named("A"), stream_kind::price};

// The minute, or the five, that begins so many minutes after noon; its newest number.
closed_candle closed(int minute, std::int64_t seq, candle_interval interval = m1) {
  closed_candle out;
  out.row.candle.interval = interval;
  out.row.candle.start = noon + std::chrono::minutes{minute};
  out.position = pos(1, seq);
  return out;
}

// "1m+0 #3, 5m+0 #1": closed candles by minute and number.
std::string words(const candle_update& of) {
  std::string out;
  for (const auto& each : of.closed)
    out += (out.empty() ? "" : ", ") + std::string(name_of(each.row.candle.interval)) + "+" +
           std::to_string((each.row.candle.start - noon) / std::chrono::minutes{1}) + " #" +
           std::to_string(each.position.seq.value());
  return out;
}

struct PendingCandles : testing::Test {
  // The record `offset`, which is one of the stream's at `at`, and what came of it.
  void add(std::int64_t offset, stream_position at, std::vector<closed_candle> all,
           const stream_key& of = prices) {
    auto range = std::make_shared<ingest_range>();
    range->batch = samples::batch_of(source, generation{2}, {{offset, "A 1 0"}});
    range->gen = generation{2};
    range->from = next_offset{offset};
    range->to = next_offset{offset + 1};
    auto marks = std::make_shared<candle_marks>();
    marks->behind = noon + std::chrono::minutes{offset};
    range->marks = marks;
    ingest_range::slot slot;
    slot.symbol = of.symbol;
    slot.kind = of.kind;
    slot.row.symbol = of.symbol;
    slot.row.kind = of.kind;
    slot.row.position = at;
    slot.candles = std::make_shared<made_candles>();
    state = std::make_shared<const stored_candles>();
    slot.candles->update = candle_update{of, state, std::move(all), at.epoch};
    range->slots.push_back(slot);
    pending.add(range);
  }
  std::shared_ptr<const stored_candles> state; // of the last
  pending_commit pending{source, generation{2}, next_offset{0}};
};

TEST_F(PendingCandles, AreTheNewestStateAndTheNewestOfEachThatClosed) {
  add(0, pos(1, 1), {closed(1, 1), closed(0, 2, m5)});
  add(1, pos(2, 1), {closed(0, 3), closed(1, 4)});
  const auto work = pending.work(noon);
  ASSERT_EQ(work.candles.size(), 1u);
  EXPECT_EQ(work.candles[0].source, prices);
  EXPECT_EQ(work.candles[0].state, state);
  EXPECT_EQ(work.candles[0].source_epoch, epoch{2});
  EXPECT_EQ(words(work.candles[0]), "1m+0 #3, 1m+1 #4, 5m+0 #2");
  EXPECT_EQ(work.watermark, noon + std::chrono::minutes{1});
}

TEST_F(PendingCandles, OfEachSourceStandApartInTheOrderOfTheirNames) {
  add(0, pos(1, 1), {closed(0, 1)}, {named("B"), stream_kind::price});
  add(1, pos(1, 1), {closed(0, 1), closed(1, 2)});
  const auto work = pending.work(noon);
  ASSERT_EQ(work.candles.size(), 2u);
  EXPECT_EQ(words(work.candles[0]), "1m+0 #1, 1m+1 #2");
  EXPECT_EQ(words(work.candles[1]), "1m+0 #1");
}

// They are no events that a partition has credit for.
TEST_F(PendingCandles, OfWhichVeryManyAreMergedAreNotFollowedByOthersInTheSameTransaction) {
  std::vector<closed_candle> half;
  for (int minute = 0; minute < 50'000; ++minute)
    half.push_back(closed(minute, minute + 1));
  add(0, pos(1, 1), half);
  EXPECT_FALSE(pending.full());
  add(1, pos(1, 2), half);
  EXPECT_TRUE(pending.full());
  add(2, pos(1, 3), {closed(0, 60'000)});
  add(3, pos(1, 4), {closed(1, 60'001)});
  auto work = pending.work(noon);
  EXPECT_EQ(work.to, next_offset{2});
  EXPECT_EQ(work.watermark, noon + std::chrono::minutes{1});
  EXPECT_EQ(pending.ranges(), 4u);

  EXPECT_EQ(pending.committed().next, next_offset{2});
  EXPECT_FALSE(pending.full());
  work = pending.work(noon);
  EXPECT_EQ(work.from, next_offset{2});
  EXPECT_EQ(work.to, next_offset{4});
  EXPECT_EQ(words(work.candles.at(0)), "1m+0 #60000, 1m+1 #60001");
}

TEST_F(PendingCandles, LackThoseOfARowThatTheDatabaseRefuses) {
  add(0, pos(1, 1), {closed(0, 1), closed(0, 1, m5)});
  EXPECT_TRUE(pending.refuse({{{named("A"), stream_kind::candle(m1)}, "23514", ""}}).empty());
  EXPECT_EQ(words(pending.work(noon).candles.at(0)), "5m+0 #1");
  EXPECT_EQ(pending.work(noon).candles[0].state, state);
}

} // namespace
} // namespace tradepulse
