#include <cstdint>
#include <iostream>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/costs/cost_counters.hpp"
#include "tests/costs/real_line.hpp"

// How often the engine's actors call operator new for a tick when all they need is there.
namespace tradepulse::costs {
namespace {

constexpr std::size_t batch_records = 4'096;
constexpr std::size_t batches = 60;

// By the number of symbols in the partition.
struct Allocations : testing::TestWithParam<std::size_t> {};

TEST_P(Allocations, OfATickInSteadyState) {
  const std::size_t symbols = GetParam();
  line_options options;
  options.symbols = symbols;
  options.ring = 16; // full at once: what a ring takes is taken once
  real_line line(options);
  for (std::size_t known = 0; known < 20 * symbols; known += batch_records)
    line.read(line.records(batch_records));
  ASSERT_TRUE(line.at_rest());
  std::vector<std::shared_ptr<const record_batch>> ready;
  for (std::size_t i = 0; i < batches; ++i)
    ready.push_back(line.records(batch_records));
  const auto commits = line.commits();
  const auto before = so_far();

  for (auto& each : ready)
    line.read(std::move(each));
  ASSERT_TRUE(line.settled());

  const auto spent = so_far() - before;
  const auto a_tick = [](std::uint64_t count) {
    return static_cast<double>(count) / (batches * batch_records);
  };
  std::cout << symbols << " symbols: a tick " << a_tick(spent.allocations) << " allocations, "
            << a_tick(spent.allocated_bytes) << " bytes, " << a_tick(spent.wake_ups)
            << " wake-ups, " << a_tick(spent.messages) << " messages; " << batches << " batches in "
            << line.commits() - commits << " transactions\n";
  EXPECT_LE(a_tick(spent.allocations), 0.1);
  EXPECT_LE(spent.wake_ups, spent.messages);
}

INSTANTIATE_TEST_SUITE_P(OnePartition, Allocations, testing::Values(1, 38, 300, 625, 5'000));

// What `count` batches of `events` events cost a line with so many subscribers, one after the
// other.
counts of_batches(std::size_t subscribers, std::size_t events, std::size_t count) {
  real_line line({});
  line.read(line.records(events));
  EXPECT_TRUE(line.at_rest());
  line.subscribe(1, subscribers);
  counts before;
  for (std::size_t i = 0; i < 10 + count; ++i) {
    if (i == 10) // what is kept for the next time has been taken
      before = so_far();
    line.read(line.records(events));
    EXPECT_TRUE(line.settled());
    EXPECT_TRUE(line.delivered(subscribers * events * (i + 1)));
  }
  const auto spent = so_far() - before;
  std::cout << subscribers << " subscribers, batches of " << events << ": a batch "
            << static_cast<double>(spent.allocations) / static_cast<double>(count)
            << " allocations, " << static_cast<double>(spent.messages) / static_cast<double>(count)
            << " messages\n";
  return spent;
}

TEST(AllocationsOfABatch, AreNoMoreForAThousandSubscribersThanForOne) {
  constexpr std::size_t count = 50;
  for (const std::size_t events : {std::size_t{1}, std::size_t{16}}) {
    const auto one = of_batches(1, events, count);
    const auto thousand = of_batches(1'000, events, count);
    EXPECT_LE(thousand.allocations, one.allocations + count); // an armed timer more or less
    EXPECT_LE(thousand.messages, one.messages + count);
  }
}

TEST(AllocationsOfABatch, AreNoMoreForSixteenEventsThanForOne) {
  constexpr std::size_t count = 50;
  const auto one = of_batches(1, 1, count);
  const auto sixteen = of_batches(1, 16, count);
  EXPECT_LE(sixteen.allocations, one.allocations + count);
}

} // namespace
} // namespace tradepulse::costs
