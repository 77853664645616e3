// The threads that listeners live on.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
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

// Long work gives way to what is posted meanwhile, a piece at a time.
TEST(IoPool, RunsWhatIsPostedBeforeWhatIsPostedBehind) {
  io_pool pool(1);
  std::promise<void> done;
  std::vector<std::string> order; // the thread's
  pool.thread(0).post([&] {
    auto& io = pool.thread(0);
    for (const char* name : {"first piece", "second piece", "third piece"})
      io.post_behind([&, name] {
        order.emplace_back(name);
        io.post([&, name] { order.push_back(std::string("posted by the ") + name); });
        if (order.size() == 6)
          io.post([&] { done.set_value(); });
      });
    io.post([&] { order.emplace_back("posted"); });
  });
  done.get_future().get();
  EXPECT_EQ(order, (std::vector<std::string>{
                       "posted", "first piece", "posted by the first piece", "second piece",
                       "posted by the second piece", "third piece", "posted by the third piece"}));
}

TEST(IoPool, GoesOnBehindAPieceThatThrows) {
  io_pool pool(1);
  std::promise<void> done;
  pool.thread(0).post_behind([] { throw std::runtime_error("boom"); });
  pool.thread(0).post_behind([&] { done.set_value(); });
  done.get_future().get();
}

TEST(IoPool, MayBePostedToByItsOwnTasks) {
  io_pool pool(1);
  std::promise<int> done;
  pool.thread(0).post([&] { pool.thread(0).post([&] { done.set_value(3); }); });
  EXPECT_EQ(done.get_future().get(), 3);
}

} // namespace
} // namespace tradepulse::web
