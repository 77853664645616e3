#include <gtest/gtest.h>

#include "tests/adapters/json/decoder_testing.hpp"

namespace tradepulse {
namespace {

using namespace json_testing;

// As the exchange documents it.
const std::string k =
    R"({"t":1723161240000,"T":1723161299999,"s":"BTCUSDT","i":"1m","f":3735683259,"L":3735683270,)"
    R"("o":"61837.63000000","c":"61840.00000000","h":"61841.50000000","l":"61830.00000000",)"
    R"("v":"12.50000000","n":12,"x":false,"q":"772984.12345678","V":"6.25000000",)"
    R"("Q":"386492.06172839","B":"0"})";
const std::string values =
    "kline_1m BTCUSDT 1723161240000..1723161299999 o61837.63 h61841.5 l61830 c61840 v12.5 "
    "q772984.12345678 V6.25 Q386492.06172839 n12 f3735683259 L3735683270 open at 1723161256543";

std::string event(const std::string& kline = k, const std::string& more = "") {
  return R"({"e":"kline","E":1723161256543,"s":"BTCUSDT")" + more + R"(,"k":)" + kline + "}";
}
std::string framed(const std::string& what, const std::string& more = "") {
  return R"({"stream":"btcusdt@kline_1m","data":)" + what + more + "}";
}
// The usual kline with another text in place of `part`.
std::string with(const std::string& part, const std::string& other) {
  std::string out = k;
  const auto at = out.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return at == std::string::npos ? out : out.replace(at, part.size(), other);
}

// Both decoders that read such events: `binance-stream` wants a frame around them.
class BinanceKlines : public testing::Test {
 protected:
  std::string line(std::string_view value) { return line_of(decoder_->decode(record_of(value))); }
  std::string detail(std::string_view value) {
    return detail_of(decoder_->decode(record_of(value)));
  }
  std::string line_of_stream(std::string_view value) {
    return line_of(stream_->decode(record_of(value)));
  }
  std::string detail_of_stream(std::string_view value) {
    return detail_of(stream_->decode(record_of(value)));
  }

