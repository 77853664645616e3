#include "runtime/rest/query_string.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

TEST(PercentDecode, DecodesOnce) {
  EXPECT_EQ(percent_decode("BTC%2FUSD", false), "BTC/USD");
  EXPECT_EQ(percent_decode("a%252Fb", false), "a%2Fb");
}

TEST(PercentDecode, KeepsAPlusInAPath) {
  EXPECT_EQ(percent_decode("A+B", false), "A+B");
  EXPECT_EQ(percent_decode("A+B", true), "A B");
}

TEST(PercentDecode, RefusesHalfEscapesAndNul) {
  EXPECT_EQ(percent_decode("%", false), std::nullopt);
  EXPECT_EQ(percent_decode("%2", false), std::nullopt);
  EXPECT_EQ(percent_decode("%zz", false), std::nullopt);
  EXPECT_EQ(percent_decode("a%00b", false), std::nullopt);
}

TEST(QueryString, TakesTheLastOfADoubledMember) {
  const query_string query("limit=1&after=AAPL&limit=2");
  EXPECT_EQ(query.value("limit"), "2");
  EXPECT_EQ(query.value("after"), "AAPL");
  EXPECT_EQ(query.value("before"), std::nullopt);
}

TEST(QueryString, NamesWhatItCannotDecode) {
  EXPECT_EQ(query_string("a=1&limit=%zz&b=2").undecodable(), "limit");
  EXPECT_EQ(query_string("a=1&limit=%00").undecodable(), "limit");
  EXPECT_EQ(query_string("a=1&limit=%20").undecodable(), std::nullopt);
}

TEST(QueryString, ReadsANumberWithinItsRange) {
  const auto limit = query_string("limit=25").number("limit", 1, 100);
  ASSERT_TRUE(limit);
  EXPECT_EQ(*limit, 25U);
  const auto absent = query_string("").number("limit", 1, 100);
  ASSERT_TRUE(absent);
  EXPECT_EQ(*absent, std::nullopt);
}

TEST(QueryString, NamesTheParameterTheValueAndTheRangeOfABadNumber) {
  for (const char* text : {"limit=0", "limit=101", "limit=-1", "limit=1x", "limit=", "limit=1.5"}) {
    const auto limit = query_string(text).number("limit", 1, 100);
    ASSERT_FALSE(limit) << text;
    EXPECT_EQ(limit.failure().detail, std::string(text) + ": a whole number from 1 to 100");
  }
}

TEST(QueryString, ReadsATimeInEachOfItsForms) {
  const time_ms wanted{std::chrono::milliseconds{1'723'161'256'000}};
  for (const char* text : {"t=1723161256", "t=1723161256000", "t=2024-08-08T23:54:16Z",
                           "t=2024-08-09T01:54:16+02:00", "t=2024-08-08%2023:54:16.000Z"}) {
    const auto time = query_string(text).time("t");
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(*time, wanted) << text;
  }
  const auto early = query_string("t=946684800").time("t"); // 2000, in seconds
  ASSERT_TRUE(early);
  EXPECT_EQ(**early, earliest_event_time);
  const auto absent = query_string("").time("t");
  ASSERT_TRUE(absent);
  EXPECT_EQ(*absent, std::nullopt);
}

TEST(QueryString, NamesTheParameterTheValueAndTheFormsOfABadTime) {
  for (const char* text : {"t=", "t=0", "t=946684799", "t=4102444800", "t=-1723161256", "t=1e9",
                           "t=2024-08-08T23:54:16", "t=17231612560", "t=1723161256.5"}) {
    const auto time = query_string(text).time("t");
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.failure().detail,
              std::string(text) +
                  ": a time from 2000 to 2100, as ISO-8601 with a zone (2024-08-08T23:54:00Z) or "
                  "in seconds or milliseconds since 1970");
  }
}

} // namespace
} // namespace tradepulse
