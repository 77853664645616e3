#include "adapters/json/binance_symbol.hpp"

#include <gtest/gtest.h>

namespace tradepulse::json {
namespace {

binance_symbol found(std::string_view frame) {
  auto outcome = find_binance_symbol(frame);
  EXPECT_TRUE(outcome.has_value()) << frame;
  return outcome ? *outcome : binance_symbol{};
}

errc refused(std::string_view frame) {
  const auto outcome = find_binance_symbol(frame);
  EXPECT_FALSE(outcome.has_value()) << frame;
  return outcome ? errc::internal : outcome.failure().code;
}

TEST(BinanceSymbol, IsFoundWhereItsQuoteEnds) {
  const auto symbol =
      found(R"({"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","t":1}})");
  EXPECT_TRUE(symbol.has_stream);
  EXPECT_EQ(symbol.text, "BTCUSDT");
  EXPECT_EQ(symbol.end, 58u);
}

TEST(BinanceSymbol, IsFoundWhateverTheSpacingAndTheOrder) {
  const std::string_view frame = "{ \"data\" : { \"s\" :\t\"ETHUSDT\" } , \"stream\" : \"x\" } ";
  const auto symbol = found(frame);
  EXPECT_TRUE(symbol.has_stream);
  EXPECT_EQ(symbol.text, "ETHUSDT");
  EXPECT_EQ(frame.substr(symbol.end - 8, 9), "\"ETHUSDT\"");
}

TEST(BinanceSymbol, IsUnescapedButItsEndIsThatOfTheText) {
  const std::string_view frame = R"({"stream":"x","data":{"s":"\u0042TC"}})";
  const auto symbol = found(frame);
  EXPECT_EQ(symbol.text, "BTC");
  EXPECT_EQ(frame.substr(symbol.end), "\"}}");
}

TEST(BinanceSymbol, OfOtherObjectsIsNotTaken) {
  EXPECT_EQ(found(R"({"stream":"x","s":"A","data":{"k":{"s":"B"},"l":[{"s":"C"}]}})").text, "");
  EXPECT_EQ(found(R"({"stream":"x","other":{"s":"A"}})").text, "");
  EXPECT_EQ(found(R"({"stream":"x","data":[{"s":"A"}]})").text, "");
  EXPECT_EQ(found(R"([{"stream":"x","data":{"s":"A"}}])").text, "");
  EXPECT_EQ(found(R"({"stream":"x","data":{"s":7}})").text, "");
  EXPECT_EQ(found(R"({"stream":"x","data":{"s":["A"]}})").text, "");
}

TEST(BinanceSymbol, ComesFromTheLastOfDoubledMembers) {
  EXPECT_EQ(found(R"({"stream":"x","data":{"s":"A","s":"B"}})").text, "B");
  EXPECT_EQ(found(R"({"stream":"x","data":{"s":"A"},"data":{"s":"B"}})").text, "B");
  EXPECT_EQ(found(R"({"stream":"x","data":{"s":"A"},"data":{}})").text, "");
}

TEST(BinanceSymbol, IsSoughtInStreamFramesOnly) {
  EXPECT_FALSE(found(R"({"lastUpdateId":1,"bids":[["1","2"]],"asks":[]})").has_stream);
  EXPECT_FALSE(found(R"({"data":{"stream":"x"}})").has_stream);
}

TEST(BinanceSymbol, IsRefusedInWhatIsNoJson) {
  EXPECT_EQ(refused(""), errc::bad_json);
  EXPECT_EQ(refused("{"), errc::bad_json);
  EXPECT_EQ(refused(R"({"stream":"x"} trailing)"), errc::bad_json);
  EXPECT_EQ(refused("{\"stream\":\"\xff\"}"), errc::bad_utf8);
  EXPECT_EQ(refused(std::string(33, '[') + std::string(33, ']')), errc::bad_json);
}

} // namespace
} // namespace tradepulse::json
