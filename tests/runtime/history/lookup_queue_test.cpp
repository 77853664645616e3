#include "runtime/history/lookup_queue.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using time_point = lookup_queue::time_point;

time_point at(int seconds) {
  return time_point{std::chrono::seconds{seconds}};
}
lookup_queue::waiting question(const char* about, time_point deadline) {
  return {{{}, {}, about}, deadline};
}
std::string names(const std::vector<lookup_queue::waiting>& all) {
  std::string out;
  for (const auto& each : all)
    out += each.lookup.about;
  return out;
}

TEST(LookupQueue, GivesThemInTheOrderInWhichTheyCame) {
  lookup_queue queue;
  EXPECT_FALSE(queue.take());
  queue.add(question("a", at(9)));
  queue.add(question("b", at(8)));
  EXPECT_TRUE(queue.has_work());
  EXPECT_EQ(queue.take()->lookup.about, "a");
  EXPECT_EQ(queue.take()->lookup.about, "b");
  EXPECT_FALSE(queue.has_work());
}

TEST(LookupQueue, CountsWhatWasTakenUntilItIsAnswered) {
  lookup_queue queue;
  queue.add(question("a", at(9)));
  queue.add(question("b", at(9)));
  queue.take();
  EXPECT_EQ(queue.unanswered(), 2U);
  queue.answered();
  EXPECT_EQ(queue.unanswered(), 1U);
}

TEST(LookupQueue, PutsBackBeforeAllOthers) {
  lookup_queue queue;
  queue.add(question("a", at(9)));
  queue.add(question("b", at(9)));
  queue.put_back(*queue.take());
  EXPECT_EQ(queue.unanswered(), 2U);
  EXPECT_EQ(queue.take()->lookup.about, "a");
}

TEST(LookupQueue, TakesOutThoseWhoseTimeIsOverAndNoOthers) {
  lookup_queue queue;
  queue.add(question("a", at(5)));
  queue.add(question("b", at(7)));
  queue.add(question("c", at(6)));
  EXPECT_EQ(queue.earliest_deadline(), at(5));
  EXPECT_EQ(names(queue.expired(at(4))), "");
  EXPECT_EQ(names(queue.expired(at(6))), "ac");
  EXPECT_EQ(queue.unanswered(), 1U);
  EXPECT_EQ(names(queue.all()), "b");
  EXPECT_EQ(queue.earliest_deadline(), std::nullopt);
}

} // namespace
} // namespace tradepulse
