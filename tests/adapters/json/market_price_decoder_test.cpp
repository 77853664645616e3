#include <gtest/gtest.h>

#include "tests/adapters/json/decoder_testing.hpp"

namespace tradepulse {
namespace {

using namespace json_testing;

class MarketPrice : public testing::Test {
 protected:
  std::string line(std::string_view value) { return line_of(decoder_->decode(record_of(value))); }

  std::unique_ptr<tick_decoder> decoder_ = make_decoder(decoder_kind::market_price);
};

TEST_F(MarketPrice, ReadsTheFormOfTheTopic) {
  EXPECT_EQ(line(R"({"type":"market_price","market":"BTC/USD","price":61837.63,)"
                 R"("timestamp":"2024-08-08T23:54:16.543Z"})"),
            "tick BTC/USD 61837.63 at 1723161256543");
  EXPECT_EQ(line(R"({"timestamp":1723161256543,"price":"61837.63","market":"BTC/USD",)"
                 R"("type":"market_price","volume":3})"),
            "tick BTC/USD 61837.63 at 1723161256543");
}

TEST_F(MarketPrice, SkipsOtherTypesByTheirName) {
  EXPECT_EQ(line(R"({"type":"trade","market":"BTC/USD","price":1})"), "skipped trade");
  EXPECT_EQ(line(R"({"type":"quote"})"), "skipped quote");
  EXPECT_EQ(line(R"({"type":"depth","bids":[[1,2]],"asks":[]})"), "skipped depth");
  EXPECT_EQ(line(R"({"type":"funding_rate"})"), "skipped other");
  EXPECT_EQ(line(R"({"type":""})"), "skipped other");
}

TEST_F(MarketPrice, RefusesARecordWithoutAType) {
  EXPECT_EQ(line(R"({"market":"BTC/USD","price":1,"timestamp":1723161256543})"),
            "rejected missing_member");
  EXPECT_EQ(line(R"({"type":1,"market":"BTC/USD"})"), "rejected wrong_type");
}

TEST_F(MarketPrice, RefusesWhatAPriceNeedsAndHasNot) {
  EXPECT_EQ(line(R"({"type":"market_price","price":1,"timestamp":1723161256543})"),
            "rejected missing_member");
  EXPECT_EQ(line(R"({"type":"market_price","market":"","price":1,"timestamp":1723161256543})"),
            "rejected bad_symbol");
  EXPECT_EQ(line(R"({"type":"market_price","market":"M","price":-1,"timestamp":1723161256543})"),
            "rejected negative");
  EXPECT_EQ(line(R"({"type":"market_price","market":"M","price":1,"timestamp":"now"})"),
            "rejected bad_time");
  EXPECT_EQ(line(R"({"type":"market_price","market":"M","price":1,"timestamp":1723168456543})"),
            "rejected time_ahead");
}

TEST_F(MarketPrice, RefusesBadJsonEvenInATypeItSkips) {
  EXPECT_EQ(line(R"({"type":"trade","x":})"), "rejected bad_json");
}

} // namespace
} // namespace tradepulse
