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

} // namespace
} // namespace tradepulse
