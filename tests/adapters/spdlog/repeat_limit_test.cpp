#include "adapters/spdlog/repeat_limit.hpp"

#include <gtest/gtest.h>

namespace tradepulse::log {
namespace {

using namespace std::chrono_literals;
constexpr repeat_limit::time_point start{1000s};

TEST(RepeatLimit, WritesUpToTheLimitAndLeavesOutTheRest) {
  repeat_limit limit(3, 10s);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(limit.admit(level::warning, "gap", start));
  EXPECT_FALSE(limit.admit(level::warning, "gap", start + 1s));
  EXPECT_FALSE(limit.admit(level::warning, "gap", start + 9s));
}

TEST(RepeatLimit, CountsEachEventAndLevelByItself) {
  repeat_limit limit(1, 10s);
  EXPECT_TRUE(limit.admit(level::warning, "gap", start));
  EXPECT_TRUE(limit.admit(level::error, "gap", start));
  EXPECT_TRUE(limit.admit(level::warning, "retry", start));
  EXPECT_FALSE(limit.admit(level::warning, "gap", start));
}

TEST(RepeatLimit, TellsOnceWhatAWindowLeftOut) {
  repeat_limit limit(1, 10s);
  for (int i = 0; i < 5; ++i)
    limit.admit(level::warning, "gap", start);
  EXPECT_TRUE(limit.take_ended(start + 9s).empty());
  const auto ended = limit.take_ended(start + 10s);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].event, "gap");
  EXPECT_EQ(ended[0].severity, level::warning);
  EXPECT_EQ(ended[0].count, 4u);
  EXPECT_TRUE(limit.take_ended(start + 30s).empty());
}

TEST(RepeatLimit, SaysNothingOfAWindowWithinTheLimit) {
  repeat_limit limit(2, 10s);
  limit.admit(level::warning, "gap", start);
  limit.admit(level::warning, "gap", start);
  EXPECT_TRUE(limit.take_all().empty());
}

TEST(RepeatLimit, BeginsANewWindowWithTheNextLine) {
  repeat_limit limit(1, 10s);
  limit.admit(level::warning, "gap", start);
  limit.admit(level::warning, "gap", start);
  EXPECT_TRUE(limit.admit(level::warning, "gap", start + 10s));
  EXPECT_FALSE(limit.admit(level::warning, "gap", start + 11s));
  limit.admit(level::warning, "gap", start + 12s);
  const auto all = limit.take_all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].count, 1u);
  EXPECT_EQ(all[1].count, 2u);
}

TEST(RepeatLimit, SharesOneCountBetweenNamesBeyondItsBound) {
  repeat_limit limit(1, 10s);
  for (std::size_t i = 0; i < repeat_limit::most_events; ++i)
    EXPECT_TRUE(limit.admit(level::info, "event" + std::to_string(i), start));
  EXPECT_TRUE(limit.admit(level::info, "one more", start));
  EXPECT_FALSE(limit.admit(level::info, "another", start));
}

TEST(RepeatLimit, OfZeroWritesEverything) {
  repeat_limit limit(0, 10s);
  for (int i = 0; i < 1000; ++i)
    EXPECT_TRUE(limit.admit(level::debug, "record", start));
  EXPECT_TRUE(limit.take_all().empty());
}

} // namespace
} // namespace tradepulse::log
