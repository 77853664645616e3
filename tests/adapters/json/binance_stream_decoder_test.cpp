#include <algorithm>

#include <gtest/gtest.h>

#include "tests/adapters/json/decoder_testing.hpp"

namespace tradepulse {
namespace {

using namespace json_testing;

class BinanceStream : public testing::Test {
 protected:
  decode_outcome decoded(std::string_view value) { return decoder_->decode(record_of(value)); }
  std::string line(std::string_view value) { return line_of(decoded(value)); }

  std::unique_ptr<tick_decoder> decoder_ = make_decoder(decoder_kind::binance_stream);
};

TEST_F(BinanceStream, TakesASpotTradeAsATick) {
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT",)"
                 R"("t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,)"
                 R"("m":true,"M":true}})"),
            "tick BTCUSDT 61837.63 x 0.02 at 1723161255342 #3735683259");
}

TEST_F(BinanceStream, TakesAFuturesTradeAsATick) {
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,)"
                 R"("T":1723161256321,"s":"BTCUSDT.P","t":5266583935,"p":"61800.30","q":"0.006",)"
                 R"("X":"MARKET","m":false}})"),
            "tick BTCUSDT.P 61800.3 x 0.006 at 1723161256321 #5266583935");
}

TEST_F(BinanceStream, SkipsOtherEventsByTheirName) {
  const auto event = [&](const char* name) {
    return line(std::string(R"({"stream":"btcusdt@x","data":{"e":")") + name +
                R"(","s":"BTCUSDT","p":"1","q":"1","T":1723161255342,"t":1}})");
  };
  EXPECT_EQ(event("aggTrade"), "skipped aggTrade");
  EXPECT_EQ(event("depthUpdate"), "skipped depthUpdate");
  EXPECT_EQ(event("bookTicker"), "skipped bookTicker");
  EXPECT_EQ(event("kline"), "skipped kline");
  EXPECT_EQ(event("24hrTicker"), "skipped 24hrTicker");
  EXPECT_EQ(event("markPriceUpdate"), "skipped other");
}

TEST_F(BinanceStream, KnowsAnEventWithoutANameByItsStream) {
  EXPECT_EQ(line(R"({"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT",)"
                 R"("b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.5"}})"),
            "skipped bookTicker");
  EXPECT_EQ(line(R"({"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":1,"bids":[]}})"),
            "skipped depthSnapshot");
  EXPECT_EQ(line(R"({"stream":"btcusdt@depth@100ms","data":{"U":1,"u":2,"b":[["1","2"]]}})"),
            "skipped depthUpdate");
  EXPECT_EQ(line(R"({"stream":"btcusdt@kline_1m","data":{}})"), "skipped kline");
  EXPECT_EQ(line(R"({"stream":"!ticker@arr","data":[{"s":"BTCUSDT"}]})"), "skipped other");
  EXPECT_EQ(line(R"({"stream":"nonsense","data":{}})"), "skipped other");
}

TEST_F(BinanceStream, BelievesTheEventsNameBeforeTheStreams) {
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade","data":{"e":"aggTrade","s":"BTCUSDT"}})"),
            "skipped aggTrade");
}

TEST_F(BinanceStream, SkipsARestSnapshotOfTheBook) {
  EXPECT_EQ(line(R"({"lastUpdateId":50093239218,"bids":[["61837.63","3.78"]],"asks":[]})"),
            "skipped depthSnapshot");
}

TEST_F(BinanceStream, ReadsTheMembersOfDataAlone) {
  // The same names outside of it, deeper and in a doubled `data` that is replaced.
  EXPECT_EQ(line(R"({"s":"OUT","p":"9","data":{"s":"OLD","p":"8","q":"7","T":1723161255342,"t":5},)"
                 R"("stream":"x@trade","data":{"e":"trade","o":{"s":"DEEP","p":"6"},"s":"IN",)"
                 R"("p":"1.5","T":1723161255342},"q":"4"})"),
            "tick IN 1.5 at 1723161255342");
}

TEST_F(BinanceStream, RefusesAFrameThatIsNone) {
  EXPECT_EQ(line("{}"), "rejected missing_member");
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade"})"), "rejected missing_member");
  EXPECT_EQ(line(R"({"stream":7,"data":{}})"), "rejected wrong_type");
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade","data":null})"), "rejected wrong_type");
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade","data":[]})"), "rejected wrong_type");
  EXPECT_EQ(line(R"({"stream":"btcusdt@depth","data":"x"})"), "rejected wrong_type");
}

TEST_F(BinanceStream, RefusesATradeWithBadMembers) {
  const auto trade = [&](const char* members) {
    return decoded(std::string(R"({"stream":"b@trade","data":{"e":"trade",)") + members + "}}");
  };
  EXPECT_EQ(line_of(trade(R"("p":"1","T":1723161255342)")), "rejected missing_member");
  EXPECT_EQ(line_of(trade(R"("s":"B","T":1723161255342)")), "rejected missing_member");
  EXPECT_EQ(line_of(trade(R"("s":"B","p":"1")")), "rejected missing_member");
  EXPECT_EQ(line_of(trade(R"("s":"B","p":"x","T":1723161255342)")), "rejected bad_number");
  EXPECT_EQ(line_of(trade(R"("s":"B","p":"1","q":"-1","T":1723161255342)")), "rejected negative");
  EXPECT_EQ(line_of(trade(R"("s":"B B","p":"1","T":1723161255342)")), "rejected bad_symbol");
  EXPECT_EQ(detail_of(trade(R"("s":"B","T":1723161255342)")), "data.p: absent, and required");
}

TEST_F(BinanceStream, RefusesATradeIdThatIsNoCount) {
  const auto trade = [&](std::string_view id) {
    return line(
        R"({"stream":"b@trade","data":{"e":"trade","s":"B","p":"1","T":1723161255342,"t":)" +
        std::string(id) + "}}");
  };
  EXPECT_EQ(trade("9223372036854775807"), "tick B 1 at 1723161255342 #9223372036854775807");
  EXPECT_EQ(trade(R"("17")"), "tick B 1 at 1723161255342 #17");
  EXPECT_EQ(trade("null"), "tick B 1 at 1723161255342");
  EXPECT_EQ(trade("0"), "tick B 1 at 1723161255342 #0");
  EXPECT_EQ(trade("9223372036854775808"), "rejected out_of_range");
  EXPECT_EQ(trade("-1"), "rejected negative");
  EXPECT_EQ(trade("-99999999999999999999"), "rejected negative");
  EXPECT_EQ(trade("1.5"), "rejected bad_number");
  EXPECT_EQ(trade("1e3"), "rejected bad_number");
  EXPECT_EQ(trade(R"("")"), "rejected bad_number");
  EXPECT_EQ(trade("[]"), "rejected wrong_type");
}

TEST_F(BinanceStream, SkipsOnlyIntoTheClosedSetOfKinds) {
  for (const char* kind : {"aggTrade", "depthUpdate", "depthSnapshot", "bookTicker", "kline",
                           "24hrTicker", "trade", "quote", "depth", "other"}) {
    const auto known = all_skipped_kinds();
    EXPECT_NE(std::find(known.begin(), known.end(), kind), known.end()) << kind;
  }
  EXPECT_EQ(all_skipped_kinds().size(), 10U);
}

} // namespace
} // namespace tradepulse
