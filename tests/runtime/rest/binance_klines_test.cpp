#include "runtime/rest/binance_klines.hpp"

#include <gtest/gtest.h>

#include "tests/runtime/rest/support/scripted_bars.hpp"

namespace tradepulse {
namespace {

using namespace test;

class BinanceKlines : public testing::Test {
 protected:
  BinanceKlines() {
    parts.directory = &directory;
    parts.stored = &bars;
    directory.preload({stored("BTCUSDT", kline_1m, 1, 7, "market_data")});
  }
  http_response get(const std::string& query) { return finished(binance_klines(parts, query)); }
  // What it is asked for with this behind symbol and interval.
  bar_query asked_with(const std::string& more) {
    get("symbol=BTCUSDT&interval=1m" + more);
    return bars.asked.empty() ? bar_query{} : bars.asked.back();
  }

  symbol_directory directory{10};
  scripted_bars bars;
  bar_parts parts;
};

TEST_F(BinanceKlines, AreRowsOfTwelve) {
  auto one = minute(0, 7);
  one.quote_volume = "14.2";
  one.trades = 37;
  one.taker_buy_volume = "0.00000001";
  one.taker_buy_quote_volume = "123456.1234567890123456";
  bars.answer({one, minute(1, 9)}, {epoch{1}, sequence{9}});
  const auto out = get("symbol=BTCUSDT&interval=1m");
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.route, "/api/v3/klines");
  EXPECT_EQ(out.body,
            R"([[1723125600000,"1.50000000","4.00000000","0.50000000","2.00000001","7.10000000",)"
            R"(1723125659999,"14.20000000",37,"0.00000001","123456.1234567890123456","0"],)"
            R"([1723125660000,"1.50000000","4.00000000","0.50000000","2.00000001","7.10000000",)"
            R"(1723125719999,null,null,null,null,"0"]])");
  EXPECT_EQ(out.headers, (std::vector<std::pair<std::string, std::string>>{
                             {"X-TradePulse-Position", "stream=kline_1m; epoch=1; seq=9"}}));
}

TEST_F(BinanceKlines, HaveTheOpenOneLast) {
  directory.preload({stored("ETHUSDT", candle_1m, 1, 7, "trades")});
  parts.views_of = [](const symbol&) { return std::vector<candle_view>{open_minute(1, 4)}; };
  bars.answer({minute(0, 7)}, {epoch{1}, sequence{7}});
  EXPECT_EQ(get("symbol=ETHUSDT&interval=1m").body,
            R"([[1723125600000,"1.50000000","4.00000000","0.50000000","2.00000001","7.10000000",)"
            R"(1723125659999,null,null,null,null,"0"],[1723125660000,"3.00000000","3.00000000",)"
            R"("3.00000000","3.00000000",null,1723125719999,null,2,null,null,"0"]])");
}

TEST_F(BinanceKlines, AreTheNewestOnesWithoutAStartAndTheOldestWithOne) {
  auto query = asked_with("");
  EXPECT_TRUE(query.newest);
  EXPECT_EQ(query.limit, 500U);
  EXPECT_TRUE(query.details);
  EXPECT_EQ(query.from, std::nullopt);
  EXPECT_EQ(query.until, std::nullopt);
  query = asked_with("&endTime=1723125600000&limit=1000");
  EXPECT_TRUE(query.newest);
  EXPECT_EQ(query.limit, 1000U);
  EXPECT_EQ(query.until, at_ms(1'723'125'600'001)); // endTime is inclusive
  query = asked_with("&startTime=1723125600000&endTime=1723125600000");
  EXPECT_FALSE(query.newest);
  EXPECT_EQ(query.from, at_ms(1'723'125'600'000));
  EXPECT_EQ(query.until, at_ms(1'723'125'600'001));
  EXPECT_EQ(asked_with("&startTime=1723125600000123").from, at_ms(1'723'125'600'000));
  EXPECT_EQ(asked_with("&startTime=0&timeZone=0").from, at_ms(0));
  EXPECT_EQ(asked_with("&startTime=9223372036854775807").from, latest_asked_time);
}

TEST_F(BinanceKlines, HaveTheErrorsOfThatApi) {
  const auto refused = [this](const std::string& query) {
    const auto out = get(query);
    EXPECT_EQ(out.status, 400) << query;
    return out.body;
  };
  EXPECT_EQ(refused("interval=1m"),
            R"({"code":-1102,"msg":"Mandatory parameter 'symbol' was not sent, was empty/null, or )"
            R"(malformed."})");
  EXPECT_EQ(refused("symbol=BTCUSDT"),
            R"({"code":-1102,"msg":"Mandatory parameter 'interval' was not sent, was empty/null, )"
            R"(or malformed."})");
  EXPECT_EQ(refused("symbol=&interval=1m"),
            R"({"code":-1105,"msg":"Parameter 'symbol' was empty."})");
  EXPECT_EQ(
      refused("symbol=BTC%20USDT&interval=1m"),
      R"({"code":-1100,"msg":"Illegal characters found in parameter 'symbol'; legal range is )"
      R"('^[A-Za-z0-9._:/=^&+-]{1,32}$'."})");
  EXPECT_EQ(refused("symbol=BTCUSDT&interval=2m"), R"({"code":-1120,"msg":"Invalid interval."})");
  const std::string good = "symbol=BTCUSDT&interval=1m";
  for (const char* bad : {"-1", "+5", "1e3", "0x10", "1.5", "x", "999999999999999999999"})
    EXPECT_EQ(refused(good + "&startTime=" + bad),
              R"({"code":-1100,"msg":"Illegal characters found in parameter 'startTime'; legal )"
              R"(range is '^[0-9]{1,20}$'."})");
  EXPECT_EQ(refused(good + "&endTime="),
            R"({"code":-1105,"msg":"Parameter 'endTime' was empty."})");
  for (const char* bad : {"limit=0", "limit=1001", "limit=99999999999999999999"})
    EXPECT_EQ(refused(good + "&" + bad),
              R"({"code":-1130,"msg":"Data sent for parameter 'limit' is not valid."})");
  EXPECT_EQ(refused(good + "&startTime=2&endTime=1"),
            R"({"code":-1102,"msg":"'startTime' contains unexpected value. Cannot be greater than )"
            R"('endTime'."})");
  EXPECT_EQ(refused(good + "&timeZone=8"),
            R"({"code":-1130,"msg":"Data sent for parameter 'timeZone' is not valid."})");
  EXPECT_TRUE(bars.asked.empty());
  EXPECT_EQ(refused("symbol=NOPE&interval=1m"), R"({"code":-1121,"msg":"Invalid symbol."})");
}

