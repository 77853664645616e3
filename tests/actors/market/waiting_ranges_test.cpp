#include "actors/market/waiting_ranges.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::named;
using samples::pos;

std::shared_ptr<ingest_range> range_of(stream_position last, std::uint32_t count = 1) {
  auto out = std::make_shared<ingest_range>();
  ingest_range::slot slot;
  slot.symbol = named("A");
  slot.count = count;
  slot.row.position = last;
  out->slots.push_back(slot);
  return out;
}

void keep(waiting_ranges& in, const std::shared_ptr<ingest_range>& range) {
  in.add(*range, range->slots[0]);
}

std::vector<std::int64_t> firsts(const waiting_ranges& of, epoch in) {
  std::vector<std::int64_t> out;
  of.from_newest(in, [&](const waiting_ranges::part& each) {
    out.push_back(each.first.value());
    return true;
  });
  return out;
}

TEST(WaitingRanges, ForgetsThoseThatHaveEndedInOrder) {
  waiting_ranges waiting;
  for (std::int64_t i = 1; i <= 100; ++i) {
    keep(waiting, range_of(pos(1, i)));
    EXPECT_EQ(waiting.size(), 1u);
  }
}

// The symbol goes on from another partition, and the first one stands still.
TEST(WaitingRanges, DoesNotGrowBehindOneThatWaitsLong) {
  waiting_ranges waiting;
  const auto stuck = range_of(pos(1, 10), 10);
  keep(waiting, stuck);
  std::size_t most = 0;
  for (std::int64_t i = 1; i <= 1'000; ++i) {
    keep(waiting, range_of(pos(2, i)));
    most = std::max(most, waiting.size());
  }
  EXPECT_EQ(most, 16u);
  EXPECT_EQ(firsts(waiting, epoch{1}), std::vector<std::int64_t>{1});
}

TEST(WaitingRanges, KeepsAllThatWait) {
  waiting_ranges waiting;
  std::vector<std::shared_ptr<ingest_range>> all;
  for (std::int64_t i = 1; i <= 100; ++i)
    keep(waiting, all.emplace_back(range_of(pos(1, i))));
  EXPECT_EQ(waiting.size(), 100u);
  EXPECT_EQ(firsts(waiting, epoch{1}).size(), 100u);
  all.clear();
  waiting.prune();
  EXPECT_TRUE(waiting.empty());
}

} // namespace
} // namespace tradepulse
