#include "actors/persistence/claim_queue.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using namespace std::chrono_literals;

const topic_partition a{"ticks", 0};
const topic_partition b{"ticks", 1};

// A pause is between half of 100 ms and 100 ms, then of 200 ms, and so on.
struct ClaimQueue : testing::Test {
  ClaimQueue() : queue(100ms, 10s) {
    queue.add(claim_partition{a, {}});
    queue.add(claim_partition{b, {}});
  }
  // The partition that is taken, or "none".
  std::string taken(claim_queue::clock::time_point now) {
    auto entry = queue.take(now);
    return entry ? entry->source().to_string() : "none";
  }

  claim_queue queue;
  const claim_queue::clock::time_point start{1h};
};

TEST_F(ClaimQueue, GivesWhatWasAskedInItsOrderAndOnce) {
  EXPECT_EQ(taken(start), "ticks/0");
  EXPECT_EQ(taken(start), "ticks/1");
  EXPECT_EQ(taken(start), "none");
}

TEST_F(ClaimQueue, HoldsUpOnlyTheOneThatFailed) {
  const auto pause = queue.put_back(*queue.take(start), false, start);
  EXPECT_GE(pause, 50ms);
  EXPECT_LE(pause, 100ms);
  EXPECT_EQ(taken(start), "ticks/1");
  EXPECT_EQ(taken(start + pause - 1ms), "none");
  EXPECT_EQ(taken(start + pause), "ticks/0");
}

TEST_F(ClaimQueue, HoldsUpAllWhileTheDatabaseIsAway) {
  const auto pause = queue.put_back(*queue.take(start), true, start);
  EXPECT_EQ(taken(start + pause - 1ms), "none");
  EXPECT_EQ(taken(start + pause), "ticks/1"); // the one that failed is behind the others
  EXPECT_EQ(taken(start + pause), "ticks/0");
}

TEST_F(ClaimQueue, CountsTheFailuresOfEachApart) {
  auto failing = *queue.take(start);
  for (int i = 0; i < 5; ++i) {
    queue.put_back(std::move(failing), false, start);
    auto other = *queue.take(start);
    ASSERT_EQ(other.source(), b);
    queue.answered();
    queue.add(std::move(other.what));
    failing = *queue.take(start + 10s);
  }
  EXPECT_GE(queue.put_back(std::move(failing), false, start), 1600ms); // the sixth: half of 3.2 s
  EXPECT_LE(queue.put_back(*queue.take(start), false, start), 100ms);  // b's first
}

TEST_F(ClaimQueue, BeginsWithAShortPauseAgainWhenTheDatabaseHasAnswered) {
  auto now = start;
  for (int i = 0; i < 5; ++i)
    now += queue.put_back(*queue.take(now), true, now);
  const auto next = *queue.take(now);
  queue.answered();
  EXPECT_LE(queue.put_back(next, true, now), 100ms);
}

TEST_F(ClaimQueue, ForgetsAPartitionAndNoOther) {
  queue.forget(a);
  EXPECT_EQ(taken(start), "ticks/1");
  EXPECT_EQ(taken(start), "none");
}

} // namespace
} // namespace tradepulse
