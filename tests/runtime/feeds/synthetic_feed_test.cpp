#include "runtime/feeds/synthetic_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/feeds/fake_feed.hpp"

namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;

constexpr time_ms some_time{1'700'000'000'000ms};

struct SyntheticFeed : testing::Test {
  simulated_host host;
  recording_producer log{host};
  synthetic_market market{5, 1};
};

TEST_F(SyntheticFeed, KeepsItsRateUntilTheDurationIsOver) {
  const auto counts =
      run_synthetic_feed(market, log, {"t", 100.0, 2s, std::nullopt, std::nullopt}, host);
  EXPECT_EQ(counts.produced, 200u);
  ASSERT_EQ(log.entries.size(), 200u);
  EXPECT_EQ(log.entries[0].after, 0s);
  EXPECT_EQ(log.entries[150].after, 1500ms);
}

TEST_F(SyntheticFeed, EndsAfterTheCount) {
  const auto counts = run_synthetic_feed(
      market, log, {"t", std::nullopt, std::nullopt, 12'345u, std::nullopt}, host);
  EXPECT_EQ(counts.produced, 12'345u);
  EXPECT_EQ(log.entries.size(), 12'345u);
}

TEST_F(SyntheticFeed, EndsWhenTheHostSaysSo) {
  host.stop_at = simulated_host::begin + 1s;
  const auto counts =
      run_synthetic_feed(market, log, {"t", 10.0, std::nullopt, std::nullopt, std::nullopt}, host);
  EXPECT_EQ(counts.produced, 10u);
  EXPECT_FALSE(counts.failure);
}

TEST_F(SyntheticFeed, EndsWithTheErrorOfTheLog) {
  log.refuse_from = 3;
  const auto counts =
      run_synthetic_feed(market, log, {"t", 10.0, std::nullopt, std::nullopt, std::nullopt}, host);
  EXPECT_EQ(counts.produced, 3u);
  ASSERT_TRUE(counts.failure);
  EXPECT_EQ(counts.failure->code, errc::log_unavailable);
}

TEST_F(SyntheticFeed, StampsTicksWithTheWallClock) {
  run_synthetic_feed(market, log, {"t", 10.0, std::nullopt, 3u, std::nullopt}, host);
  ASSERT_EQ(log.entries.size(), 3u);
  EXPECT_THAT(log.entries[0].value, EndsWith(",\"timestamp\":1723161256543}"));
  EXPECT_THAT(log.entries[2].value, EndsWith(",\"timestamp\":1723161256743}"));
}

TEST_F(SyntheticFeed, IsTheSameForTheSameStartTimeWhateverTheClock) {
  const synthetic_feed_plan plan{"t", 300.0, std::nullopt, 1000u, some_time};
  run_synthetic_feed(market, log, plan, host);
  host.wait_until(simulated_host::begin + 1h);
  recording_producer again{host};
  synthetic_market same{5, 1};
  run_synthetic_feed(same, again, plan, host);
  ASSERT_EQ(log.entries.size(), again.entries.size());
  for (std::size_t i = 0; i < log.entries.size(); ++i)
    ASSERT_EQ(log.entries[i].value, again.entries[i].value) << i;
  EXPECT_THAT(log.entries[1].value, EndsWith(",\"timestamp\":1700000000003}"));
  EXPECT_THAT(log.entries[300].value, EndsWith(",\"timestamp\":1700000001000}"));
}

TEST(SyntheticEventTime, FollowsTheRateAndAThousandASecondWithoutOne) {
  EXPECT_EQ(synthetic_event_time(some_time, 0, 3.0), some_time);
  EXPECT_EQ(synthetic_event_time(some_time, 3, 3.0), some_time + 1s);
  EXPECT_EQ(synthetic_event_time(some_time, 2500, std::nullopt), some_time + 2500ms);
}

} // namespace
} // namespace tradepulse
