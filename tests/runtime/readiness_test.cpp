#include "runtime/readiness.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

class Readiness : public testing::Test {
 protected:
  Readiness() {
    ready.group_joined = [this] { return joined; };
    ready.credit_stuck = [this] { return stuck; };
    ready.missing_topics = [this] { return missing; };
  }
  void start() {
    ready.listening = ready.schema_current = ready.restored = true;
    joined = true;
  }

  health_board health;
  readiness ready{health};
  bool joined = false;
  bool stuck = false;
  std::vector<std::string> missing;
};

TEST_F(Readiness, SaysWhatStartWaitsFor) {
  ready.listening = true;
  ready.waiting_for("postgres: connection refused");
  const auto answer = ready.ask();
  EXPECT_FALSE(answer.ready);
  EXPECT_EQ(answer.status, "starting");
  ASSERT_EQ(answer.reasons.size(), 4U);
  EXPECT_EQ(answer.reasons.back().second, "postgres: connection refused");
}

TEST_F(Readiness, IsReadyWhenEverythingIsThere) {
  start();
  EXPECT_TRUE(ready.ask().ready);
  EXPECT_EQ(ready.ask().status, "ready");
}

TEST_F(Readiness, NeedsTheGroup) {
  start();
  joined = false;
  EXPECT_FALSE(ready.ask().ready);
}

TEST_F(Readiness, CountsWaitingForATopicThatDoesNotExistAsJoinedAndDegraded) {
  start();
  joined = false;
  missing = {"price-ticks"};
  EXPECT_TRUE(ready.ask().ready);
  EXPECT_EQ(ready.ask().status, "degraded");
}

TEST_F(Readiness, StaysReadyAndDegradedWithoutTheDatabase) {
  start();
  health.set("postgres", "connection refused");
  EXPECT_TRUE(ready.ask().ready);
  EXPECT_EQ(ready.ask().status, "degraded");
  health.clear("postgres");
  EXPECT_EQ(ready.ask().status, "ready");
}

TEST_F(Readiness, EndsWhenTheCreditIsUsedUpWithoutACommit) {
  start();
  stuck = true;
  EXPECT_FALSE(ready.ask().ready);
}

TEST_F(Readiness, EndsWithTheDrain) {
  start();
  ready.draining = true;
  EXPECT_FALSE(ready.ask().ready);
  EXPECT_EQ(ready.ask().status, "draining");
  EXPECT_FALSE(ready.serving());
}

} // namespace
} // namespace tradepulse