  std::unique_ptr<tick_decoder> decoder_ = make_decoder(decoder_kind::binance_klines);
  std::unique_ptr<tick_decoder> stream_ = make_decoder(decoder_kind::binance_stream);
};

TEST_F(BinanceKlines, TakesAnEventWithAndWithoutItsNumber) {
  EXPECT_EQ(line(event()), values);
  EXPECT_EQ(line(event(k, R"(,"sequence":17)")), values + " #17");
  EXPECT_EQ(line(event(k, R"(,"sequence":"17")")), values + " #17");
  EXPECT_EQ(line(event(k, R"(,"sequence":null)")), values);
}

TEST_F(BinanceKlines, TakesAnEventInAFrame) {
  EXPECT_EQ(line(framed(event())), values);
  EXPECT_EQ(line(framed(event(k, R"(,"sequence":17)"))), values + " #17");
  EXPECT_EQ(line(framed(event(), R"(,"sequence":18)")), values + " #18");
  // Its own number before its frame's.
  EXPECT_EQ(line(framed(event(k, R"(,"sequence":17)"), R"(,"sequence":18)")), values + " #17");
  EXPECT_EQ(line(R"({"data":)" + event() + "}"), values);
}

TEST_F(BinanceKlines, AreTakenFromAStreamOfFramesAsWell) {
  EXPECT_EQ(line_of_stream(framed(event())), values);
  EXPECT_EQ(line_of_stream(framed(event(k, R"(,"sequence":17)"))), values + " #17");
  EXPECT_EQ(line_of_stream(framed(event(), R"(,"sequence":18)")), values + " #18");
  EXPECT_EQ(line_of_stream(event()), "rejected missing_member"); // no frame
}

TEST_F(BinanceKlines, KeepTheRecordsPlaceAndTime) {
  const auto outcome = decoder_->decode(record_of(event()));
  const auto& kline = std::get<decoded_kline>(outcome).kline;
  EXPECT_EQ(kline.offset, record_offset{42});
  EXPECT_EQ(kline.append_time, appended_at);
}

TEST_F(BinanceKlines, SayWhetherTheyAreClosed) {
  EXPECT_EQ(line(event(with(R"("x":false)", R"("x":true)"))),
            values.substr(0, values.find(" open")) + " closed at 1723161256543");
  EXPECT_EQ(detail(event(with(R"("x":false)", R"("x":"true")"))),
            "k.x: a string, must be true or false");
  EXPECT_EQ(detail(event(with(R"("x":false,)", ""))), "k.x: absent, and required");
}

TEST_F(BinanceKlines, HaveEveryIntervalThatTheExchangeHas) {
  const char* names[] = {"1s", "1m", "3m", "5m",  "15m", "30m", "1h", "2h",
                         "4h", "6h", "8h", "12h", "1d",  "3d",  "1w", "1M"};
  for (const std::string name : names)
    EXPECT_EQ(line(event(with(R"("i":"1m")", R"("i":")" + name + "\""))),
              "kline_" + name + values.substr(8));
  EXPECT_EQ(line(event(with(R"("i":"1m")", R"("i":"7m")"))), "rejected bad_value");
  EXPECT_EQ(detail(event(with(R"("i":"1m")", R"("i":"7m")"))),
            "k.i: interval \"7m\": must be one of 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, "
            "12h, 1d, 3d, 1w, 1M");
  EXPECT_EQ(line(event(with(R"("i":"1m")", R"("i":1)"))), "rejected wrong_type");
}

// In a minute without trades the exchange says -1.
TEST_F(BinanceKlines, HaveNoTradeIdsWhereNothingWasTraded) {
  EXPECT_EQ(line(event(R"({"t":1723161240000,"T":1723161299999,"s":"BTCUSDT","i":"1m","f":-1,)"
                       R"("L":-1,"o":"2","c":"2","h":"2","l":"2","v":"0","n":0,"x":true,"q":"0",)"
                       R"("V":"0","Q":"0"})")),
            "kline_1m BTCUSDT 1723161240000..1723161299999 o2 h2 l2 c2 v0 q0 V0 Q0 n0 closed at "
            "1723161256543");
  EXPECT_EQ(line(event(with(R"("f":3735683259)", R"("f":-2)"))), "rejected negative");
  EXPECT_EQ(line(event(with(R"("n":12)", R"("n":-1)"))), "rejected negative");
}

TEST_F(BinanceKlines, NeedNoMoreThanPricesAndAVolume) {
  EXPECT_EQ(line(event(R"({"t":1723161240000,"T":1723161300000,"i":"1m","o":1,"h":4,"l":"1.0",)"
                       R"("c":2e0,"v":9,"x":true})")),
            "kline_1m BTCUSDT 1723161240000..1723161300000 o1 h4 l1 c2 v9 closed at 1723161256543");
  for (const char* member :
       {R"("t":1723161240000,)", R"("T":1723161299999,)", R"("i":"1m",)",
        R"("o":"61837.63000000",)", R"("c":"61840.00000000",)", R"("h":"61841.50000000",)",
        R"("l":"61830.00000000",)", R"("v":"12.50000000",)"}) {
    EXPECT_EQ(detail(event(with(member, ""))),
              std::string("k.") + member[1] + ": absent, and required");
  }
}

TEST_F(BinanceKlines, TakeTimesInIso8601) {
  EXPECT_EQ(line(R"({"e":"kline","E":"2024-08-08T23:54:16.543Z","s":"BTCUSDT","k":)" +
                 with(R"("t":1723161240000,"T":1723161299999)",
                      R"("t":"2024-08-08T23:54:00Z","T":"2024-08-09T01:54:59.999+02:00")") +
                 "}"),
            values);
}

TEST_F(BinanceKlines, RefuseValuesThatContradictEachOther) {
  const auto refused = [&](const std::string& part, const std::string& other) {
    EXPECT_EQ(line(event(with(part, other))), "rejected bad_value") << other;
    return detail(event(with(part, other)));
  };
  EXPECT_EQ(refused(R"("o":"61837.63000000")", R"("o":"61829.99999999")"),
            "low 61830: above open 61829.99999999");
  EXPECT_EQ(refused(R"("o":"61837.63000000")", R"("o":"61841.50000001")"),
            "high 61841.5: below open 61841.50000001");
  EXPECT_EQ(refused(R"("c":"61840.00000000")", R"("c":"61829")"), "low 61830: above close 61829");
  EXPECT_EQ(refused(R"("c":"61840.00000000")", R"("c":"61842")"),
            "high 61841.5: below close 61842");
  EXPECT_EQ(refused(R"("l":"61830.00000000")", R"("l":"61842")"), "low 61842: above open 61837.63");
  EXPECT_EQ(refused(R"("T":1723161299999)", R"("T":1723161240000)"),
            "end 2024-08-08T23:54:00.000Z: not after the start 2024-08-08T23:54:00.000Z");
  // At the bounds.
  EXPECT_EQ(line(event(R"({"t":1723161240000,"T":1723161240001,"i":"1m","o":2,"h":3,"l":2,"c":3,)"
                       R"("v":0,"x":true})")),
            "kline_1m BTCUSDT 1723161240000..1723161240001 o2 h3 l2 c3 v0 closed at 1723161256543");
}

TEST_F(BinanceKlines, RefuseNumbersAsPricesDo) {
  EXPECT_EQ(line(event(with(R"("l":"61830.00000000")", R"("l":"-1")"))), "rejected negative");
  EXPECT_EQ(line(event(with(R"("v":"12.50000000")", R"("v":-1)"))), "rejected negative");
  EXPECT_EQ(line(event(with(R"("v":"12.50000000")", R"("v":"1000000000000")"))),
            "rejected out_of_range");
  EXPECT_EQ(line(event(with(R"("v":"12.50000000")", R"("v":"0.000000001")"))),
            "rejected too_precise");
  EXPECT_EQ(line(event(with(R"("o":"61837.63000000")", R"("o":NaN)"))), "rejected bad_number");
  EXPECT_EQ(line(event(with(R"("o":"61837.63000000")", R"("o":null)"))), "rejected wrong_type");
}

// A sum of price * size passes the bound of a volume.
TEST_F(BinanceKlines, TakeQuoteVolumesUpToTheirOwnBound) {
  const auto quote_volume = [&](const std::string& q) {
    return detail(event(with(R"("q":"772984.12345678")", "\"q\":" + q)));
  };
  EXPECT_NE(line(event(with(R"("q":"772984.12345678")", R"("q":"1000000000000.5")")))
                .find(" q1000000000000.5 "),
            std::string::npos);
  EXPECT_EQ(line(event(with(R"("q":"772984.12345678")", R"("q":"1e28")"))),
            "rejected out_of_range");
  EXPECT_EQ(quote_volume("-1"), "k.q \"-1\": negative, must be 0 up to below 10^28");
  EXPECT_EQ(quote_volume("{}"), "k.q: an object, must be a number or a string that holds one");
  EXPECT_EQ(line(event(with(R"("Q":"386492.06172839")", R"("Q":"1e-9")"))), "rejected too_precise");
}

// ingest.max_ahead judges when the event was sent; an open kline ends later than that.
TEST_F(BinanceKlines, MayEndAheadOfTheirRecordButNotBeSentThere) {
  EXPECT_EQ(line(event(with(R"("T":1723161299999)", R"("T":1723939199999)"))).substr(0, 8),
            "kline_1m");
  const auto sent = [&](const char* at) {
    return line(std::string(R"({"e":"kline","E":)") + at + R"(,"s":"BTCUSDT","k":)" + k + "}");
  };
  EXPECT_EQ(sent("1723164856600").substr(0, 8), "kline_1m");
  EXPECT_EQ(sent("1723164856601"), "rejected time_ahead");
  EXPECT_EQ(sent("null"), "rejected wrong_type");
}

TEST_F(BinanceKlines, RefuseWhatIsNoEventOfAKline) {
  EXPECT_EQ(detail("{}"), "e: absent, and required");
  EXPECT_EQ(detail(R"({"e":7})"), "e: a number, must be a string");
  EXPECT_EQ(detail(R"({"e":"kline","E":1723161256543,"s":"BTCUSDT"})"), "k: absent, and required");
  EXPECT_EQ(detail(event("[]")), "k: an array, must be an object");
  EXPECT_EQ(detail(R"({"e":"kline","E":1723161256543,"k":)" + k + "}"), "s: absent, and required");
  EXPECT_EQ(detail(R"({"e":"kline","s":"BTCUSDT","k":)" + k + "}"), "E: absent, and required");
  EXPECT_EQ(detail(event(k, R"(,"sequence":-1)")),
            "sequence \"-1\": negative, must be 0 up to 9223372036854775807");
  EXPECT_EQ(detail(framed("7")), "data: a number, must be an object");
}

TEST_F(BinanceKlines, AreRefusedByTheNamesOfTheirFrame) {
  const std::string bad = with(R"("o":"61837.63000000")", R"("o":"x")");
  EXPECT_EQ(detail(event(bad)), "k.o \"x\": not a decimal number");
  EXPECT_EQ(detail(framed(event(bad))), "data.k.o \"x\": not a decimal number");
  EXPECT_EQ(detail_of_stream(framed(event(bad))), "data.k.o \"x\": not a decimal number");
  EXPECT_EQ(detail(framed(event(k, R"(,"sequence":"x")"))), "data.sequence \"x\": not an integer");
  EXPECT_EQ(detail(framed(event(), R"(,"sequence":"x")")), "sequence \"x\": not an integer");
  EXPECT_EQ(detail_of_stream(R"({"stream":"btcusdt@kline_1m","data":{}})"),
            "data.s: absent, and required");
}

// The last one, wholly: nothing of the first is left in it.
TEST_F(BinanceKlines, ReadTheLastOfADoubledObject) {
  EXPECT_EQ(detail(R"({"e":"kline","E":1723161256543,"s":"BTCUSDT","k":)" + k + R"(,"k":{"t":1}})"),
            "k.i: absent, and required");
  EXPECT_EQ(detail(R"({"data":)" + event() + R"(,"data":{"e":"kline","E":1723161256543,"s":"B"}})"),
            "data.k: absent, and required");
  EXPECT_EQ(
      line(R"({"k":{"t":"\u0041"},"e":"kline","E":1723161256543,"s":"BTCUSDT","k":)" + k + "}"),
      values);
}

TEST_F(BinanceKlines, LeaveOtherEventsToOtherTopics) {
  EXPECT_EQ(line(R"({"e":"trade","s":"BTCUSDT","p":"1"})"), "skipped trade");
  EXPECT_EQ(line(R"({"e":"24hrTicker"})"), "skipped 24hrTicker");
  EXPECT_EQ(line(R"({"e":"continuous_kline"})"), "skipped other");
  EXPECT_EQ(line(R"({"stream":"b@bookTicker","data":{"u":5,"s":"B"}})"), "skipped bookTicker");
  EXPECT_EQ(line(R"({"stream":"b@depth","data":{"e":"depthUpdate","b":[["1","2"]]}})"),
            "skipped depthUpdate");
  EXPECT_EQ(line(R"({"stream":"!ticker@arr","data":[{"s":"BTCUSDT"}]})"), "skipped other");
}

} // namespace
} // namespace tradepulse
