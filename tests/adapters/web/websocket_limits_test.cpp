// What a WebSocket client may send, and how much of it.
#include <gtest/gtest.h>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::raw_client;
using testing::web_server;

class WebSocketLimits : public ::testing::Test {
 protected:
  web_server server;

  // What the server closes with after these bytes.
  std::uint16_t closed_with(std::string_view bytes) {
    raw_client client(server.number());
    client.upgrade();
    client.send(bytes);
    const auto code = client.read_close().close_code();
    EXPECT_TRUE(client.confirm_close(code));
    return code;
  }
};

TEST_F(WebSocketLimits, DoesNotTakeBinary) {
  server.open();
  EXPECT_EQ(closed_with(testing::client_frame(0x82, "x")), 1003);
}

TEST_F(WebSocketLimits, DoesNotTakeBrokenUtf8) {
  server.open();
  EXPECT_EQ(closed_with(testing::client_frame(0x81, "\xc3\x28")), 1007);
}

TEST_F(WebSocketLimits, TakesAMessageOfTheLargestSizeAndNoLarger) {
  server.open();
  raw_client client(server.number());
  client.upgrade();
  client.send_text(std::string(65536, 'x'));
  EXPECT_EQ(server.clients.connection()->wait_texts(1).front().size(), 65536U);
  EXPECT_EQ(closed_with(testing::client_frame(0x81, std::string(65537, 'x'))), 1009);
}

TEST_F(WebSocketLimits, CountsTheFragmentsOfAMessageTogether) {
  server.open();
  EXPECT_EQ(closed_with(testing::client_frame(0x01, std::string(40000, 'x')) +
                        testing::client_frame(0x80, std::string(40000, 'x'))),
            1009);
}

TEST_F(WebSocketLimits, RefusesAFrameOfNoPossibleLength) {
  server.open();
  using namespace std::string_literals;
  EXPECT_EQ(closed_with("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00mask"s), 1009);
}

TEST_F(WebSocketLimits, ClosesForWhatTheProtocolForbids) {
  server.open();
  EXPECT_EQ(closed_with(testing::client_frame(0xc1, "x")), 1008); // a reserved bit
  EXPECT_EQ(closed_with("\x81\x01x"), 1008);                      // not masked
  EXPECT_EQ(closed_with(testing::client_frame(0x83, "x")), 1008); // a reserved opcode
  EXPECT_EQ(closed_with(testing::client_frame(0x80, "x")), 1008); // a continuation of nothing
  EXPECT_EQ(closed_with(testing::client_frame(0x09, "x")), 1008); // a ping in fragments
  EXPECT_EQ(closed_with(testing::client_frame(0x89, std::string(126, 'x'))), 1008);
}

TEST_F(WebSocketLimits, ClosesAFloodOfPings) {
  server.options.limits.frames_per_second = 100;
  server.options.limits.close_timeout = 100ms;
  server.open();
  std::string flood;
  for (int i = 0; i < 1000; ++i)
    flood += testing::client_frame(0x89, "");
  raw_client client(server.number());
  client.upgrade();
  client.send(flood);
  EXPECT_EQ(client.read_close().close_code(), 1008);
  EXPECT_EQ(server.clients.connection()->wait_closed(), close_code::policy);
}

TEST_F(WebSocketLimits, ClosesAFloodOfEmptyContinuationFrames) {
  server.options.limits.frames_per_second = 100;
  server.options.limits.close_timeout = 100ms;
  server.open();
  std::string flood = testing::client_frame(0x01, "x");
  for (int i = 0; i < 1000; ++i)
    flood += testing::client_frame(0x00, "");
  raw_client client(server.number());
  client.upgrade();
  client.send(flood);
  EXPECT_EQ(client.read_close().close_code(), 1008);
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
}

TEST_F(WebSocketLimits, ClosesAFloodOfBytes) {
  server.options.limits.bytes_per_second = 10'000;
  server.open();
  raw_client client(server.number());
  client.upgrade();
  for (int i = 0; i < 10 && client.try_send(testing::client_frame(0x81, std::string(5'000, 'x')));
       ++i) {
  }
  EXPECT_EQ(client.read_close().close_code(), 1008);
}

TEST_F(WebSocketLimits, ClosesAClientThatTalksTooMuch) {
  server.options.limits.messages_per_second = 0.001;
  server.options.limits.message_burst = 5;
  server.open();
  raw_client client(server.number());
  client.upgrade();
  for (int i = 0; i < 6; ++i)
    client.send_text("m");
  const auto close = client.read_close();
  EXPECT_EQ(close.close_code(), 4429);
  EXPECT_NE(close.close_reason().find("retry_after_ms="), std::string::npos);
  EXPECT_TRUE(client.confirm_close(4429));
  EXPECT_EQ(server.clients.connection()->wait_closed(), close_code::rate_limited);
  EXPECT_EQ(server.clients.connection()->wait_texts(5).size(), 5U);
}

} // namespace
} // namespace tradepulse::web
