// What a WebSocket client may send, measured without a socket.
#include <gtest/gtest.h>

#include "adapters/web/inbound_meter.hpp"
#include "tests/adapters/web/raw_client.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::client_frame;

constexpr time_point start{};

TEST(InboundMeter, TakesAnyFrameForLifeButNotTheBytesOfOne) {
  inbound_meter meter({}, start);
  const auto frame = client_frame(0x81, std::string(1000, 'x'));
  meter.take_bytes(frame.substr(0, 100), start + 1s);
  EXPECT_EQ(meter.last_heard(), start + 1s);
  meter.take_bytes(frame.substr(100), start + 2s);
  EXPECT_EQ(meter.last_heard(), start + 1s);
  meter.take_bytes(client_frame(0x8a, ""), start + 3s);
  EXPECT_EQ(meter.last_heard(), start + 3s);
}

TEST(InboundMeter, CallsTwiceTheRateAFlood) {
  connection_limits limits;
  limits.frames_per_second = 10;
  inbound_meter meter(limits, start);
  for (int i = 0; i < 20; ++i)
    EXPECT_TRUE(meter.take_bytes(client_frame(0x89, ""), start));
  EXPECT_FALSE(meter.take_bytes(client_frame(0x89, ""), start));
  EXPECT_TRUE(meter.take_bytes(client_frame(0x89, ""), start + 100ms));
}

TEST(InboundMeter, CountsBytesOfWhateverTheyAre) {
  connection_limits limits;
  limits.bytes_per_second = 100;
  inbound_meter meter(limits, start);
  EXPECT_TRUE(meter.take_bytes(std::string(200, 'x'), start));
  EXPECT_FALSE(meter.take_bytes("x", start));
}

TEST(InboundMeter, CountsMessagesByThemselves) {
  connection_limits limits;
  limits.messages_per_second = 1;
  limits.message_burst = 2;
  inbound_meter meter(limits, start);
  EXPECT_TRUE(meter.take_message());
  EXPECT_TRUE(meter.take_message());
  EXPECT_FALSE(meter.take_message());
  meter.take_bytes(client_frame(0x81, "x"), start + 1s); // time comes with the frames
  EXPECT_TRUE(meter.take_message());
}

} // namespace
} // namespace tradepulse::web
