#include <iostream>
#include <memory>

#include <gtest/gtest.h>

#include "actors/ingest/candle_clock.hpp"
#include "actors/market/candle_builder.hpp"
#include "actors/market/candle_schedule.hpp"
#include "tests/costs/cost_counters.hpp"

// How often candles call operator new when all they need is there.
namespace tradepulse::costs {
namespace {

counts of_a_day(bool release) {
  const auto rules = std::make_shared<const candle_options>();
  candle_builder builder(rules);
  close_schedule schedule(*rules);
  std::vector<candle_fact> facts;
  std::vector<candle_view> views;
  std::vector<std::uint32_t> due;
  const std::vector<symbol> names(1);
  stored_candles saved;
  const time_ms midnight{std::chrono::milliseconds{1'723'075'200'000}};
  counts before;
  std::size_t made = 0;
  for (int s = 0; s < 2 * 86'400; ++s) {
    if (s == 86'400)
      before = so_far();
    // One of a hundred is late by five minutes.
    const time_ms now = midnight + std::chrono::seconds{s};
    const time_ms time =
        now - (s % 100 == 99 && !release ? std::chrono::minutes{5} : std::chrono::minutes{0});
    facts.clear();
    if (schedule.due(now)) {
      due.clear();
      schedule.collect(now, names, due);
    }
    schedule.event(0, time, now);
    const candle_event event{{epoch{1}, sequence{s + 1}}, time, price{100 + s % 7}, quantity{5}};
    builder.apply(event, {record_offset{s}, time, now, epoch{1}}, facts);
    made += facts.size();
    views.clear();
    builder.changed_views(views);
    saved.clear();
    const auto number = builder.save(saved);
    if (release)
      builder.release(number);
  }
  const auto spent = so_far() - before;
  std::cout << (release ? "closed candles on disk: " : "all in memory: ") << spent.allocations
            << " allocations for 86400 events, " << made << " facts\n";
  return spent;
}

TEST(CandleAllocations, OfAnEventAreNoneInSteadyState) {
  EXPECT_EQ(of_a_day(false).allocations, 0u);
  EXPECT_EQ(of_a_day(true).allocations, 0u);
}

TEST(CandleAllocations, OfABatchAreItsMarksAloneWhereItsSymbolsAreKnown) {
  candle_clock clock({std::make_shared<const candle_options>()});
  clock.claimed({});
  const std::vector<symbol> names{symbol::parse("A").value(), symbol::parse("B").value()};
  const time_ms minute{std::chrono::milliseconds{1'723'075'200'000}};
  std::int64_t offset = 0;
  const auto batch = [&] { // of one moment: nothing rises, nothing closes
    clock.begin();
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      clock.record(record_offset{offset++}, minute, minute);
      clock.event(i % 2, names[i % 2], minute);
    }
  };
  batch();
  const auto before = so_far();
  batch();
  EXPECT_EQ((so_far() - before).allocations, 1u);
}

} // namespace
} // namespace tradepulse::costs
