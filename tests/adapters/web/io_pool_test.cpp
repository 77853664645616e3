// The threads that listeners live on.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

TEST(IoPool, RunsTasksOfAThreadInTheirOrder) {
  io_pool pool(2);
  std::vector<int> order; // the thread's
  for (int i = 0; i < 1000; ++i)
    pool.thread(1).post([&order, i] { order.push_back(i); });
  testing::on_thread(pool.thread(1), [] {});
  ASSERT_EQ(order.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(IoPool, RunsEachThreadsTasksOnThatThread) {
  io_pool pool(2);
  const auto id = [] { return std::this_thread::get_id(); };
  const auto first = testing::on_thread(pool.thread(0), id);
  EXPECT_EQ(testing::on_thread(pool.thread(0), id), first);
  EXPECT_NE(testing::on_thread(pool.thread(1), id), first);
}

TEST(IoPool, GoesOnAfterATaskThatThrows) {
  io_pool pool(1);
  pool.thread(0).post([] { throw std::runtime_error("boom"); });
  pool.thread(0).post([] { throw 1; });
  EXPECT_EQ(testing::on_thread(pool.thread(0), [] { return 7; }), 7);
}

TEST(IoPool, MayBePostedToByItsOwnTasks) {
  io_pool pool(1);
  std::promise<int> done;
  pool.thread(0).post([&] { pool.thread(0).post([&] { done.set_value(3); }); });
  EXPECT_EQ(done.get_future().get(), 3);
}

} // namespace
} // namespace tradepulse::web
