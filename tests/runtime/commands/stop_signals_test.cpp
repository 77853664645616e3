#include "runtime/commands/stop_signals.hpp"

#include <sched.h>
#include <sys/wait.h>
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

// The first process of a container, for which the kernel leaves default actions out.
TEST(StopSignalsDeathTest, EndProcessOneTheSecondTimeAsWell) {
  const pid_t probe = ::fork();
  if (probe == 0)
    ::_exit(::unshare(CLONE_NEWPID) == 0 ? 0 : 1);
  int allowed = 0;
  ::waitpid(probe, &allowed, 0);
  if (allowed != 0)
    GTEST_SKIP() << "needs the right to make a process namespace";
  EXPECT_EXIT(
      {
        ::unshare(CLONE_NEWPID);
        const pid_t one = ::fork();
        if (one == 0) {
          stop_signals signals;
          ::raise(SIGTERM);
          signals.wait();
          ::raise(SIGTERM);
          ::_exit(1);
        }
        int status = 0;
        ::waitpid(one, &status, 0);
        ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

} // namespace
} // namespace tradepulse
