#include "adapters/kafka/group_member.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "mock_cluster.hpp"
#include "recording_listener.hpp"
#include "test_log.hpp"

#include <gtest/gtest.h>

namespace tradepulse::kafka {
namespace {

using testing::mock_cluster;
using testing::patience;
using testing::unique_name;

// A member and what it rings. Shared with the thread that leaves, which may hang in the library.
struct joining {
  wakeup bell;
  std::unique_ptr<group_member> member;
};

std::shared_ptr<joining> join_a_group(const mock_cluster& cluster) {
  consumer_options options;
  options.connection.brokers = cluster.servers();
  options.connection.properties = {{"debug", "cgrp"}}; // its lines are our hooks
  options.group_id = unique_name("group");
  options.topics = {"a"};
  const auto topics = topic_selection::parse(options.topics);
  auto made = std::make_shared<joining>();
  auto member = group_member::create(options, *topics, made->bell);
  if (!member)
    throw std::runtime_error(member.failure().detail);
  made->member = std::move(*member);
  return made;
}

// Has the library's main thread stand still in each step in which it ends the group, so that an
// answer that is given meanwhile is in its queue when it goes on.
void end_slowly(const joining& one) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // there is no other way on a handle
  rd_kafka_set_logger(one.member->handle(),
                      [](const rd_kafka_t*, int, const char* facility, const char*) {
                        const std::string_view step(facility);
                        if (step == "CGRPTERM" || step == "LEAVEGROUP")
                          std::this_thread::sleep_for(std::chrono::milliseconds(100));
                      });
#pragma GCC diagnostic pop
}

// The group has given it partitions, and it has not looked.
bool has_something_unread(const joining& one) {
  const queue_ptr events(rd_kafka_queue_get_consumer(one.member->handle()));
  return rd_kafka_queue_length(events.get()) > 0;
}

std::future<bool> leave(std::shared_ptr<joining> one) {
  std::promise<bool> told;
  auto left = told.get_future();
  std::thread([one = std::move(one), told = std::move(told)]() mutable {
    told.set_value(one->member->leave(group_member::clock::now() + std::chrono::seconds(20)));
  }).detach();
  return left;
}

// The library does not answer an assign() that it finds in its queue when it ends the group
// (librdkafka issue 4884).
TEST(KafkaGroupMember, LeavesWithAnAssignmentThatItHasNotReadYet) {
  const mock_cluster cluster({{"a", 2}});
  const auto one = join_a_group(cluster);
  end_slowly(*one);
  const auto until = group_member::clock::now() + patience;
  while (!has_something_unread(*one)) {
    ASSERT_LT(group_member::clock::now(), until);
    one->bell.wait(std::chrono::seconds(1));
  }
  auto left = leave(one);
  ASSERT_EQ(left.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_TRUE(left.get());
}

} // namespace
} // namespace tradepulse::kafka