// A client would take "Invalid symbol" for the end of the symbol.
TEST_F(BinanceKlines, OfAKnownSymbolBlameTheIntervalThatItDoesNotHave) {
  EXPECT_EQ(get("symbol=BTCUSDT&interval=4h").body, R"({"code":-1120,"msg":"Invalid interval."})");
  directory.preload({stored("AAPL", stream_kind::trade, 1, 7, "trades")});
  EXPECT_EQ(get("symbol=AAPL&interval=1m").body, R"({"code":-1120,"msg":"Invalid interval."})");
  EXPECT_EQ(get("symbol=NOPE&interval=4h").body, R"({"code":-1121,"msg":"Invalid symbol."})");
}

TEST_F(BinanceKlines, SayWhatMayBeAskedAgain) {
  bars.answers = {error{errc::database_unavailable, "away"}, error{errc::database_refused, "no"}};
  const auto away = get("symbol=BTCUSDT&interval=1m");
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.body, R"({"code":-1001,"msg":"Internal error; unable to process your request. )"
                       R"(Please try again."})");
  EXPECT_EQ(away.headers, (std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}}));
  const auto refused = get("symbol=BTCUSDT&interval=1m");
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(refused.body,
            R"({"code":-1000,"msg":"An unknown error occurred while processing the request."})");
  EXPECT_TRUE(refused.headers.empty());
  directory.set_assignment({});
  EXPECT_EQ(get("symbol=BTCUSDT&interval=1m").status, 503);
}

} // namespace
} // namespace tradepulse
