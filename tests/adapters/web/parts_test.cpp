// The parts of adapters/web that need no socket.
#include <gtest/gtest.h>

#include "adapters/web/connection_budget.hpp"
#include "adapters/web/frame_counter.hpp"
#include "adapters/web/http_head.hpp"
#include "adapters/web/limits.hpp"
#include "adapters/web/origins.hpp"
#include "adapters/web/token_bucket.hpp"
#include "tests/adapters/web/raw_client.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using verdict = connection_budget::verdict;

TEST(ConnectionBudget, RefusesTheOneBeyondTheLimit) {
  const auto budget = connection_budget::make(2, 0);
  connection_budget::ticket a;
  connection_budget::ticket b;
  connection_budget::ticket c;
  EXPECT_EQ(budget->admit("10.0.0.1", a), verdict::admitted);
  EXPECT_EQ(budget->admit("10.0.0.2", b), verdict::admitted);
  EXPECT_EQ(budget->admit("10.0.0.3", c), verdict::full);
  EXPECT_FALSE(c.holds_a_place());
  EXPECT_EQ(budget->connections(), 2U);
}

TEST(ConnectionBudget, CountsEachAddressByItself) {
  const auto budget = connection_budget::make(10, 1);
  connection_budget::ticket a;
  connection_budget::ticket b;
  EXPECT_EQ(budget->admit("10.0.0.1", a), verdict::admitted);
  EXPECT_EQ(budget->admit("10.0.0.1", b), verdict::address_full);
  EXPECT_EQ(budget->admit("10.0.0.2", b), verdict::admitted);
}

TEST(ConnectionBudget, GetsAPlaceBackWithItsTicket) {
  const auto budget = connection_budget::make(1, 1);
  {
    connection_budget::ticket a;
    ASSERT_EQ(budget->admit("10.0.0.1", a), verdict::admitted);
    const connection_budget::ticket moved = std::move(a);
    EXPECT_EQ(budget->connections(), 1U);
  }
  EXPECT_EQ(budget->connections(), 0U);
  connection_budget::ticket again;
  EXPECT_EQ(budget->admit("10.0.0.1", again), verdict::admitted);
}

TEST(TokenBucket, GivesItsBurstAndThenItsRate) {
  const std::chrono::steady_clock::time_point start{};
  token_bucket bucket(10, 3, start);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(bucket.take(1, start));
  EXPECT_FALSE(bucket.take(1, start));
  EXPECT_FALSE(bucket.take(1, start + 99ms));
  EXPECT_TRUE(bucket.take(1, start + 100ms));
  EXPECT_FALSE(bucket.take(1, start + 101ms));
}

TEST(TokenBucket, SavesNoMoreThanItsBurst) {
  const std::chrono::steady_clock::time_point start{};
  token_bucket bucket(10, 2, start);
  EXPECT_TRUE(bucket.take(2, start + 1h));
  EXPECT_FALSE(bucket.take(1, start + 1h));
}

TEST(TokenBucket, NeverRefusesWithoutARate) {
  const std::chrono::steady_clock::time_point start{};
  token_bucket bucket(0, 0, start);
  EXPECT_TRUE(bucket.take(1e9, start));
}

TEST(FrameCounter, CountsEmptyContinuationFrames) {
  frame_counter counter;
  std::string flood;
  for (int i = 0; i < 100; ++i)
    flood += testing::client_frame(0x00, "");
  EXPECT_EQ(counter.feed(flood), 100U);
}

TEST(FrameCounter, IsNotFooledByWhatAPayloadLooksLike) {
  frame_counter counter;
  EXPECT_EQ(counter.feed(testing::client_frame(0x81, std::string(70000, '\x89'))), 1U);
  EXPECT_EQ(counter.feed(testing::client_frame(0x81, std::string(300, '\x89'))), 1U);
  EXPECT_EQ(counter.feed(testing::client_frame(0x89, "x")), 1U);
}

TEST(FrameCounter, CountsTheSameByteByByte) {
  frame_counter counter;
  const auto bytes = testing::client_frame(0x81, std::string(300, 'x')) +
                     testing::client_frame(0x8a, "") + testing::client_frame(0x81, "y");
  std::uint32_t frames = 0;
  for (const char byte : bytes)
    frames += counter.feed({&byte, 1});
  EXPECT_EQ(frames, 3U);
}

TEST(FrameCounter, DoesNotCountAFrameThatHasNotBegun) {
  frame_counter counter;
  EXPECT_EQ(counter.feed(testing::client_frame(0x81, "x").substr(0, 5)), 0U);
}

TEST(OriginPolicy, AllowsWhatIsListedInAnyCase) {
  const origin_policy policy({"https://Example.org"});
  EXPECT_TRUE(policy.allows("https://example.org"));
  EXPECT_FALSE(policy.allows("https://example.org.evil.test"));
  EXPECT_FALSE(policy.allows("null"));
}

TEST(OriginPolicy, AnswersAListedOriginByItself) {
  const origin_policy policy({"https://example.org"});
  const header_list expected{
      {"Vary", "Origin"},
      {"Access-Control-Allow-Origin", "https://example.org"},
      {"Access-Control-Expose-Headers", "Retry-After, X-TradePulse-Position"}};
  EXPECT_EQ(policy.answer_headers("https://example.org"), expected);
}

TEST(OriginPolicy, SaysNothingToOthers) {
  const origin_policy policy({"https://example.org"});
  EXPECT_EQ(policy.answer_headers("https://evil.test"), (header_list{{"Vary", "Origin"}}));
  EXPECT_TRUE(policy.answer_headers("").empty());
}

TEST(OriginPolicy, AnswersAnyOriginWithAStar) {
  const origin_policy policy({"*"});
  EXPECT_EQ(policy.answer_headers("https://a.test").front(),
            (std::pair<std::string, std::string>{"Access-Control-Allow-Origin", "*"}));
}

TEST(HttpHead, LeavesOutAFieldThatWouldBeginAnotherLine) {
  answer_head head;
  const auto text = write_head(head, {{"X-Good", "1"}, {"X-Bad", "a\r\nSet-Cookie: b"}}, {});
  EXPECT_NE(text.find("\r\nX-Good: 1\r\n"), std::string::npos);
  EXPECT_EQ(text.find("X-Bad"), std::string::npos);
  EXPECT_EQ(text.find("Set-Cookie"), std::string::npos);
}

TEST(HttpHead, HasNoLengthForAnAnswerWithoutABody) {
  answer_head head;
  head.status = 204;
  head.framing = body_framing::none;
  const auto text = write_head(head, {}, {});
  EXPECT_EQ(text.find("HTTP/1.1 204 No Content\r\n"), 0U);
  EXPECT_EQ(text.find("Content-Length"), std::string::npos);
}

TEST(HttpHead, WritesChunkSizesInHexadecimal) {
  EXPECT_EQ(chunk_prefix(4096), "1000\r\n");
}

TEST(SweepInterval, IsAQuarterOfTheShortestDeadlineWithinItsBounds) {
  connection_limits limits;
  EXPECT_EQ(sweep_interval(limits), 500ms); // of the 2 s for a close frame
  limits.write_timeout = 100ms;
  EXPECT_EQ(sweep_interval(limits), 25ms);
  limits.write_timeout = 1ms;
  EXPECT_EQ(sweep_interval(limits), 5ms);
}

} // namespace
} // namespace tradepulse::web
