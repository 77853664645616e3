#include "adapters/postgres/watchdog.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

struct socket_pair {
  std::array<int, 2> ends{};
  socket_pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0); }
  ~socket_pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
};

TEST(Watchdog, FreesAReaderWhoseAnswerNeverComes) {
  watchdog dog;
  socket_pair pair;
  watchdog::guard guard(dog, pair.ends[0], milliseconds(30));
  char byte = 0;
  // Blocks for good but for the watchdog.
  EXPECT_EQ(::recv(pair.ends[0], &byte, 1, 0), 0);
  EXPECT_TRUE(guard.cut());
  EXPECT_EQ(dog.cuts(), 1U);
}

TEST(Watchdog, LeavesACallAloneThatEndsInTime) {
  watchdog dog;
  socket_pair kept;
  socket_pair cut;
  { watchdog::guard over(dog, kept.ends[0], milliseconds(1)); }
  watchdog::guard long_one(dog, kept.ends[0], hours(1));
  watchdog::guard short_one(dog, cut.ends[0], milliseconds(1));
  char byte = 0;
  EXPECT_EQ(::recv(cut.ends[0], &byte, 1, 0), 0);
  EXPECT_FALSE(long_one.cut());
  EXPECT_EQ(::send(kept.ends[1], "x", 1, 0), 1);
  EXPECT_EQ(::recv(kept.ends[0], &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(Watchdog, CutsWhatIsUnderWayAndWhatBeginsOnceTheProcessEnds) {
  watchdog dog;
  socket_pair running;
  socket_pair later;
  watchdog::guard before(dog, running.ends[0], hours(1));
  EXPECT_FALSE(dog.cuts_all());
  dog.cut_all();
  EXPECT_TRUE(dog.cuts_all());
  char byte = 0;
  EXPECT_EQ(::recv(running.ends[0], &byte, 1, 0), 0);
  EXPECT_TRUE(before.cut());
  watchdog::guard after(dog, later.ends[0], hours(1));
  EXPECT_EQ(::recv(later.ends[0], &byte, 1, 0), 0);
  EXPECT_TRUE(after.cut());
}

TEST(Watchdog, CutsAnEarlierDeadlineThatComesLater) {
  watchdog dog;
  socket_pair pair;
  watchdog::guard late(dog, pair.ends[1], hours(1));
  watchdog::guard early(dog, pair.ends[0], milliseconds(1));
  char byte = 0;
  EXPECT_EQ(::recv(pair.ends[0], &byte, 1, 0), 0);
  EXPECT_TRUE(early.cut());
  EXPECT_FALSE(late.cut());
}

TEST(Watchdog, CountsFromTheLastAnswer) {
  watchdog dog;
  socket_pair pair;
  watchdog::guard guard(dog, pair.ends[0], hours(1));
  guard.restart();
  EXPECT_FALSE(guard.cut());
  EXPECT_EQ(dog.cuts(), 0U);
}

TEST(Watchdog, LooksAgainWhenItsClockHasMoved) {
  std::atomic<std::int64_t> ahead{0};
  watchdog dog([&] { return watchdog::clock::now() + milliseconds(ahead.load()); });
  socket_pair near;
  socket_pair far;
  watchdog::guard in_an_hour(dog, near.ends[0], hours(1));
  watchdog::guard in_a_day(dog, far.ends[0], hours(24));
  ahead = milliseconds(hours(2)).count();
  dog.look();
  char byte = 0;
  EXPECT_EQ(::recv(near.ends[0], &byte, 1, 0), 0);
  EXPECT_TRUE(in_an_hour.cut());
  EXPECT_FALSE(in_a_day.cut());
}

} // namespace
} // namespace tradepulse
