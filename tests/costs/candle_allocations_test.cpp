#include <iostream>
#include <memory>

#include <gtest/gtest.h>

#include "actors/ingest/candle_clock.hpp"
#include "actors/market/candle_builder.hpp"
#include "actors/market/candle_desk.hpp"
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
  const auto batch = [&] { // each record raises the watermark, nothing closes
    clock.begin(1'000);
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      const time_ms now = minute + std::chrono::milliseconds{offset};
      clock.record(record_offset{offset++}, now, now);
      clock.event(i % 2, names[i % 2], now);
    }
  };
  batch();
  const auto before = so_far();
  batch();
  EXPECT_EQ((so_far() - before).allocations, 2u); // they, and where the watermark rises
}

// The ranges of one symbol whose candles are those of six intervals: a tick a second.
class SlotOfCandles : public ::testing::Test {
 protected:
  SlotOfCandles() { clock_.claimed({}); }

  // In a range of so many ticks, which is committed when this returns.
  std::uint64_t allocations(std::int64_t ticks) {
    const auto range = std::make_shared<ingest_range>();
    auto batch = std::make_shared<record_batch>();
    batch->source = {"ticks", 0};
    clock_.begin(static_cast<std::size_t>(ticks));
    for (std::int64_t i = 0; i < ticks; ++i, ++offset_) {
      const time_ms now = midnight_ + std::chrono::seconds{offset_};
      const record_offset at{offset_};
      clock_.record(at, now, now);
      clock_.event(0, name_, now);
      range->ticks.push_back({at, now, now, price{100}, quantity{5}, {}});
    }
    range->to = next_offset{offset_};
    range->batch = std::move(batch);
    range->marks = clock_.marks();
    auto& slot = range->slots.emplace_back();
    slot.symbol = name_;
    slot.kind = stream_kind::price;
    slot.count = static_cast<std::uint32_t>(ticks);
    slot.row.home = range->batch->source;
    slot.row.position = {epoch{1}, sequence{offset_}};
    const auto before = so_far();
    desk_.work(*range, slot, false);
    const auto made = (so_far() - before).allocations;
    *range->fate = range_fate::committed;
    return made;
  }

 private:
  const std::shared_ptr<const candle_options> rules_ = std::make_shared<const candle_options>();
  const symbol name_ = symbol::parse("A").value();
  const time_ms midnight_{std::chrono::milliseconds{1'723'075'200'000}};
  candle_clock clock_{candle_source{rules_}};
  candle_desk desk_{rules_};
  std::int64_t offset_ = 0;
};

TEST_F(SlotOfCandles, AllocatesWhatIsStoredOfIt) {
  allocations(150); // with closes: what is used again is there
  // What was made; the state, its streams, its candles.
  EXPECT_EQ(allocations(20), 4u);
  // As well: what closed, for the journal, for its stream and for its row.
  EXPECT_EQ(allocations(20), 7u);
}

} // namespace
} // namespace tradepulse::costs
