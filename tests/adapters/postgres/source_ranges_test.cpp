#include "adapters/postgres/source_ranges.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using place = source_ranges::place;

std::string words(const std::vector<place>& places) {
  std::string out;
  for (const auto& leaf : source_ranges::leaves_of(places))
    out += leaf.name + ":" + std::to_string(leaf.epochs) + (leaf.closed ? " closed, " : " open, ");
  return out;
}

TEST(SourceRanges, ALeafIsClosedOnceEachEpochInItHasALaterOne) {
  EXPECT_EQ(words({}), "");
  EXPECT_EQ(words({{epoch{1}, "0801"}}), "0801:1 open, ");
  EXPECT_EQ(words({{epoch{1}, "0801"}, {epoch{1}, "0802"}, {epoch{1}, "0805"}}),
            "0801:1 closed, 0802:1 closed, 0805:1 open, ");
  // The last leaf of an epoch that is over may get rows that are on their way.
  EXPECT_EQ(words({{epoch{1}, "0801"}, {epoch{1}, "0802"}, {epoch{2}, "0802"}, {epoch{2}, "0803"}}),
            "0801:1 closed, 0802:2 open, 0803:1 open, ");
}

TEST(SourceRanges, KnowsAgainWhatAClosedLeafHas) {
  source_ranges ranges;
  const source_ranges::leaf closed{"0801", 1, true};
  EXPECT_FALSE(ranges.find(7, closed));
  ranges.learn(7, closed, source_ranges::range{5, 9});
  ASSERT_TRUE(ranges.find(7, closed));
  EXPECT_EQ((*ranges.find(7, closed))->low, 5);
  EXPECT_EQ((*ranges.find(7, closed))->high, 9);
  EXPECT_FALSE(ranges.find(8, closed)); // of another stream
  ranges.learn(7, {"0802", 1, true}, std::nullopt);
  ASSERT_TRUE(ranges.find(7, {"0802", 1, true}));
  EXPECT_FALSE(*ranges.find(7, {"0802", 1, true})); // it has no numbers
}

TEST(SourceRanges, LooksAgainIntoALeafThatGetsRowsOrAnotherEpoch) {
  source_ranges ranges;
  ranges.learn(7, {"0801", 1, false}, source_ranges::range{5, 9});
  EXPECT_FALSE(ranges.find(7, {"0801", 1, true}));
  ranges.learn(7, {"0801", 1, true}, source_ranges::range{5, 9});
  EXPECT_FALSE(ranges.find(7, {"0801", 2, true}));
  EXPECT_FALSE(ranges.find(7, {"0801", 1, false}));
}

} // namespace
} // namespace tradepulse
