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
  std::unique_ptr<tick_decoder> aggregates_ =
      make_decoder(decoder_kind::binance_stream, {.aggregate_trades = true});
};

TEST_F(BinanceStream, TakesASpotTrade) {
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT",)"
                 R"("t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,)"
                 R"("m":true,"M":true}})"),
            "trade BTCUSDT 61837.63 x 0.02 sell id 3735683259 at 1723161255342 #3735683259");
}

TEST_F(BinanceStream, TakesAFuturesTrade) {
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,)"
                 R"("T":1723161256321,"s":"BTCUSDT.P","t":5266583935,"p":"61800.30","q":"0.006",)"
                 R"("X":"MARKET","m":false}})"),
            "trade BTCUSDT.P 61800.3 x 0.006 buy id 5266583935 at 1723161256321 #5266583935");
}

// What a price from here has always been: price, quantity, the trade's own time, its id as number.
// A log that was read before trades were a stream must give the same prices again.
TEST_F(BinanceStream, TakesATradeThatIsStillThePriceItWas) {
  const auto outcome =
      decoded(R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT",)"
              R"("t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342}})");
  const auto& trade = std::get<decoded_trade>(outcome).trade;
  EXPECT_EQ(trade.offset, record_offset{42});
  EXPECT_EQ(trade.append_time, appended_at);
  EXPECT_EQ(ms_of(trade.event_time), 1'723'161'255'342);
  EXPECT_EQ(trade.source_sequence, 3'735'683'259);
  EXPECT_EQ(trade.value.price, price{6'183'763'000'000});
  EXPECT_EQ(trade.value.size, quantity{2'000'000});
}

TEST_F(BinanceStream, TakesATradeWithoutAQuantityAsAPriceAlone) {
  const auto trade = [&](const char* members) {
    return line(std::string(R"({"stream":"b@trade","data":{"e":"trade","s":"B","t":5,"p":"1.5",)"
                            R"("T":1723161255342)") +
                members + "}}");
  };
  EXPECT_EQ(trade(""), "tick B 1.5 at 1723161255342 #5");
  EXPECT_EQ(trade(R"(,"q":null,"m":true)"), "tick B 1.5 at 1723161255342 #5");
  EXPECT_EQ(trade(R"(,"q":0)"), "trade B 1.5 x 0 id 5 at 1723161255342 #5");
}

TEST_F(BinanceStream, KnowsNoSideWhereTheMakerIsNotSaid) {
  const auto trade = [&](const char* maker) {
    return line(std::string(R"({"stream":"b@trade","data":{"e":"trade","s":"B","p":"1","q":"2",)"
                            R"("T":1723161255342,"m":)") +
                maker + "}}");
  };
  EXPECT_EQ(trade("true"), "trade B 1 x 2 sell at 1723161255342");
  EXPECT_EQ(trade("false"), "trade B 1 x 2 buy at 1723161255342");
  for (const char* neither : {"null", "1", R"("true")", "[]", "{}"})
    EXPECT_EQ(trade(neither), "trade B 1 x 2 at 1723161255342") << neither;
}

TEST_F(BinanceStream, SkipsOtherEventsByTheirName) {
  const auto event = [&](const char* name) {
    return line(std::string(R"({"stream":"btcusdt@x","data":{"e":")") + name +
                R"(","s":"BTCUSDT","p":"1","q":"1","T":1723161255342,"t":1,"a":1}})");
  };
  EXPECT_EQ(event("aggTrade"), "skipped aggTrade");
  EXPECT_EQ(event("depthUpdate"), "skipped depthUpdate");
  EXPECT_EQ(event("24hrTicker"), "skipped 24hrTicker");
  EXPECT_EQ(event("markPriceUpdate"), "skipped other");
}

TEST_F(BinanceStream, KnowsAnEventWithoutANameByItsStream) {
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade","data":{"s":"B","p":"1","T":1723161255342}})"),
            "tick B 1 at 1723161255342");
  EXPECT_EQ(line(R"({"stream":"btcusdt@aggTrade","data":{"s":"B","p":"1"}})"), "skipped aggTrade");
  EXPECT_EQ(line(R"({"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":1,"bids":[]}})"),
            "skipped depthSnapshot");
  EXPECT_EQ(line(R"({"stream":"btcusdt@depth@100ms","data":{"U":1,"u":2,"b":[["1","2"]]}})"),
            "skipped depthUpdate");
  EXPECT_EQ(line(R"({"stream":"!ticker@arr","data":[{"s":"BTCUSDT"}]})"), "skipped other");
  EXPECT_EQ(line(R"({"stream":"nonsense","data":{}})"), "skipped other");
}

constexpr const char* an_aggregate =
    R"({"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1723161255343,"s":"BTCUSDT",)"
    R"("a":3072480163,"p":"61837.63000000","q":"0.02500000","f":3735683259,"l":3735683261,)"
    R"("T":1723161255342,"m":true,"M":true}})";

TEST_F(BinanceStream, TakesAggregatedTradesOnlyWhereThatIsConfigured) {
  EXPECT_EQ(line(an_aggregate), "skipped aggTrade");
  EXPECT_EQ(line_of(aggregates_->decode(record_of(an_aggregate))),
            "trade BTCUSDT 61837.63 x 0.025 sell id 3072480163 at 1723161255342 #3072480163");
}

// The same shares must not count twice.
TEST_F(BinanceStream, SkipsTradesWhereAggregatedOnesCount) {
  EXPECT_EQ(line_of(aggregates_->decode(record_of(
                R"({"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","t":3735683259,)"
                R"("p":"61837.63","q":"0.02","T":1723161255342,"m":true}})"))),
            "skipped trade");
}

TEST_F(BinanceStream, RefusesAnAggregatedTradeWithABadId) {
  const auto refused = aggregates_->decode(record_of(
      R"({"stream":"b@aggTrade","data":{"e":"aggTrade","s":"B","p":"1","q":"1","a":"x","t":1,)"
      R"("T":1723161255342}})"));
  EXPECT_EQ(detail_of(refused), "data.a \"x\": not an integer");
}

TEST_F(BinanceStream, BelievesTheEventsNameBeforeTheStreams) {
  EXPECT_EQ(line(R"({"stream":"btcusdt@trade","data":{"e":"aggTrade","s":"BTCUSDT"}})"),
            "skipped aggTrade");
  EXPECT_EQ(line(R"({"stream":"btcusdt@kline_1m","data":{"e":"depthUpdate","s":"BTCUSDT"}})"),
            "skipped depthUpdate");
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
  EXPECT_EQ(line(R"({"stream":"btcusdt@bookTicker","data":[]})"), "rejected wrong_type");
  EXPECT_EQ(line(R"({"stream":"btcusdt@kline_1m","data":7})"), "rejected wrong_type");
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
