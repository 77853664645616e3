#include <gtest/gtest.h>

#include "adapters/json/kline_rules.hpp"
#include "tests/adapters/json/decoder_testing.hpp"

namespace tradepulse {
namespace {

using namespace json_testing;

time_ms at(std::string_view iso) {
  return parse_time(iso).value();
}

class StockBars : public testing::Test {
 protected:
  decode_outcome decoded(std::string_view value) { return decoder_->decode(record_of(value)); }
  // A bar with more members than it needs.
  decode_outcome with(const std::string& more) {
    return decoded(R"({"symbol":"AAPL","open":150.1,"high":150.5,"low":150,"close":150.25,)"
                   R"("volume":1200,"timestamp":1723161240000)" +
                   more + "}");
  }
  std::string line(std::string_view value) { return line_of(decoded(value)); }

  std::unique_ptr<tick_decoder> decoder_ = make_decoder(decoder_kind::stock_bars);
};

// It begins at its timestamp, which is its time; it is over, and closed.
TEST_F(StockBars, ReadTheFormOfTheTopic) {
  EXPECT_EQ(line(R"({"symbol":"AAPL","open":150.1,"high":150.5,"low":150,"close":150.25,)"
                 R"("volume":1200,"timestamp":1723161240000})"),
            "kline_1m AAPL 1723161240000..1723161300000 o150.1 h150.5 l150 c150.25 v1200 closed at "
            "1723161240000");
  EXPECT_EQ(line(R"({"timestamp":"2024-08-08T23:54:00Z","volume":"1200","close":"150.25",)"
                 R"("low":"150","high":"150.5","open":"150.1","symbol":"AAPL","vwap":150.2})"),
            "kline_1m AAPL 1723161240000..1723161300000 o150.1 h150.5 l150 c150.25 v1200 closed at "
            "1723161240000");
}

TEST_F(StockBars, KeepTheRecordsPlaceAndTime) {
  const auto outcome = with("");
  const auto& kline = std::get<decoded_kline>(outcome).kline;
  EXPECT_EQ(kline.offset, record_offset{42});
  EXPECT_EQ(kline.append_time, appended_at);
}

TEST_F(StockBars, TakeUpstreamsNumberAndTheCountOfTrades) {
  const std::string bar =
      "kline_1m AAPL 1723161240000..1723161300000 o150.1 h150.5 l150 c150.25 v1200";
  EXPECT_EQ(line_of(with(R"(,"sequence":7)")), bar + " closed at 1723161240000 #7");
  EXPECT_EQ(line_of(with(R"(,"trade_count":31)")), bar + " n31 closed at 1723161240000");
  EXPECT_EQ(line_of(with(R"(,"n":"31")")), bar + " n31 closed at 1723161240000");
  EXPECT_EQ(line_of(with(R"(,"n":32,"trade_count":31)")), bar + " n31 closed at 1723161240000");
  EXPECT_EQ(line_of(with(R"(,"n":31,"trade_count":null)")), bar + " n31 closed at 1723161240000");
  EXPECT_EQ(detail_of(with(R"(,"n":1.5)")), "n \"1.5\": not an integer");
  EXPECT_EQ(detail_of(with(R"(,"trade_count":-1)")),
            "trade_count \"-1\": negative, must be 0 up to 9223372036854775807");
  EXPECT_EQ(line_of(with(R"(,"sequence":"x")")), "rejected bad_number");
}

TEST_F(StockBars, HaveTheLengthThatIsConfigured) {
  const auto of = [&](kline_interval interval) {
    const auto decoder = make_decoder(decoder_kind::stock_bars, {.bar_interval = interval});
    return line_of(decoder->decode(record_of(
        R"({"symbol":"A","open":1,"high":1,"low":1,"close":1,"volume":1,"timestamp":1723161240000})")));
  };
  EXPECT_EQ(of(kline_interval::m5),
            "kline_5m A 1723161240000..1723161540000 o1 h1 l1 c1 v1 closed at 1723161240000");
  EXPECT_EQ(of(kline_interval::d1),
            "kline_1d A 1723161240000..1723247640000 o1 h1 l1 c1 v1 closed at 1723161240000");
}

TEST(KlineEnd, IsTheStartOfTheNextOne) {
  const auto start = at("2024-02-29T10:00:00.001Z");
  const auto end = [&](kline_interval interval) {
    return to_iso8601(json::end_of(start, interval));
  };
  EXPECT_EQ(end(kline_interval::s1), "2024-02-29T10:00:01.001Z");
  EXPECT_EQ(end(kline_interval::m1), "2024-02-29T10:01:00.001Z");
  EXPECT_EQ(end(kline_interval::m3), "2024-02-29T10:03:00.001Z");
  EXPECT_EQ(end(kline_interval::m5), "2024-02-29T10:05:00.001Z");
  EXPECT_EQ(end(kline_interval::m15), "2024-02-29T10:15:00.001Z");
  EXPECT_EQ(end(kline_interval::m30), "2024-02-29T10:30:00.001Z");
  EXPECT_EQ(end(kline_interval::h1), "2024-02-29T11:00:00.001Z");
  EXPECT_EQ(end(kline_interval::h2), "2024-02-29T12:00:00.001Z");
  EXPECT_EQ(end(kline_interval::h4), "2024-02-29T14:00:00.001Z");
  EXPECT_EQ(end(kline_interval::h6), "2024-02-29T16:00:00.001Z");
  EXPECT_EQ(end(kline_interval::h8), "2024-02-29T18:00:00.001Z");
  EXPECT_EQ(end(kline_interval::h12), "2024-02-29T22:00:00.001Z");
  EXPECT_EQ(end(kline_interval::d1), "2024-03-01T10:00:00.001Z");
  EXPECT_EQ(end(kline_interval::d3), "2024-03-03T10:00:00.001Z");
  EXPECT_EQ(end(kline_interval::w1), "2024-03-07T10:00:00.001Z");
  EXPECT_EQ(end(kline_interval::mo1), "2024-03-29T10:00:00.001Z");
}

TEST(KlineEnd, OfAMonthIsInTheNextMonth) {
  const auto end = [](std::string_view start) {
    return to_iso8601(json::end_of(at(start), kline_interval::mo1));
  };
  EXPECT_EQ(end("2024-01-01T00:00:00Z"), "2024-02-01T00:00:00.000Z");
  EXPECT_EQ(end("2024-01-31T00:00:00Z"), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(end("2023-01-31T00:00:00Z"), "2023-02-28T00:00:00.000Z");
  EXPECT_EQ(end("2024-12-01T05:00:00Z"), "2025-01-01T05:00:00.000Z");
}

TEST_F(StockBars, RefuseWhatABarNeedsAndHasNot) {
  const std::string all =
      R"({"symbol":"A","open":1,"high":1,"low":1,"close":1,"volume":1,"timestamp":1723161240000})";
  EXPECT_EQ(line(all).substr(0, 8), "kline_1m");
  const auto without = [&](const std::string& member) {
    std::string out = all;
    const auto begin = out.find("\"" + member + "\":");
    const auto end = out.find_first_of(",}", begin);
    out.replace(begin, end - begin, R"("x":0)");
    return detail_of(decoded(out));
  };
  for (const char* member : {"symbol", "open", "high", "low", "close", "volume", "timestamp"})
    EXPECT_EQ(without(member), std::string(member) + ": absent, and required");
}

TEST_F(StockBars, RefuseBadValues) {
  const auto bar = [&](const char* prices, const char* more) {
    return decoded(std::string(R"({"symbol":"A",)") + prices + "," + more + "}");
  };
  const char* usual = R"("volume":1,"timestamp":1723161240000)";
  EXPECT_EQ(detail_of(bar(R"("open":3,"high":2,"low":1,"close":1)", usual)),
            "high 2: below open 3");
  EXPECT_EQ(line_of(bar(R"("open":3,"high":2,"low":1,"close":1)", usual)), "rejected bad_value");
  EXPECT_EQ(detail_of(bar(R"("open":2,"high":2,"low":1,"close":0.5)", usual)),
            "low 1: above close 0.5");
  EXPECT_EQ(line_of(bar(R"("open":2,"high":2,"low":-1,"close":1)", usual)), "rejected negative");
  const char* good = R"("open":1,"high":1,"low":1,"close":1)";
  EXPECT_EQ(line_of(bar(good, R"("volume":-1,"timestamp":1723161240000)")), "rejected negative");
  EXPECT_EQ(line_of(bar(good, R"("volume":1,"timestamp":"2024-08-08T23:54:00")")),
            "rejected bad_time");
  EXPECT_EQ(line_of(bar(good, R"("volume":1,"timestamp":1723164856601)")), "rejected time_ahead");
}

// A day of trading is over, and its bar sent, before the day is.
TEST_F(StockBars, OfADayMayEndAheadOfTheirRecord) {
  const auto decoder = make_decoder(decoder_kind::stock_bars, {.bar_interval = kline_interval::d1});
  EXPECT_EQ(
      line_of(decoder->decode(record_of(R"({"symbol":"A","open":1,"high":1,"low":1,)"
                                        R"("close":1,"volume":1,"timestamp":1723161256000})"))),
      "kline_1d A 1723161256000..1723247656000 o1 h1 l1 c1 v1 closed at 1723161256000");
}

} // namespace
} // namespace tradepulse
