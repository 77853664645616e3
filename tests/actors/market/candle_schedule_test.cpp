#include "actors/market/candle_schedule.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/candle_line.hpp"
#include "tests/actors/support/candle_samples.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using namespace candle_samples;
using samples::named;
using enum candle_interval;
using ids = std::vector<std::uint32_t>;

const std::vector<symbol> names{named("C"), named("A"), named("B")};

ids collected(close_schedule& from, time_ms watermark) {
  ids out;
  if (from.due(watermark))
    from.collect(watermark, names, out);
  return out;
}

TEST(CloseSchedule, NamesASymbolAtEachEndOfACandleOfIts) {
  close_schedule schedule(only({m1, m5}));
  schedule.event(0, clock(0, 2, 30), clock(0, 2, 30));
  EXPECT_FALSE(schedule.due(clock(0, 2, 59, 999)));
  EXPECT_EQ(collected(schedule, clock(0, 3)), ids{0});
  EXPECT_FALSE(schedule.due(clock(0, 4, 59, 999))); // no other minute is open
  EXPECT_EQ(collected(schedule, clock(0, 5)), ids{0});
  EXPECT_FALSE(schedule.due(clock(23, 0)));
}

TEST(CloseSchedule, NamesEachSymbolOnceInTheOrderOfTheNames) {
  close_schedule schedule(only({m1, m5}));
  for (const std::uint32_t id : {0u, 1u, 2u})
    for (int minute = 0; minute < 3; ++minute)
      schedule.event(id, clock(0, minute), clock(0, 0));
  EXPECT_EQ(collected(schedule, clock(0, 7)), (ids{1, 2, 0})); // A B C
}

TEST(CloseSchedule, WaitsForGrace) {
  auto rules = only({m1});
  rules.grace = std::chrono::seconds{5};
  close_schedule schedule(rules);
  schedule.event(0, clock(0, 0), clock(0, 0));
  EXPECT_FALSE(schedule.due(clock(0, 1, 4, 999)));
  EXPECT_TRUE(schedule.due(clock(0, 1, 5)));
}

TEST(CloseSchedule, EntersNothingForLateEvents) {
  close_schedule schedule(only({m1, d1}));
  schedule.event(0, clock(1, 0), clock(2, 30)); // too late: not the day either
  EXPECT_FALSE(schedule.due(clock(24, 0)));
  schedule.event(0, clock(2, 0), clock(2, 30)); // late: its minute is over, its day is not
  EXPECT_FALSE(schedule.due(clock(23, 59)));
  EXPECT_EQ(collected(schedule, clock(24, 0)), ids{0});
}

TEST(CloseSchedule, WithFillNamesASymbolEveryMinute) {
  auto rules = only({m1, m5});
  rules.fill = true;
  close_schedule schedule(rules);
  schedule.event(0, clock(0, 0), clock(0, 0));
  for (int minute = 1; minute < 8; ++minute)
    EXPECT_EQ(collected(schedule, clock(0, minute)), ids{0}) << minute;
  EXPECT_EQ(collected(schedule, clock(9, 0)), ids{0}); // once, after hours
  EXPECT_FALSE(schedule.due(clock(9, 0, 59)));
}

TEST(CloseSchedule, GoesOnFromWhatIsStored) {
  one_symbol a(only({m1, m5}));
  a.trade(clock(0, 0), 10);
  a.trade(clock(0, 1), 11);
  stored_candles stored;
  a.builder.save(stored);
  close_schedule schedule(only({m1, m5}));
  schedule.restore(2, stored);
  EXPECT_EQ(collected(schedule, clock(0, 2)), ids{2});
  EXPECT_EQ(collected(schedule, clock(0, 5)), ids{2});
  schedule.restore(2, stored);
  schedule.clear();
  EXPECT_FALSE(schedule.due(clock(0, 5)));
}

TEST(CloseSchedule, SymbolsThatCloseTakePartInTheBatchAndNoOthers) {
  candle_line line(only({m1}), names);
  const auto record = [](std::int64_t offset, std::uint32_t id, std::int64_t seq, time_ms time) {
    return candle_record{offset, id, {samples::pos(1, seq), time, price{5}}, time, epoch{1}};
  };
  const std::vector<candle_record> first{record(0, 0, 1, clock(0, 0)),
                                         record(1, 1, 1, clock(0, 0, 1))};
  const std::vector<candle_record> second{record(2, 2, 1, clock(0, 0, 30))};
  const std::vector<candle_record> third{record(3, 2, 2, clock(0, 1, 30))};
  line.read(first);
  line.read(second);
  EXPECT_EQ(line.took_part(), ids{2});
  line.read(third);
  EXPECT_EQ(line.took_part(), (ids{0, 1, 2}));
  EXPECT_EQ(line.facts(0).size(), 1u);
  EXPECT_EQ(line.facts(0)[0].offset, record_offset{3});
}

TEST(CloseSchedule, HoldsABitForASymbolAndADeadline) {
  close_schedule schedule(candle_options{});
  for (int minute = 0; minute < 120; ++minute)
    for (std::uint32_t id = 0; id < 5'000; ++id) {
      const time_ms now = clock(0, minute);
      if (schedule.due(now)) {
        ids out;
        schedule.collect(now, std::vector<symbol>(5'000), out);
      }
      schedule.event(id, now, now);
    }
  EXPECT_LE(schedule.memory_bytes(), 80'000u); // 65,536 of them the newest candle of each symbol
}

} // namespace
} // namespace tradepulse
