#include "runtime/rest/missed_klines_request.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

std::string refusal(const std::string& query) {
  const auto asked = parse_missed_klines_request(query);
  return asked ? "none" : asked.failure().detail;
}

TEST(MissedKlinesRequest, HasADefaultForWhatIsNotAsked) {
  const auto asked = parse_missed_klines_request("symbol=BTCUSDT&fromSeq=100&toSeq=150");
  ASSERT_TRUE(asked) << asked.failure().detail;
  EXPECT_EQ(asked->symbol.view(), "BTCUSDT");
  EXPECT_EQ(asked->from, 100);
  EXPECT_EQ(asked->to, 150);
  EXPECT_EQ(asked->limit, 100U);
  EXPECT_EQ(asked->interval, kline_interval::m1);
}

TEST(MissedKlinesRequest, TakesWhatItsBoundsAllow) {
  const auto asked = parse_missed_klines_request(
      "interval=1M&limit=1000&toSeq=9223372036854775807&fromSeq=0&symbol=BTC%2FUSD");
  ASSERT_TRUE(asked) << asked.failure().detail; // how far apart they are has no bound
  EXPECT_EQ(asked->symbol.view(), "BTC/USD");
  EXPECT_EQ(asked->from, 0);
  EXPECT_EQ(asked->to, 9'223'372'036'854'775'807);
  EXPECT_EQ(asked->limit, 1'000U);
  EXPECT_EQ(asked->interval, kline_interval::mo1);
  EXPECT_EQ(refusal("symbol=A&fromSeq=0&toSeq=1&limit=1"), "none");
}

TEST(MissedKlinesRequest, NamesWhatIsMissing) {
  EXPECT_EQ(refusal("fromSeq=1&toSeq=2"), "symbol is missing");
  EXPECT_EQ(refusal("symbol=A&toSeq=2"), "fromSeq is missing");
  EXPECT_EQ(refusal("symbol=A&fromSeq=1"), "toSeq is missing");
  EXPECT_EQ(refusal("symbol=A&fromSeq=1&toSeq=2&symbol=%ZZ"),
            "symbol: the percent-encoding is not valid");
  EXPECT_EQ(refusal("symbol=&fromSeq=1&toSeq=2").substr(0, 7), "symbol:");
}

TEST(MissedKlinesRequest, TakesDecimalDigitsAloneForANumber) {
  for (const char* bad :
       {"", "abc", "-1", "+5", "0x10", "1e3", "1.0", " 1", "1 ", "1,000", "9223372036854775808",
        "99999999999999999999", "%D9%A1%D9%A2", "%EF%BC%91"})
    for (const char* name : {"fromSeq", "toSeq", "limit"}) {
      const std::string is_bad = std::string("&") + name + "=" + bad;
      const auto said = refusal("symbol=A&fromSeq=0&toSeq=9&limit=5" + is_bad);
      EXPECT_EQ(said.substr(0, std::string(name).size() + 1), std::string(name) + "=") << is_bad;
      EXPECT_NE(said.find(": a whole number from "), std::string::npos) << said;
    }
}

TEST(MissedKlinesRequest, RefusesARangeThatHoldsNothingAndALimitBeyondItsBounds) {
  EXPECT_EQ(refusal("symbol=A&fromSeq=5&toSeq=5"), "toSeq=5: must be more than fromSeq=5");
  EXPECT_EQ(refusal("symbol=A&fromSeq=6&toSeq=5"), "toSeq=5: must be more than fromSeq=6");
  EXPECT_EQ(refusal("symbol=A&fromSeq=0&toSeq=5&limit=0"),
            "limit=0: a whole number from 1 to 1000");
  EXPECT_EQ(refusal("symbol=A&fromSeq=0&toSeq=5&limit=1001"),
            "limit=1001: a whole number from 1 to 1000");
}

TEST(MissedKlinesRequest, RefusesAnIntervalThatThereIsNot) {
  for (const char* bad : {"", "7m", "1H", "kline_1m"})
    EXPECT_EQ(refusal(std::string("symbol=A&fromSeq=0&toSeq=5&interval=") + bad).substr(0, 8),
              "interval")
        << bad;
}

} // namespace
} // namespace tradepulse
