#include "runtime/rest/missed_request.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

constexpr const char* positive = ": a whole number from 1 to 9223372036854775807";
constexpr const char* not_negative = ": a whole number from 0 to 9223372036854775807";

std::string refusal(const std::string& query) {
  const auto parsed = parse_missed_request(query);
  return parsed ? "accepted" : parsed.failure().detail;
}
errc code(const std::string& query) {
  return parse_missed_request(query).failure().code;
}

TEST(MissedRequest, HasDefaultsForAllButSymbolAndPosition) {
  const auto asked = parse_missed_request("symbol=BTC%2FUSD&fromSeq=0");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->symbol.view(), "BTC/USD");
  EXPECT_EQ(asked->epoch, std::nullopt);
  EXPECT_EQ(asked->from, sequence{0});
  EXPECT_EQ(asked->to, std::nullopt);
  EXPECT_EQ(asked->limit, 100U);
}

TEST(MissedRequest, TakesEveryParameter) {
  const auto asked = parse_missed_request(
      "limit=1000&stream=price&toSeq=9223372036854775807&epoch=3&fromSeq=7&symbol=A");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->epoch, epoch{3});
  EXPECT_EQ(asked->from, sequence{7});
  EXPECT_EQ(asked->to, sequence{9'223'372'036'854'775'807}); // toSeq - fromSeq has no maximum
  EXPECT_EQ(asked->limit, 1'000U);
}

TEST(MissedRequest, NamesWhatIsMissing) {
  EXPECT_EQ(refusal("fromSeq=0"), "symbol is missing");
  EXPECT_EQ(refusal("symbol=A"), "fromSeq is missing");
  EXPECT_EQ(code("symbol=A"), errc::bad_request);
}

TEST(MissedRequest, TakesDigitsAndNothingElse) {
  for (const char* bad : {"", "x", "-1", "+5", "0x10", "1e3", "1.0", "1.5", "%205", "5%20", "5,0",
                          "9223372036854775808", "18446744073709551616",
                          "99999999999999999999999999999999", "\xD9\xA1", "\xEF\xBC\x95"}) {
    std::string shown = bad;
    if (shown == "%205")
      shown = " 5";
    if (shown == "5%20")
      shown = "5 ";
    EXPECT_EQ(refusal(std::string("symbol=A&fromSeq=") + bad), "fromSeq=" + shown + not_negative);
    EXPECT_EQ(refusal(std::string("symbol=A&fromSeq=0&toSeq=") + bad), "toSeq=" + shown + positive);
    EXPECT_EQ(refusal(std::string("symbol=A&fromSeq=0&epoch=") + bad), "epoch=" + shown + positive);
    EXPECT_EQ(refusal(std::string("symbol=A&fromSeq=0&limit=") + bad),
              "limit=" + shown + ": a whole number from 1 to 1000");
  }
  EXPECT_EQ(refusal("symbol=A&fromSeq=%D9%A1"), std::string("fromSeq=\xD9\xA1") + not_negative);
  EXPECT_EQ(refusal("symbol=A&fromSeq=%zz"), "fromSeq: the percent-encoding is not valid");
  EXPECT_EQ(refusal("symbol=A&fromSeq=0&toSeq=%00"), "toSeq: the percent-encoding is not valid");
}

TEST(MissedRequest, KeepsToTheBounds) {
  EXPECT_EQ(refusal("symbol=A&fromSeq=0&limit=0"), "limit=0: a whole number from 1 to 1000");
  EXPECT_EQ(refusal("symbol=A&fromSeq=0&limit=1001"), "limit=1001: a whole number from 1 to 1000");
  EXPECT_EQ(refusal("symbol=A&fromSeq=0&epoch=0"), std::string("epoch=0") + positive);
  EXPECT_EQ(refusal("symbol=A&fromSeq=0&toSeq=0"), std::string("toSeq=0") + positive);
  EXPECT_EQ(refusal("symbol=A&fromSeq=0&toSeq=1&limit=1&epoch=1"), "accepted");
}

TEST(MissedRequest, WantsTheEndBehindTheBeginning) {
  EXPECT_EQ(refusal("symbol=A&fromSeq=5&toSeq=5"), "toSeq=5: must be more than fromSeq=5");
  EXPECT_EQ(refusal("symbol=A&fromSeq=6&toSeq=5"), "toSeq=5: must be more than fromSeq=6");
  EXPECT_EQ(refusal("symbol=A&fromSeq=5&toSeq=6"), "accepted");
}

TEST(MissedRequest, MayBeOfEveryStream) {
  for (const char* stream : {"price", "trade", "quote", "kline_1M", "candle_1m", "candle_1d"})
    EXPECT_EQ(refusal(std::string("symbol=A&fromSeq=0&stream=") + stream), "accepted");
  EXPECT_EQ(parse_missed_request("symbol=A&fromSeq=0&stream=candle_4h")->kind,
            stream_kind::candle(candle_interval::h4));
}

TEST(MissedRequest, NamesABadSymbolAndAStreamThatThereIsNot) {
  EXPECT_EQ(code("symbol=&fromSeq=0"), errc::symbol_invalid);
  EXPECT_EQ(code("symbol=a%20b&fromSeq=0"), errc::symbol_invalid);
  EXPECT_EQ(refusal("symbol=a%20b&fromSeq=0").substr(0, 8), "symbol: ");
  EXPECT_EQ(code("symbol=A&fromSeq=0&stream="), errc::bad_request);
  EXPECT_EQ(
      refusal("symbol=A&fromSeq=0&stream=kline_7m"),
      "stream \"kline_7m\": must be one of price, trade, quote, kline_<interval> (1s 1m 3m 5m "
      "15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M), candle_<interval> (1s 1m 5m 15m 1h 4h 1d)");
}

} // namespace
} // namespace tradepulse
