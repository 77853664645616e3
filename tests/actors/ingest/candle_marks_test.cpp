#include "actors/ingest/candle_clock.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

time_ms at(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}

candle_marks marks(std::vector<candle_marks::rise> rises) {
  candle_marks out;
  out.before = at(7);
  out.rises = std::move(rises);
  return out;
}

TEST(CandleMarks, WhereNothingRisesTheWatermarkIsThatOfBefore) {
  const auto none = marks({});
  EXPECT_EQ(none.watermark_at(record_offset{0}), at(7));
  EXPECT_EQ(none.watermark_at(record_offset{100}), at(7));
}

TEST(CandleMarks, ARiseHoldsFromItsRecordOn) {
  const auto one = marks({{record_offset{10}, at(20)}});
  EXPECT_EQ(one.watermark_at(record_offset{9}), at(7));
  EXPECT_EQ(one.watermark_at(record_offset{10}), at(20));
  EXPECT_EQ(one.watermark_at(record_offset{11}), at(20));
}

TEST(CandleMarks, EveryRecordMayRaiseIt) {
  const auto each = marks({{record_offset{10}, at(20)},
                           {record_offset{11}, at(21)},
                           {record_offset{12}, at(25)},
                           {record_offset{13}, at(26)}});
  EXPECT_EQ(each.watermark_at(record_offset{10}), at(20));
  EXPECT_EQ(each.watermark_at(record_offset{11}), at(21));
  EXPECT_EQ(each.watermark_at(record_offset{12}), at(25));
  EXPECT_EQ(each.watermark_at(record_offset{13}), at(26));
  EXPECT_EQ(each.watermark_at(record_offset{14}), at(26));
}

// Records between them do not raise it, or are missing in the log.
TEST(CandleMarks, BetweenTwoRisesTheLowerOneHolds) {
  const auto some = marks({{record_offset{10}, at(20)},
                           {record_offset{11}, at(21)},
                           {record_offset{40}, at(30)},
                           {record_offset{42}, at(31)},
                           {record_offset{1000}, at(99)}});
  EXPECT_EQ(some.watermark_at(record_offset{9}), at(7));
  EXPECT_EQ(some.watermark_at(record_offset{11}), at(21));
  EXPECT_EQ(some.watermark_at(record_offset{12}), at(21));
  EXPECT_EQ(some.watermark_at(record_offset{13}), at(21));
  EXPECT_EQ(some.watermark_at(record_offset{39}), at(21));
  EXPECT_EQ(some.watermark_at(record_offset{40}), at(30));
  EXPECT_EQ(some.watermark_at(record_offset{41}), at(30));
  EXPECT_EQ(some.watermark_at(record_offset{42}), at(31));
  EXPECT_EQ(some.watermark_at(record_offset{999}), at(31));
  EXPECT_EQ(some.watermark_at(record_offset{1000}), at(99));
  EXPECT_EQ(some.watermark_at(record_offset{5000}), at(99));
}

} // namespace
} // namespace tradepulse
