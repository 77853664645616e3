#include <gtest/gtest.h>

#include "tests/adapters/json/decoder_testing.hpp"

namespace tradepulse {
namespace {

using namespace json_testing;

class StockTrades : public testing::Test {
 protected:
  decode_outcome decoded(std::string_view value) { return decoder_->decode(record_of(value)); }
  // A trade with more members than it needs.
  decode_outcome with(const std::string& more) {
    return decoded(R"({"symbol":"AAPL","price":150.25,"size":100,"timestamp":1723161256543,)" +
                   more + "}");
  }
  std::string line(std::string_view value) { return line_of(decoded(value)); }

  std::unique_ptr<tick_decoder> decoder_ = make_decoder(decoder_kind::stock_trades);
};

TEST_F(StockTrades, ReadTheFormOfTheTopic) {
  EXPECT_EQ(line(R"({"symbol":"AAPL","price":150.25,"size":100,"timestamp":1723161256543})"),
            "trade AAPL 150.25 x 100 at 1723161256543");
  EXPECT_EQ(line(R"({"timestamp":"2024-08-08T23:54:16.543Z","size":"1e2","price":"150.25",)"
                 R"("symbol":"AAPL","exchange":"V","conditions":["@"]})"),
            "trade AAPL 150.25 x 100 at 1723161256543");
  EXPECT_EQ(line(R"({"symbol":"AAPL","price":92233720368.54775807,"size":999999999999.99999999,)"
                 R"("timestamp":1723161256543})"),
            "trade AAPL 92233720368.54775807 x 999999999999.99999999 at 1723161256543");
}

TEST_F(StockTrades, KeepTheRecordsPlaceAndTime) {
  const auto outcome = with(R"("sequence":7)");
  const auto& trade = std::get<decoded_trade>(outcome).trade;
  EXPECT_EQ(trade.offset, record_offset{42});
  EXPECT_EQ(trade.append_time, appended_at);
}

TEST_F(StockTrades, KeepUpstreamsNumberApartFromTheTradesId) {
  EXPECT_EQ(line_of(with(R"("sequence":7,"trade_id":52983)")),
            "trade AAPL 150.25 x 100 id 52983 at 1723161256543 #7");
  EXPECT_EQ(line_of(with(R"("trade_id":52983)")),
            "trade AAPL 150.25 x 100 id 52983 at 1723161256543");
  EXPECT_EQ(line_of(with(R"("sequence":"x")")), "rejected bad_number");
  EXPECT_EQ(line_of(with(R"("sequence":-1)")), "rejected negative");
}

TEST_F(StockTrades, KnowTheSideInAnyCase) {
  for (const char* word : {"buy", "BUY", "Buy"})
    EXPECT_EQ(line_of(with(std::string(R"("side":")") + word + "\"")),
              "trade AAPL 150.25 x 100 buy at 1723161256543");
  for (const char* word : {"sell", "SELL"})
    EXPECT_EQ(line_of(with(std::string(R"("side":")") + word + "\"")),
              "trade AAPL 150.25 x 100 sell at 1723161256543");
  for (const char* none : {"null", R"("")", R"("unknown")", R"("UNKNOWN")"})
    EXPECT_EQ(line_of(with(std::string(R"("side":)") + none)),
              "trade AAPL 150.25 x 100 at 1723161256543")
        << none;
}

TEST_F(StockTrades, RefuseASideThatIsNone) {
  EXPECT_EQ(line_of(with(R"("side":"bid")")), "rejected bad_value");
  EXPECT_EQ(detail_of(with(R"("side":"bid")")), R"(side "bid": must be buy, sell or unknown)");
  EXPECT_EQ(line_of(with(R"("side":"bu")")), "rejected bad_value");
  EXPECT_EQ(line_of(with(R"("side":1)")), "rejected wrong_type");
}

TEST_F(StockTrades, TakeAnIdUnderEitherNameAsNumberOrDigits) {
  for (const char* id : {R"("trade_id":7)", R"("trade_id":"7")", R"("id":7)", R"("id":"7")",
                         R"("id":8,"trade_id":7)", R"("trade_id":null,"id":7)"})
    EXPECT_EQ(line_of(with(id)), "trade AAPL 150.25 x 100 id 7 at 1723161256543") << id;
  EXPECT_EQ(line_of(with(R"("id":9223372036854775807)")),
            "trade AAPL 150.25 x 100 id 9223372036854775807 at 1723161256543");
}

// Many feeds have such ids, and the trade is none the worse for it.
TEST_F(StockTrades, GoWithoutAnIdOfAnotherForm) {
  for (const char* id :
       {R"("id":"0b8f7c4e-5d0e-4b8e-9d6c-3c9a1f0b7a11")", R"("id":"T-17")", R"("id":"")",
        R"("id":9223372036854775808)", R"("id":"18446744073709551615")", R"("id":-1)",
        R"("id":1.5)", R"("id":"+7")", R"("id":" 7")", R"("id":null)"})
    EXPECT_EQ(line_of(with(id)), "trade AAPL 150.25 x 100 at 1723161256543") << id;
  for (const char* id : {R"("id":[7])", R"("id":{"x":7})", R"("trade_id":true)"})
    EXPECT_EQ(line_of(with(id)), "rejected wrong_type") << id;
  EXPECT_EQ(detail_of(with(R"("trade_id":true)")),
            "trade_id: a boolean, must be a number or a string");
}

TEST_F(StockTrades, RefuseWhatATradeNeedsAndHasNot) {
  EXPECT_EQ(detail_of(decoded(R"({"price":1,"size":1,"timestamp":1723161256543})")),
            "symbol: absent, and required");
  EXPECT_EQ(detail_of(decoded(R"({"symbol":"A","size":1,"timestamp":1723161256543})")),
            "price: absent, and required");
  EXPECT_EQ(detail_of(decoded(R"({"symbol":"A","price":1,"timestamp":1723161256543})")),
            "size: absent, and required");
  EXPECT_EQ(detail_of(decoded(R"({"symbol":"A","price":1,"size":1})")),
            "timestamp: absent, and required");
}

TEST_F(StockTrades, RefuseBadValues) {
  const auto trade = [&](const char* price, const char* size, const char* time) {
    return line(std::string(R"({"symbol":"A","price":)") + price + R"(,"size":)" + size +
                R"(,"timestamp":)" + time + "}");
  };
  EXPECT_EQ(trade("1", "1", "1723161256543"), "trade A 1 x 1 at 1723161256543");
  EXPECT_EQ(trade("-1", "1", "1723161256543"), "rejected negative");
  EXPECT_EQ(trade("1", "-1", "1723161256543"), "rejected negative");
  EXPECT_EQ(trade("1", "null", "1723161256543"), "rejected wrong_type");
  EXPECT_EQ(trade("1", "1e12", "1723161256543"), "rejected out_of_range");
  EXPECT_EQ(trade("1", "1e-9", "1723161256543"), "rejected too_precise");
  EXPECT_EQ(trade("NaN", "1", "1723161256543"), "rejected bad_number");
  EXPECT_EQ(trade("1", "1", "1723161256"), "rejected bad_time");
  EXPECT_EQ(trade("1", "1", "1723164856600"), "trade A 1 x 1 at 1723164856600");
  EXPECT_EQ(trade("1", "1", "1723164856601"), "rejected time_ahead");
}

} // namespace
} // namespace tradepulse
