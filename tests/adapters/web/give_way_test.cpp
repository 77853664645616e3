// How long work that can wait rests between two pieces.
#include "adapters/web/give_way.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <thread>

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;

struct GiveWay : testing::Test {
  // A piece later by so much, in which the thread ran and waited for a core for so long.
  give_way::duration after(give_way::duration time, give_way::duration ran,
                           give_way::duration waited) {
    now += time;
    use.ran += ran;
    use.waited += waited;
    const auto rest = way.owed(use, now);
    now += rest;
    return rest;
  }

  give_way way;
  processor_use use{1h, 1h};
  give_way::duration now{1h};
};

TEST_F(GiveWay, OwesNothingBeforeTheFirstPiece) {
  EXPECT_EQ(way.owed(use, now), 0ns);
}

TEST_F(GiveWay, RestsThreeTimesAsLongAsItsThreadRanWhereThatWaitsForACore) {
  after(0ms, 0ms, 0ms);
  EXPECT_EQ(after(1ms, 300us, 200us), 900us);
  EXPECT_EQ(after(1ms, 200us, 800us), 600us);
}

TEST_F(GiveWay, DoesNotRestWhereCoresAreFree) {
  after(0ms, 0ms, 0ms);
  EXPECT_EQ(after(1ms, 1ms, 0us), 0ns);
  EXPECT_EQ(after(1ms, 1ms, 2us), 0ns);
}

TEST_F(GiveWay, RestsShorterTheLessItsThreadWaited) {
  after(0ms, 0ms, 0ms);
  EXPECT_EQ(after(1ms, 1ms, 10us), 320us);
}

TEST_F(GiveWay, OwesWhatIsTooShortForATimerUntilItIsMore) {
  after(0ms, 0ms, 0ms);
  EXPECT_EQ(after(1ms, 20us, 20us), 0ns);
  EXPECT_EQ(after(1ms, 20us, 20us), 120us);
}

TEST_F(GiveWay, RestsFourMillisecondsAtMost) {
  after(0ms, 0ms, 0ms);
  EXPECT_EQ(after(10ms, 9ms, 9ms), 4ms);
}

TEST_F(GiveWay, ForgetsWhatWasLongAgo) {
  after(0ms, 0ms, 0ms);
  EXPECT_EQ(after(21ms, 9ms, 9ms), 0ns);
  EXPECT_EQ(after(1ms, 300us, 300us), 900us);
}

TEST_F(GiveWay, CountsARestAsNoTimeThatIsLong) {
  after(0ms, 0ms, 0ms);
  EXPECT_EQ(after(19ms, 9ms, 9ms), 4ms);
  EXPECT_EQ(after(19ms, 9ms, 9ms), 4ms);
}

// Of the process, or of the first that asked, it would be as much in another thread.
TEST(ProcessorUse, IsOfTheCallingThread) {
  while (processor_use_of_this_thread().ran < 50ms) {
  }
  processor_use another;
  std::thread([&] { another = processor_use_of_this_thread(); }).join();
  EXPECT_GT(another.ran, 0ns);
  EXPECT_LT(another.ran, processor_use_of_this_thread().ran);
}

TEST(ProcessorUse, HasTheWaitFromTheKernelWhereThatTells) {
  if (::access("/proc/thread-self/schedstat", R_OK) != 0)
    GTEST_SKIP() << "this kernel does not tell";
  const auto use = processor_use_of_this_thread();
  EXPECT_NE(use.waited, use.ran); // which stands for what is not known
}

} // namespace
} // namespace tradepulse::web
