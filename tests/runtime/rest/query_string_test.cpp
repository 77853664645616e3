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
  const auto before_events = query_string("t=915148860000").time("t");
  ASSERT_TRUE(before_events);
  EXPECT_EQ(**before_events, time_ms{std::chrono::milliseconds{915'148'860'000}});
  const auto absent = query_string("").time("t");
  ASSERT_TRUE(absent);
  EXPECT_EQ(*absent, std::nullopt);
}

// Up to ten digits are seconds, from twelve on milliseconds.
TEST(QueryString, ReadsTimesBeforeAndBehindThoseOfEvents) {
  const std::vector<std::pair<std::string, std::int64_t>> times{
      {"0", 0},
      {"1", 1'000},
      {"100000000", 100'000'000'000},
      {"946684799", 946'684'799'000},
      {"4102444800", 4'102'444'800'000},
      {"9999999999", 9'999'999'999'000}, // 2286
      {"100000000000", 100'000'000'000}, // 1973-03-03
      {"253402300799999", 253'402'300'799'999},
      {"9999-12-31T23:59:59.999Z", 253'402'300'799'999},
      {"1970-01-01T00:00:00.001Z", 1},
      {"1962-01-02T00:00:00.000Z", -252'374'400'000},
      {"0001-01-01T00:00:00Z", -62'135'596'800'000}};
  for (const auto& [text, ms] : times) {
    const auto time = query_string("t=" + text).time("t");
    ASSERT_TRUE(time) << text;
    EXPECT_EQ((*time)->time_since_epoch().count(), ms) << text;
  }
}

TEST(QueryString, NamesTheParameterTheValueAndTheFormsOfABadTime) {
  for (const char* text :
       {"t=", "t=-1723161256", "t=-1", "t=1e9", "t=2024-08-08T23:54:16", "t=17231612560",
        "t=10000000000", "t=99999999999", "t=1723161256.5", "t=253402300800000",
        "t=1723161256543000", "t=0000-12-31T23:59:59Z", "t=0001-01-01T00:00:00%2B01:00"}) {
    const auto time = query_string(text).time("t");
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.failure().detail,
              percent_decode(text, false).value() +
                  ": a time of the years 1 to 9999, as ISO-8601 with a zone "
                  "(2024-08-08T23:54:00Z), or since 1970 in seconds (up to ten digits) or "
                  "milliseconds (twelve or more)");
  }
}

} // namespace
} // namespace tradepulse
