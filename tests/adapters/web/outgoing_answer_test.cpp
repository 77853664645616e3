// The bytes of an HTTP answer, without a socket.
#include <gtest/gtest.h>

#include "adapters/web/outgoing_answer.hpp"

namespace tradepulse::web {
namespace {

// Everything that is left of a slice; where the head ends is not told.
std::string take(outgoing_answer& answer) {
  const auto [head, body] = answer.left();
  std::string all = std::string(head) + std::string(body);
  answer.wrote(all.size());
  EXPECT_TRUE(answer.slice_is_written());
  return all;
}

std::string behind_the_head(const std::string& bytes) {
  return bytes.substr(bytes.find("\r\n\r\n") + 4);
}

http_response two_slices() {
  http_response out;
  out.body = "first";
  out.more = [](std::string& to) {
    to = "second";
    return false;
  };
  return out;
}

TEST(OutgoingAnswer, IsAHeadAndABody) {
  outgoing_answer answer;
  http_response response;
  response.body = "hello";
  response.route = "/r";
  EXPECT_TRUE(answer.begin(std::move(response), {}, {}));
  EXPECT_EQ(answer.route(), "/r");
  EXPECT_EQ(answer.status(), 200);
  const auto bytes = take(answer);
  EXPECT_NE(bytes.find("\r\nContent-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(behind_the_head(bytes), "hello");
  EXPECT_FALSE(answer.has_more());
}

TEST(OutgoingAnswer, GoesOnWhereTheSocketStopped) {
  outgoing_answer answer;
  http_response response;
  response.body = "hello";
  answer.begin(std::move(response), {}, {});
  const std::size_t head = answer.left()[0].size();
  answer.wrote(head - 1);
  EXPECT_EQ(answer.left()[0], "\n");
  EXPECT_EQ(answer.left()[1], "hello");
  answer.wrote(3);
  EXPECT_EQ(answer.left()[0], "");
  EXPECT_EQ(answer.left()[1], "llo");
  EXPECT_FALSE(answer.slice_is_written());
  answer.wrote(3);
  EXPECT_TRUE(answer.slice_is_written());
}

TEST(OutgoingAnswer, SendsSlicesAsChunks) {
  outgoing_answer answer;
  EXPECT_TRUE(answer.begin(two_slices(), {}, {}));
  EXPECT_EQ(behind_the_head(take(answer)), "5\r\nfirst\r\n");
  ASSERT_TRUE(answer.has_more());
  answer.next_slice();
  EXPECT_EQ(take(answer), "6\r\nsecond\r\n0\r\n\r\n");
  EXPECT_FALSE(answer.has_more());
}

TEST(OutgoingAnswer, TellsAnOldClientTheEndByClosing) {
  outgoing_answer answer;
  outgoing_answer::terms old;
  old.old_client = true;
  EXPECT_FALSE(answer.begin(two_slices(), old, {}));
  const auto bytes = take(answer);
  EXPECT_NE(bytes.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(behind_the_head(bytes), "first");
  answer.next_slice();
  EXPECT_EQ(take(answer), "second");
}

TEST(OutgoingAnswer, KeepsTheBodyFromAHead) {
  outgoing_answer answer;
  outgoing_answer::terms head;
  head.head_only = true;
  answer.begin(two_slices(), head, {});
  EXPECT_EQ(behind_the_head(take(answer)), "");
  EXPECT_FALSE(answer.has_more());
}

TEST(OutgoingAnswer, MayHaveAnEmptySlice) {
  outgoing_answer answer;
  http_response response;
  response.more = [](std::string&) { return true; };
  answer.begin(std::move(response), {}, {});
  take(answer);
  answer.next_slice();
  EXPECT_TRUE(answer.slice_is_written());
  EXPECT_TRUE(answer.has_more());
}

} // namespace
} // namespace tradepulse::web
