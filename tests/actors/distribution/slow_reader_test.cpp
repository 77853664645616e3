#include "actors/distribution/slow_reader.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/streams.hpp"

// Where a client that is sent away is told to go on.
namespace tradepulse {
namespace {

using samples::burst_of_kind;
using samples::head_of;
using samples::named;
using samples::pos;

constexpr stream_index a{0};

burst_ptr trades(std::int64_t first, std::int64_t last, std::uint32_t index = 0) {
  return burst_of_kind(stream_kind::trade, index, index == 0 ? "A" : "B", 1, first, last);
}

events_diverted diverted(burst_ptr burst, stream_position before, std::uint64_t group = 1) {
  return {std::move(burst), 0, before, false, group};
}

// As the table answers where the outbox took the first `written` pieces of the only item.
handed_back refused(std::vector<handed_item> items, std::size_t written, stream_position reached) {
  auto& pieces = items.at(0).kept;
  pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(written));
  items[0].reached = reached;
  return {std::move(items)};
}

struct SlowReader : testing::Test {
  // One burst of three trades is kept, not two.
  slow_reader reader{false, {1'000, 1 << 20}};
};

TEST_F(SlowReader, IsSentAwayAtOnceWhereNothingIsUnderWay) {
  EXPECT_FALSE(reader.diverted(diverted(trades(5, 5), pos(1, 4)), true));
  const auto beyond = reader.diverted(diverted(trades(6, 12), pos(1, 4)), true);
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->stream, stream_key(named("A"), stream_kind::trade));
  EXPECT_EQ(beyond->reached, pos(1, 4));
  EXPECT_TRUE(reader.given_up());
  EXPECT_TRUE(reader.due().empty());
}

TEST_F(SlowReader, GoesOnBehindWhatWasUnderWayAndIsWritten) {
  EXPECT_FALSE(reader.diverted(diverted(trades(5, 5), pos(1, 4)), true));
  ASSERT_EQ(reader.due().size(), 1u);
  // Diverted before the table had the hand-back: it could not know better.
  EXPECT_FALSE(reader.diverted(diverted(trades(6, 12), pos(1, 4)), true));
  EXPECT_TRUE(reader.given_up());
  const auto beyond = reader.handed({});
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->reached, pos(1, 5));
  EXPECT_FALSE(reader.handed({})); // said once
}

TEST_F(SlowReader, GoesOnBehindTheLastPieceThatIsWritten) {
  EXPECT_FALSE(reader.diverted(diverted(trades(5, 5), pos(1, 4)), true));
  EXPECT_FALSE(reader.diverted(diverted(trades(6, 6), pos(1, 4)), true));
  auto items = reader.due();
  ASSERT_EQ(items.at(0).kept.size(), 2u);
  EXPECT_FALSE(reader.diverted(diverted(trades(7, 12), pos(1, 4)), true));
  const auto beyond = reader.handed(refused(std::move(items), 1, pos(1, 5)));
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->reached, pos(1, 5));
}

TEST_F(SlowReader, GoesOnFromBeforeWhatWasRefusedWhole) {
  EXPECT_FALSE(reader.diverted(diverted(trades(5, 5), pos(1, 4)), true));
  auto items = reader.due();
  EXPECT_FALSE(reader.diverted(diverted(trades(6, 12), pos(1, 4)), true));
  const auto beyond = reader.handed(refused(std::move(items), 0, pos(1, 4)));
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->reached, pos(1, 4));
}

TEST_F(SlowReader, GoesOnWhereTheStreamStandsThatPassedTheBound) {
  EXPECT_FALSE(reader.diverted(diverted(trades(5, 5), pos(1, 4)), true));
  ASSERT_EQ(reader.due().size(), 1u);
  EXPECT_FALSE(reader.diverted(diverted(trades(20, 30, 1), pos(1, 19)), true));
  const auto beyond = reader.handed({});
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->stream, stream_key(named("B"), stream_kind::trade));
  EXPECT_EQ(beyond->reached, pos(1, 19));
}

TEST_F(SlowReader, GoesOnWhereTheNewSubscriptionStandsWhateverTheOldOneHasUnderWay) {
  EXPECT_FALSE(reader.diverted(diverted(trades(8, 8), pos(1, 7)), true));
  ASSERT_EQ(reader.due().size(), 1u);
  reader.forget(a);
  EXPECT_FALSE(reader.diverted(diverted(trades(3, 12), pos(1, 2), 2), true));
  const auto beyond = reader.handed({}); // which is not written: nobody means it any more
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->reached, pos(1, 2));
}

TEST_F(SlowReader, KeepsNothingOfASubscriptionThatIsNoMore) {
  EXPECT_FALSE(reader.diverted(diverted(trades(5, 12), pos(1, 4)), false));
  const move_diverted moved{{a, head_of("A", stream_kind::trade, pos(1, 20))}, pos(1, 4), 1};
  EXPECT_FALSE(reader.diverted(moved, false));
  EXPECT_FALSE(reader.given_up());
  EXPECT_TRUE(reader.due().empty());
  EXPECT_EQ(reader.waiting().lossless_bytes(), 0u);
}

} // namespace
} // namespace tradepulse
