#include "runtime/rest/bar_request.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

time_ms at_ms(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}
template <class Request>
std::string refusal(const result<Request>& asked) {
  return asked ? "taken" : asked.failure().detail;
}

TEST(BarRequest, HasItsDefaults) {
  const auto asked = parse_bar_request("AAPL", "");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->symbol.str(), "AAPL");
  EXPECT_EQ(asked->interval, kline_interval::m1);
  EXPECT_EQ(asked->limit, 100U);
  EXPECT_EQ(asked->start, std::nullopt);
  EXPECT_EQ(asked->end, std::nullopt);
  EXPECT_TRUE(asked->newest);
}

TEST(BarRequest, TakesWhatWasSent) {
  const auto asked = parse_bar_request("BTC%2FUSD", "interval=1M&limit=1000&end=1723125600000");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->symbol.str(), "BTC/USD");
  EXPECT_EQ(asked->interval, kline_interval::mo1);
  EXPECT_EQ(asked->limit, 1000U);
  EXPECT_EQ(asked->end, at_ms(1'723'125'600'000));
}

TEST(BarRequest, OfARangeGoesFromItsStart) {
  const auto asked = parse_bar_range_request(
      "AAPL", "start=1723125600&end=2024-08-08T16:00:00%2B01:00&interval=5m&limit=7");
  ASSERT_TRUE(asked);
  EXPECT_FALSE(asked->newest);
  EXPECT_EQ(asked->start, at_ms(1'723'125'600'000));
  EXPECT_EQ(asked->end, at_ms(1'723'129'200'000));
  EXPECT_EQ(asked->interval, kline_interval::m5);
  EXPECT_EQ(asked->limit, 7U);
}

TEST(BarRequest, NamesTheParameterWhatCameAndWhatIsAllowed) {
  EXPECT_EQ(refusal(parse_bar_request("AAPL", "interval=2m")),
            "interval \"2m\": must be one of 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, "
            "1d, 3d, 1w, 1M");
  for (const char* limit : {"0", "1001", "+5", "1e3", "", "0x10", "99999999999999999999"})
    EXPECT_EQ(refusal(parse_bar_request("AAPL", std::string("limit=") + limit)),
              std::string("limit=") + limit + ": a whole number from 1 to 1000");
  EXPECT_EQ(refusal(parse_bar_request("AAPL", "end=yesterday")),
            "end=yesterday: a time of the years 1 to 9999, as ISO-8601 with a zone "
            "(2024-08-08T23:54:00Z), or since 1970 in seconds (up to ten digits) or "
            "milliseconds (twelve or more)");
  EXPECT_EQ(refusal(parse_bar_request("AAPL", "start=1723125600")),
            "start=1723125600: only /range begins at a time");
  EXPECT_EQ(refusal(parse_bar_request("A%zz", "")), "symbol: the percent-encoding is not valid");
  EXPECT_EQ(refusal(parse_bar_request("AAPL", "end=%zz")),
            "end: the percent-encoding is not valid");
  EXPECT_NE(refusal(parse_bar_request("A B", "")).find("symbol: "), std::string::npos);
}

TEST(BarRequest, OfARangeNeedsAStartBeforeItsEnd) {
  EXPECT_EQ(refusal(parse_bar_range_request("AAPL", "")), "start is missing");
  EXPECT_EQ(refusal(parse_bar_range_request("AAPL", "start=1723125600&end=1723125600000")),
            "end=1723125600000: must be later than start=1723125600");
  EXPECT_NE(refusal(parse_bar_range_request("AAPL", "start=2024-08-08")).find("start=2024-08-08: "),
            std::string::npos);
}

TEST(LatestRequest, TakesSymbolsOnceEach) {
  const auto asked = parse_latest_request("symbols=AAPL,BTC/USD,AAPL&interval=1h");
  ASSERT_TRUE(asked);
  ASSERT_EQ(asked->symbols.size(), 2U);
  EXPECT_EQ(asked->symbols[0].str(), "AAPL");
  EXPECT_EQ(asked->symbols[1].str(), "BTC/USD");
  EXPECT_EQ(asked->interval, kline_interval::h1);
}

TEST(LatestRequest, OfAllGoesOnBehindASymbol) {
  const auto asked = parse_latest_request("limit=2&after=AAPL");
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->symbols.empty());
  EXPECT_EQ(asked->limit, 2U);
  EXPECT_EQ(asked->after->str(), "AAPL");
}

TEST(LatestRequest, RefusesWhatItDoesNotRead) {
  EXPECT_EQ(refusal(parse_latest_request("symbols=A&limit=2")),
            "limit=2: not together with symbols");
  EXPECT_EQ(refusal(parse_latest_request("end=1723125600")),
            "end=1723125600: /bars/latest takes no time");
  for (const char* list : {"symbols=", "symbols=A,", "symbols=A,,B", "symbols=A,B%20C"})
    EXPECT_NE(refusal(parse_latest_request(list)).find("symbols: "), std::string::npos) << list;
  EXPECT_NE(refusal(parse_latest_request("after=%20")).find("after: "), std::string::npos);
  std::string many = "symbols=S0";
  for (int i = 1; i <= 1000; ++i)
    many += ",S" + std::to_string(i);
  EXPECT_EQ(refusal(parse_latest_request(many)), "symbols: at most 1000 in one request");
}

} // namespace
} // namespace tradepulse
