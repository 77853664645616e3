#include "actors/ingest/delivery_window.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using std::chrono::milliseconds;

struct DeliveryWindow : testing::Test {
  std::shared_ptr<delivery_window> make(std::size_t least, std::size_t usual, std::size_t most) {
    return delivery_window::make(
        {least, most, usual, milliseconds{200}}, [this] { ++opened; }, [this] { return now; });
  }
  // One batch that takes so long.
  void pass(delivery_window& window, std::size_t records, milliseconds took) {
    auto batch = window.take(records);
    now += took;
  }
  delivery_window::clock::time_point now{};
  int opened = 0;
};

TEST_F(DeliveryWindow, LetsThroughWhatIsFree) {
  auto window = make(10, 100, 1'000);
  EXPECT_EQ(window->allowance(), 100u);
  auto batch = window->take(30);
  EXPECT_EQ(window->allowance(), 70u);
  EXPECT_EQ(window->in_flight(), 30u);
}

TEST_F(DeliveryWindow, IsClosedWhenItIsFullAndOpensWhenHalfOfItIsFree) {
  auto window = make(10, 100, 1'000);
  auto first = window->take(40);
  auto second = window->take(60);
  EXPECT_EQ(window->allowance(), 0u);
  now += milliseconds{60}; // longer than a quarter of the target: it does not grow
  first.reset();
  EXPECT_EQ(opened, 0);
  EXPECT_EQ(window->allowance(), 0u); // 60 are still under way
  second.reset();
  EXPECT_EQ(opened, 1);
  EXPECT_GT(window->allowance(), 0u);
}

TEST_F(DeliveryWindow, TellsNobodyWhereNobodyWaited) {
  auto window = make(10, 100, 1'000);
  window->take(100).reset();
  EXPECT_EQ(opened, 0);
}

TEST_F(DeliveryWindow, GivesBackWhenTheLastOwnerLetsGo) {
  auto window = make(10, 100, 1'000);
  auto batch = window->take(30);
  auto same = batch;
  batch.reset();
  EXPECT_EQ(window->in_flight(), 30u);
  same.reset();
  EXPECT_EQ(window->in_flight(), 0u);
}

TEST_F(DeliveryWindow, BecomesWhatPassesInTheTargetTimeWhereRecordsWait) {
  auto window = make(10, 10'000, 100'000);
  for (int i = 0; i < 50; ++i)
    pass(*window, 500, milliseconds{100}); // 5,000 a second: 1,000 in 200 ms
  EXPECT_GE(window->size(), 990u);
  EXPECT_LE(window->size(), 1'010u);
}

TEST_F(DeliveryWindow, CountsWhatOthersPassedMeanwhile) {
  auto window = make(10, 1'000, 100'000);
  for (int i = 0; i < 50; ++i) {
    auto outer = window->take(100);
    pass(*window, 900, milliseconds{100}); // with the outer one 10,000 a second
  }
  EXPECT_GE(window->size(), 1'800u);
  EXPECT_LE(window->size(), 2'000u);
}

TEST_F(DeliveryWindow, GrowsWhileItIsWhatHoldsUpReading) {
  auto window = make(10, 100, 1'000);
  auto batch = window->take(100);
  EXPECT_EQ(window->allowance(), 0u);
  now += milliseconds{1};
  batch.reset();
  EXPECT_EQ(window->size(), 125u);
}

TEST_F(DeliveryWindow, DoesNotGrowBeyondTheUsualWhereItIsWideEnough) {
  auto window = make(10, 100, 1'000);
  for (int i = 0; i < 20; ++i) {
    EXPECT_GT(window->allowance(), 0u);
    pass(*window, 50, milliseconds{1});
  }
  EXPECT_EQ(window->size(), 100u);
}

TEST_F(DeliveryWindow, GoesBackToTheUsualWhenTheBacklogIsGone) {
  auto window = make(10, 100, 100'000);
  for (int i = 0; i < 20; ++i) {
    auto batch = window->take(window->size());
    EXPECT_EQ(window->allowance(), 0u);
    now += milliseconds{1};
  }
  EXPECT_GT(window->size(), 5'000u);
  for (int i = 0; i < 1'000; ++i)
    pass(*window, 1, milliseconds{1});
  EXPECT_EQ(window->size(), 100u);
}

TEST_F(DeliveryWindow, StaysWithinItsBounds) {
  auto window = make(10, 100, 1'000);
  for (int i = 0; i < 20; ++i)
    pass(*window, 1, milliseconds{10'000});
  EXPECT_EQ(window->size(), 10u);
  for (int i = 0; i < 100; ++i) {
    auto batch = window->take(window->size());
    EXPECT_EQ(window->allowance(), 0u);
    now += milliseconds{1};
  }
  EXPECT_EQ(window->size(), 1'000u);
}

} // namespace
} // namespace tradepulse
