#include "protocol/websocket_frame.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tradepulse::websocket {
namespace {

using namespace std::string_literals;

std::string text_frame(std::size_t length) {
  std::string out = "before";
  append_text_frame(out, [&](std::string& to) { to.append(length, 'x'); });
  return out;
}

TEST(WebSocketFrame, PutsAShortHeaderInFrontOfAShortText) {
  std::string out;
  append_text_frame(out, [](std::string& to) { to += "hello"; });
  EXPECT_EQ(out, "\x81\x05hello");
}

TEST(WebSocketFrame, HasAFrameForNoTextAtAll) {
  EXPECT_EQ(text_frame(0), "before\x81\x00"s);
}

TEST(WebSocketFrame, UsesOneLengthByteUpTo125) {
  EXPECT_EQ(text_frame(125), "before\x81\x7d"s + std::string(125, 'x'));
}

TEST(WebSocketFrame, UsesTwoLengthBytesFrom126To65535) {
  EXPECT_EQ(text_frame(126), "before\x81\x7e\x00\x7e"s + std::string(126, 'x'));
  EXPECT_EQ(text_frame(65535), "before\x81\x7e\xff\xff"s + std::string(65535, 'x'));
}

TEST(WebSocketFrame, UsesEightLengthBytesFrom65536) {
  EXPECT_EQ(text_frame(65536),
            "before\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s + std::string(65536, 'x'));
}

TEST(WebSocketFrame, LeavesEarlierFramesAlone) {
  std::string out;
  append_text_frame(out, [](std::string& to) { to += "a"; });
  append_text_frame(out, [](std::string& to) { to += "b"; });
  EXPECT_EQ(out, "\x81\x01"
                 "a\x81\x01"
                 "b");
}

TEST(WebSocketFrame, WritesPingAndPongWithTheirPayload) {
  std::string out;
  append_frame(out, opcode::ping, "");
  append_frame(out, opcode::pong, "p");
  EXPECT_EQ(out, "\x89\x00\x8a\x01p"s);
}

TEST(WebSocketFrame, AgreesWithTheInPlaceHeaderForEveryForm) {
  for (const std::size_t length : {0U, 125U, 126U, 65535U, 65536U}) {
    std::string out = "before";
    append_frame(out, opcode::text, std::string(length, 'x'));
    EXPECT_EQ(out, text_frame(length)) << length;
  }
}

TEST(WebSocketFrame, ClosesWithCodeAndReason) {
  std::string out;
  append_close_frame(out, close_code::slow_consumer, "slow");
  EXPECT_EQ(out, "\x88\x06\x11\x97slow"); // 4503 = 0x1197
}

TEST(WebSocketFrame, CutsACloseReasonTo123Bytes) {
  std::string out;
  append_close_frame(out, close_code::normal, std::string(200, 'r'));
  EXPECT_EQ(out, "\x88\x7d\x03\xe8"s + std::string(123, 'r'));
}

TEST(WebSocketFrame, CutsACloseReasonBetweenCharacters) {
  std::string out;
  append_close_frame(out, close_code::normal, std::string(122, 'r') + "\xe2\x82\xac" + "tail");
  EXPECT_EQ(out, "\x88\x7c\x03\xe8"s + std::string(122, 'r'));
}

TEST(WebSocketFrame, KeepsAReasonThatEndsAtTheLimitWithAWholeCharacter) {
  std::string out;
  append_close_frame(out, close_code::normal, std::string(120, 'r') + "\xe2\x82\xac" + "tail");
  EXPECT_EQ(out, "\x88\x7d\x03\xe8"s + std::string(120, 'r') + "\xe2\x82\xac");
}

} // namespace
} // namespace tradepulse::websocket
