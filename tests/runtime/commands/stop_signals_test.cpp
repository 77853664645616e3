#include "runtime/commands/stop_signals.hpp"

#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using namespace std::chrono_literals;

TEST(StopSignals, AreNotRequestedByThemselves) {
  stop_signals signals;
  EXPECT_FALSE(signals.requested());
  EXPECT_FALSE(signals.wait_until(std::chrono::steady_clock::now() + 1ms));
}

TEST(StopSignals, AreRememberedOnceTheyCame) {
  for (int number : {SIGINT, SIGTERM}) {
    stop_signals signals;
    ::raise(number);
    EXPECT_TRUE(signals.requested());
    EXPECT_TRUE(signals.requested());
    signals.wait();
  }
}

TEST(StopSignals, WakeAWaitAtOnce) {
  stop_signals signals;
  std::thread sender([] { ::kill(::getpid(), SIGTERM); });
  EXPECT_TRUE(signals.wait_until(std::chrono::steady_clock::now() + 1h));
  sender.join();
}

TEST(StopSignalsDeathTest, EndTheProcessTheSecondTime) {
  EXPECT_EXIT(
      {
        stop_signals signals;
        ::raise(SIGTERM);
        signals.wait();
        ::raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

} // namespace
} // namespace tradepulse
