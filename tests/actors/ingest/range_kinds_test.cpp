#include "actors/ingest/range_builder.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/fake_decoder.hpp"

// A batch whose records feed streams of several kinds.
namespace tradepulse {
namespace {

using samples::batch_of;
using samples::costs;
using samples::named;

const auto minute = stream_kind::kline(kline_interval::m1);

struct RangeKinds : testing::Test {
  range_builder::built build(std::vector<samples::line> lines) {
    return builder.build(batch_of({"ticks", 0}, generation{1}, lines), next_offset{0}, stopped);
  }
  // "A/trade 0+2": stream, first and count of each slot.
  static std::vector<std::string> slots(const ingest_range& range) {
    std::vector<std::string> out;
    for (const auto& each : range.slots)
      out.push_back(each.key().to_string() + " " + std::to_string(each.first) + "+" +
                    std::to_string(each.count));
    return out;
  }
  using texts = std::vector<std::string>;

  std::unordered_set<stream_key> stopped;
  range_builder builder{std::make_shared<samples::fake_decoder>()};
};

TEST_F(RangeKinds, ATradeFeedsItsStreamAndThePriceWithTheSameValues) {
  const auto built = build({{5, "@trade A 10 1"}});
  EXPECT_EQ(slots(*built.range), (texts{"A/price 0+1", "A/trade 0+1"}));
  EXPECT_EQ(built.ticks, 1u); // one record
  const auto& trade = built.range->trades.at(0);
  const auto& price = built.range->ticks.at(0);
  EXPECT_EQ(price.offset, record_offset{5});
  EXPECT_EQ(price.price, trade.value.price);
  EXPECT_EQ(price.volume, trade.value.size);
  EXPECT_EQ(price.event_time, trade.event_time);
  EXPECT_EQ(price.append_time, trade.append_time);
  EXPECT_EQ(price.source_sequence, trade.source_sequence);
}

TEST_F(RangeKinds, AQuoteOrAKlineFeedsNoPrice) {
  const auto built = build({{5, "@quote A 10 1"}, {6, "@kline A 11 1"}});
  EXPECT_EQ(slots(*built.range), (texts{"A/quote 0+1", "A/kline_1m 0+1"}));
  EXPECT_TRUE(built.range->ticks.empty());
  EXPECT_EQ(built.range->event_count(), 2u);
}

TEST_F(RangeKinds, EachStreamKeepsTheOrderOfTheLog) {
  const auto built = build({{0, "@kline B 1 0"},
                            {1, "@trade A 2 0"},
                            {2, "A 3 0"},
                            {3, "@kline A 4 0"},
                            {4, "@kline B 5 0"},
                            {5, "@trade A 6 0"}});
  EXPECT_EQ(slots(*built.range),
            (texts{"A/price 0+3", "A/trade 0+2", "B/kline_1m 0+2", "A/kline_1m 2+1"}));
  const auto& klines = built.range->klines;
  EXPECT_EQ(klines[0].value.close, costs(1));
  EXPECT_EQ(klines[1].value.close, costs(5));
  EXPECT_EQ(klines[2].value.close, costs(4));
  EXPECT_EQ(built.range->ticks[1].price, costs(3));
  EXPECT_EQ(count_of(built.range->events(built.range->slots[1])), 2u);
}

TEST_F(RangeKinds, BuffersOfOneBatchDoNotReachTheNext) {
  build({{0, "@kline A 1 0"}, {1, "@trade A 2 0"}});
  const auto built = build({{2, "@quote A 3 0"}});
  EXPECT_EQ(slots(*built.range), (texts{"A/quote 0+1"}));
}

// Half of a record is nobody's: what reads its dead letter would have the other half twice.
TEST_F(RangeKinds, ARecordOfAStoppedStreamFeedsNoOther) {
  for (auto kind : {stream_kind::trade, stream_kind::price}) {
    stopped = {{named("A"), kind}};
    const auto built = build({{0, "@trade A 2 0"}, {1, "@kline A 4 0"}, {2, "@trade B 2 0"}});
    EXPECT_EQ(slots(*built.range), (texts{"B/price 0+1", "B/trade 0+1", "A/kline_1m 0+1"}));
    ASSERT_EQ(built.letters.size(), 1u);
    EXPECT_EQ(built.letters[0].reason, reject_reason::symbol_stopped);
    EXPECT_EQ(built.letters[0].index, 0u);
  }
}

TEST_F(RangeKinds, AStoppedKlineLeavesPricesAlone) {
  stopped = {{named("A"), minute}};
  const auto built = build({{0, "A 2 0"}, {1, "@kline A 4 0"}});
  EXPECT_EQ(slots(*built.range), (texts{"A/price 0+1"}));
  EXPECT_EQ(built.letters.size(), 1u);
}

} // namespace
} // namespace tradepulse
