#include "actors/ingest/range_builder.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/fake_decoder.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::batch_of;
using samples::costs;
using samples::named;

struct RangeBuilder : testing::Test {
  range_builder::built build(std::vector<samples::line> lines, std::int64_t from) {
    return builder.build(batch_of({"ticks", 0}, generation{1}, lines), next_offset{from}, stopped);
  }
  static std::vector<std::int64_t> offsets_of(const ingest_range& range, std::size_t slot) {
    std::vector<std::int64_t> out;
    for (std::uint32_t i = 0; i < range.slots[slot].count; ++i)
      out.push_back(range.ticks[range.slots[slot].first + i].offset.value());
    return out;
  }
  range_builder builder{std::make_shared<samples::fake_decoder>()};
  std::unordered_set<stream_key> stopped;
};

TEST_F(RangeBuilder, GroupsBySymbolAndKeepsTheOrderOfTheLogWithinASymbol) {
  auto built = build(
      {{5, "A 1 0"}, {6, "B 2 0"}, {7, "A 3 0"}, {8, "C 4 0"}, {9, "B 5 0"}, {10, "A 6 0"}}, 5);
  const auto& range = *built.range;
  ASSERT_EQ(range.slots.size(), 3u);
  EXPECT_EQ(range.slots[0].symbol, named("A"));
  EXPECT_EQ(offsets_of(range, 0), (std::vector<std::int64_t>{5, 7, 10}));
  EXPECT_EQ(range.slots[1].symbol, named("B"));
  EXPECT_EQ(offsets_of(range, 1), (std::vector<std::int64_t>{6, 9}));
  EXPECT_EQ(range.slots[2].symbol, named("C"));
  EXPECT_EQ(offsets_of(range, 2), (std::vector<std::int64_t>{8}));
  EXPECT_EQ(range.ticks[range.slots[1].first + 1].price, costs(5));
  EXPECT_EQ(built.ticks, 6u);
  EXPECT_TRUE(built.letters.empty());
}

TEST_F(RangeBuilder, KeepsTheOrderOfTheLogFromBatchToBatch) {
  build({{0, "B 1 0"}, {1, "A 1 0"}}, 0);
  auto built = build({{2, "A 2 0"}, {3, "B 2 0"}, {4, "A 3 0"}}, 2);
  ASSERT_EQ(built.range->slots.size(), 2u);
  EXPECT_EQ(built.range->slots[0].symbol, named("A"));
  EXPECT_EQ(offsets_of(*built.range, 0), (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(offsets_of(*built.range, 1), (std::vector<std::int64_t>{3}));
}

TEST_F(RangeBuilder, CoversHolesBetweenOffsetsAndBeforeTheFirst) {
  auto built = build({{12, "A 1 0"}, {17, "A 2 0"}}, 10); // 10, 11, 13..16: markers, compacted
  EXPECT_EQ(built.range->from, next_offset{10});
  EXPECT_EQ(built.range->to, next_offset{18});
}

TEST_F(RangeBuilder, RemembersTheLastRecordWithItsOwnOffsetAndDigest) {
  auto batch = batch_of({"ticks", 0}, generation{1}, {{12, "A 1 0"}, {17, "!bad_json"}});
  auto built = builder.build(batch, next_offset{12}, stopped);
  ASSERT_TRUE(built.range->last_applied);
  EXPECT_EQ(built.range->last_applied->offset, record_offset{17});
  EXPECT_EQ(built.range->last_applied->digest, record_digest(batch->records[1]));
}

TEST_F(RangeBuilder, SetsAsideWhatCannotBeUsedWithItsReasonAndItsRecord) {
  auto built = build({{0, "A 1 0"}, {1, "!bad_json"}, {2, "A 2 0"}, {3, "!negative"}}, 0);
  ASSERT_EQ(built.letters.size(), 2u);
  EXPECT_EQ(built.letters[0].reason, reject_reason::bad_json);
  EXPECT_EQ(built.letters[0].index, 1u);
  EXPECT_EQ(built.letters[1].reason, reject_reason::negative);
  EXPECT_EQ(built.letters[1].index, 3u);
  EXPECT_EQ(built.letters[1].batch, built.range->batch);
  EXPECT_EQ(built.ticks, 2u);
  EXPECT_EQ(built.range->to, next_offset{4}); // it covers what was set aside as well
}

TEST_F(RangeBuilder, MakesARangeWithoutSlotsOfABatchThatHasNothingUsable) {
  auto built = build({{0, "!bad_json"}, {1, "~aggTrade"}, {2, ""}}, 0);
  EXPECT_TRUE(built.range->slots.empty());
  EXPECT_EQ(built.letters.size(), 1u);
  EXPECT_EQ(built.skipped, 1u);
  EXPECT_EQ(built.tombstones, 1u);
  EXPECT_EQ(built.range->to, next_offset{3});
}

TEST_F(RangeBuilder, DeadLettersTheRecordsOfAStoppedSymbolAndOfNoOther) {
  stopped.insert(named("B"));
  auto built = build({{0, "A 1 0"}, {1, "B 1 0"}, {2, "B 2 0"}, {3, "A 2 0"}}, 0);
  ASSERT_EQ(built.range->slots.size(), 1u);
  EXPECT_EQ(built.range->slots[0].symbol, named("A"));
  EXPECT_EQ(offsets_of(*built.range, 0), (std::vector<std::int64_t>{0, 3}));
  ASSERT_EQ(built.letters.size(), 2u);
  EXPECT_EQ(built.letters[0].reason, reject_reason::symbol_stopped);
  EXPECT_EQ(built.letters[0].index, 1u);
  EXPECT_EQ(built.letters[1].index, 2u);
}

TEST_F(RangeBuilder, CarriesTheGenerationOfItsBatch) {
  auto built =
      builder.build(batch_of({"ticks", 0}, generation{9}, {{0, "A 1 0"}}), next_offset{0}, stopped);
  EXPECT_EQ(built.range->gen, generation{9});
}

} // namespace
} // namespace tradepulse
