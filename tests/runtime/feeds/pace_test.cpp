#include "runtime/feeds/pace.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using namespace std::chrono_literals;
constexpr pace_clock::time_point start{1000s};

TEST(ReplayPace, FollowsTheRecordingAtItsSpeed) {
  replay_pace pace(2.0, start);
  EXPECT_EQ(pace.due(5'000'000'000ns), start);
  EXPECT_EQ(pace.due(6'000'000'000ns), start + 500ms);
  EXPECT_EQ(pace.due(15'000'000'000ns), start + 5s);
}

TEST(ReplayPace, HoldsNothingBackAtTheGreatestSpeed) {
  replay_pace pace(std::nullopt, start);
  EXPECT_EQ(pace.due(5s), start);
  EXPECT_EQ(pace.due(500s), start);
}

TEST(ReplayPace, SendsALineThatIsOlderThanTheFirstAtOnce) {
  replay_pace pace(1.0, start);
  pace.due(5s);
  EXPECT_EQ(pace.due(4s), start);
}

TEST(SteadyPace, OwesTheFirstEventAtOnceAndTheNextOnesInTime) {
  steady_pace pace(10.0, start);
  EXPECT_EQ(pace.take(start), 1u);
  EXPECT_EQ(pace.take(start + 50ms), 0u);
  EXPECT_EQ(pace.next(start + 50ms), start + 100ms);
  EXPECT_EQ(pace.take(start + 150ms), 1u);
  EXPECT_EQ(pace.take(start + 520ms), 4u);
}

TEST(SteadyPace, WakesAtMostOnceAMillisecond) {
  steady_pace pace(100'000.0, start);
  pace.take(start);
  EXPECT_EQ(pace.next(start), start + 1ms);
  EXPECT_EQ(pace.take(start + 1ms), 100u);
}

TEST(SteadyPace, GivesUpADebtOfMoreThanASecond) {
  steady_pace pace(100.0, start);
  EXPECT_EQ(pace.take(start), 1u);
  EXPECT_EQ(pace.take(start + 60s), 101u);
  EXPECT_EQ(pace.take(start + 60s), 0u);
}

TEST(SteadyPace, BurstsAreBounded) {
  steady_pace pace(1'000'000.0, start);
  EXPECT_EQ(pace.take(start + 500ms), 10'000u);
  EXPECT_EQ(pace.next(start + 500ms), start + 500ms);
  EXPECT_EQ(pace.take(start + 500ms), 10'000u);
}

TEST(SteadyPace, NeverWaitsWithoutARate) {
  steady_pace pace(std::nullopt, start);
  EXPECT_EQ(pace.take(start), 10'000u);
  EXPECT_EQ(pace.next(start + 7s), start + 7s);
}

} // namespace
} // namespace tradepulse
