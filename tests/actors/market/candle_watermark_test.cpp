#include "actors/market/candle_watermark.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::at;
using namespace std::chrono_literals;

TEST(PartitionWatermark, IsTheGreatestEventTimeSoFar) {
  partition_watermark mark(1s);
  EXPECT_EQ(mark.value(), partition_watermark::none);
  EXPECT_EQ(mark.observe(at(5'000), at(5'000)), at(5'000));
  EXPECT_EQ(mark.observe(at(4'000), at(6'000)), at(5'000)); // older: it never goes back
  EXPECT_EQ(mark.observe(at(5'001), at(6'000)), at(5'001));
  EXPECT_EQ(mark.held_back(), 0u);
}

TEST(PartitionWatermark, TakesWhatIsAheadOfItsRecordAsMaxAheadAndCountsIt) {
  partition_watermark mark(1s);
  EXPECT_EQ(mark.observe(at(6'000), at(5'000)), at(6'000)); // exactly max_ahead
  EXPECT_EQ(mark.held_back(), 0u);
  EXPECT_EQ(mark.observe(at(9'000'000), at(5'001)), at(6'001));
  EXPECT_EQ(mark.held_back(), 1u);
  EXPECT_EQ(mark.observe(at(9'000'000), at(2'000)), at(6'001)); // held back, and behind
  EXPECT_EQ(mark.held_back(), 2u);
}

TEST(PartitionWatermark, BelievesTheEventWhereItsRecordIsOfTheEndOfTime) {
  partition_watermark mark(1s);
  EXPECT_EQ(mark.observe(at(5'000), time_ms::max()), at(5'000));
  EXPECT_EQ(mark.held_back(), 0u);
}

TEST(PartitionWatermark, WithoutMaxAheadFollowsTheRecordsTime) {
  partition_watermark mark(0s);
  EXPECT_EQ(mark.observe(at(5'001), at(5'000)), at(5'000));
  EXPECT_EQ(mark.held_back(), 1u);
}

TEST(PartitionWatermark, GoesOnFromOneStoredNumber) {
  partition_watermark mark(1s, at(5'000));
  EXPECT_EQ(mark.observe(at(4'000), at(4'000)), at(5'000));
  EXPECT_EQ(mark.observe(at(5'500), at(4'600)), at(5'500));
}

} // namespace
} // namespace tradepulse
