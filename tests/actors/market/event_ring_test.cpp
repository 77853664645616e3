#include "actors/market/event_ring.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

std::vector<std::int64_t> numbers(const event_ring<price_events>& ring) {
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < ring.size(); ++i)
    out.push_back(ring.at(i).seq.value());
  return out;
}
void push(event_ring<price_events>& to, std::int64_t e, std::int64_t first, std::int64_t last) {
  for (auto seq = first; seq <= last; ++seq)
    to.push(epoch{e}, samples::event(seq, seq, seq));
}

TEST(EventRing, KeepsEventsInTheirOrder) {
  event_ring<price_events> ring{4};
  push(ring, 1, 1, 3);
  EXPECT_EQ(numbers(ring), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(ring.epoch(), epoch{1});
}

TEST(EventRing, ForgetsTheOldestWhenItIsFull) {
  event_ring<price_events> ring{4};
  push(ring, 1, 1, 10);
  EXPECT_EQ(numbers(ring), (std::vector<std::int64_t>{7, 8, 9, 10}));
}

TEST(EventRing, IsEmptiedByANewEpoch) {
  event_ring<price_events> ring{4};
  push(ring, 1, 1, 6);
  push(ring, 2, 1, 2);
  EXPECT_EQ(numbers(ring), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(ring.epoch(), epoch{2});
}

TEST(EventRing, StartsAnewWhenItWasClearedInTheMiddleOfATurn) {
  event_ring<price_events> ring{4};
  push(ring, 1, 1, 6);
  ring.clear();
  EXPECT_EQ(ring.size(), 0u);
  push(ring, 1, 20, 25);
  EXPECT_EQ(numbers(ring), (std::vector<std::int64_t>{22, 23, 24, 25}));
}

TEST(EventRing, KeepsNothingWhereItsCapacityIsZero) {
  event_ring<price_events> ring{0};
  push(ring, 1, 1, 3);
  EXPECT_EQ(ring.size(), 0u);
}

} // namespace
} // namespace tradepulse
