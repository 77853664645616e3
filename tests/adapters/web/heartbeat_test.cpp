// Who is asked for life, and what counts as life.
#include <gtest/gtest.h>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::raw_client;
using testing::web_server;

class Heartbeat : public ::testing::Test {
 protected:
  web_server server;
};

TEST_F(Heartbeat, AsksForLifeWithAPingAndAText) {
  server.options.limits.heartbeat_interval = 20ms;
  server.options.heartbeat_text = [](time_ms) { return R"({"type":"ping","timestamp":1})"; };
  server.open();
  raw_client client(server.number());
  client.upgrade();
  for (int i = 0; i < 3; ++i) {
    const auto ping = client.read_frame();
    ASSERT_TRUE(ping);
    EXPECT_EQ(ping->first_octet, 0x89);
    const auto text = client.read_frame();
    ASSERT_TRUE(text);
    EXPECT_EQ(text->payload, R"({"type":"ping","timestamp":1})");
  }
}

TEST_F(Heartbeat, ClosesAClientThatIsSilent) {
  server.options.limits.heartbeat_interval = 20ms;
  server.options.limits.heartbeat_timeout = 200ms;
  server.open();
  raw_client client(server.number());
  client.upgrade();
  EXPECT_EQ(client.read_close().close_code(), 4408);
  EXPECT_TRUE(client.confirm_close(4408));
  EXPECT_EQ(server.clients.connection()->wait_closed(), close_code::heartbeat_timeout);
}

TEST_F(Heartbeat, TakesAPongForLife) {
  server.options.limits.heartbeat_interval = 50ms;
  server.options.limits.heartbeat_timeout = 2s;
  server.open();
  raw_client client(server.number());
  client.upgrade();
  for (int i = 0; i < 60; ++i) { // 3 s of pings, beyond the timeout
    const auto ping = client.read_frame();
    ASSERT_TRUE(ping);
    ASSERT_EQ(ping->first_octet, 0x89);
    client.send_frame(0x8a, ping->payload);
  }
  EXPECT_TRUE(server.clients.connection()->open());
}

TEST_F(Heartbeat, DoesNotTakeAFrameThatNeverEndsForLife) {
  server.options.limits.heartbeat_timeout = 200ms;
  server.open();
  raw_client client(server.number());
  client.upgrade();
  const auto frame = testing::client_frame(0x81, std::string(60'000, 'x'));
  client.send(frame.substr(0, 8));
  const auto owner = server.clients.connection();
  // A byte now and then until it is closed: were each of them life, this would not end.
  for (std::size_t i = 8; i < frame.size() && !owner->closed_within(5ms); ++i)
    if (!client.try_send({&frame[i], 1}))
      break;
  EXPECT_EQ(owner->wait_closed(), close_code::heartbeat_timeout);
}

} // namespace
} // namespace tradepulse::web
