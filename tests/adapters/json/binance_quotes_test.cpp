#include <gtest/gtest.h>

#include "tests/adapters/json/decoder_testing.hpp"

// Book tickers of `binance-stream`.
namespace tradepulse {
namespace {

using namespace json_testing;

class BinanceQuotes : public testing::Test {
 protected:
  decode_outcome decoded(std::string_view value, time_ms append_time = appended_at) {
    return decoder_->decode(record_of(value, append_time));
  }
  std::string line(std::string_view value) { return line_of(decoded(value)); }
  // Of the spot exchange, with these members in place of bids and asks.
  decode_outcome quote(const std::string& members) {
    return decoded(R"({"stream":"b@bookTicker","data":{"u":5,"s":"B",)" + members + "}}");
  }

  std::unique_ptr<tick_decoder> decoder_ = make_decoder(decoder_kind::binance_stream);
};

constexpr const char* a_spot_quote =
    R"({"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000",)"
    R"("B":"3.78826000","a":"61837.64000000","A":"1.54698000"}})";

// It has no time of its own: then it is when its record was appended.
TEST_F(BinanceQuotes, TakesTheSpotExchangesWithTheTimeOfTheirRecord) {
  EXPECT_EQ(line(a_spot_quote), "quote BTCUSDT 61837.63 x 3.78826 / 61837.64 x 1.54698 at "
                                "1723161256600 #50093239212");
}

TEST_F(BinanceQuotes, RefusesOneWithoutATimeWhoseRecordHasNoneEither) {
  const auto refused = decoded(a_spot_quote, time_ms{std::chrono::milliseconds{-1}});
  EXPECT_EQ(line_of(refused), "rejected bad_time");
  EXPECT_EQ(detail_of(refused),
            "data.T: absent, and the record's own time is outside of 2000 to 2100");
  EXPECT_EQ(line_of(decoded(a_spot_quote, time_ms{std::chrono::milliseconds{4'102'444'800'000}})),
            "rejected bad_time");
}

TEST_F(BinanceQuotes, TakesThoseOfFuturesWithTheTimeTheBookChanged) {
  EXPECT_EQ(line(R"({"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":5123107838717,)"
                 R"("s":"ETHUSDT","b":"2681.62","B":"1.165","a":"2681.63","A":"73.077",)"
                 R"("T":1723161256310,"E":1723161256311}})"),
            "quote ETHUSDT 2681.62 x 1.165 / 2681.63 x 73.077 at 1723161256310 #5123107838717");
}

TEST_F(BinanceQuotes, KeepsTheRecordsPlaceAndTime) {
  const auto outcome = decoded(a_spot_quote);
  const auto& quote = std::get<decoded_quote>(outcome).quote;
  EXPECT_EQ(quote.offset, record_offset{42});
  EXPECT_EQ(quote.append_time, appended_at);
}

TEST_F(BinanceQuotes, TakesOneSidedAndCrossedBooksAsTheyAre) {
  EXPECT_EQ(line_of(quote(R"("b":"0.00000000","B":"0","a":2,"A":1)")),
            "quote B 0 x 0 / 2 x 1 at 1723161256600 #5");
  EXPECT_EQ(line_of(quote(R"("b":"3","B":"1","a":"2","A":"1")")),
            "quote B 3 x 1 / 2 x 1 at 1723161256600 #5");
}

TEST_F(BinanceQuotes, RefusesBadMembers) {
  EXPECT_EQ(detail_of(quote(R"("B":"1","a":"2","A":"1")")), "data.b: absent, and required");
  EXPECT_EQ(detail_of(quote(R"("b":"1","a":"2","A":"1")")), "data.B: absent, and required");
  EXPECT_EQ(detail_of(quote(R"("b":"1","B":"1","A":"1")")), "data.a: absent, and required");
  EXPECT_EQ(detail_of(quote(R"("b":"1","B":"1","a":"2")")), "data.A: absent, and required");
  EXPECT_EQ(line_of(quote(R"("b":"-1","B":"1","a":"2","A":"1")")), "rejected negative");
  EXPECT_EQ(line_of(quote(R"("b":"1","B":null,"a":"2","A":"1")")), "rejected wrong_type");
  EXPECT_EQ(line_of(quote(R"("b":"1","B":"1e12","a":"2","A":"1")")), "rejected out_of_range");
  EXPECT_EQ(line_of(quote(R"("b":"1","B":"1","a":"0.000000001","A":"1")")), "rejected too_precise");
  EXPECT_EQ(line_of(quote(R"("b":"1","B":"1","a":"2","A":"1","s":"B B")")), "rejected bad_symbol");
  EXPECT_EQ(line_of(quote(R"("b":"1","B":"1","a":"2","A":"1","u":"x")")), "rejected bad_number");
  EXPECT_EQ(line_of(quote(R"("b":"1","B":"1","a":"2","A":"1","T":"now")")), "rejected bad_time");
  EXPECT_EQ(line_of(quote(R"("b":"1","B":"1","a":"2","A":"1","T":1723164856601)")),
            "rejected time_ahead");
  EXPECT_EQ(line_of(quote(R"("b":"1","B":"1","a":"2","A":"1","T":1723164856600)")),
            "quote B 1 x 1 / 2 x 1 at 1723164856600 #5");
}

} // namespace
} // namespace tradepulse
