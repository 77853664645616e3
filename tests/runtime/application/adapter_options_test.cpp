#include "runtime/application/adapter_options.hpp"

#include <gtest/gtest.h>

#include "runtime/application/actor_options.hpp"
#include "runtime/config/check_config.hpp"

namespace tradepulse {
namespace {

TEST(GlobMatches, LetsAStarStandForAnything) {
  EXPECT_TRUE(glob_matches("market-data.*", "market-data.stocks"));
  EXPECT_TRUE(glob_matches("market-data.*", "market-data."));
  EXPECT_TRUE(glob_matches("*.prices.*", "eu.prices.fx"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_FALSE(glob_matches("market-data.*", "market-data"));
  EXPECT_FALSE(glob_matches("market-data.*", "xmarket-data.stocks"));
  EXPECT_FALSE(glob_matches("price-ticks", "price-ticks-2"));
}

TEST(TopicEntry, PrefersTheExactName) {
  auto settings = config::default_settings();
  settings.topics = {{"market-data.*", config::topic_decoder::market_price},
                     {"market-data.binance", config::topic_decoder::binance_stream}};
  EXPECT_EQ(topic_entry(settings, "market-data.binance")->decoder,
            config::topic_decoder::binance_stream);
  EXPECT_EQ(topic_entry(settings, "market-data.fx")->decoder, config::topic_decoder::market_price);
  EXPECT_EQ(topic_entry(settings, "price-ticks"), nullptr);
}

TEST(DecoderFor, ReadsATopicAsItsEntrySays) {
  auto settings = config::default_settings();
  config::topic_settings bars{"bars", config::topic_decoder::stock_bars};
  bars.interval = kline_interval::h1;
  config::topic_settings aggregates{"aggregates", config::topic_decoder::binance_stream};
  aggregates.aggregate_trades = true;
  settings.topics = {bars,
                     aggregates,
                     {"trades", config::topic_decoder::stock_trades},
                     {"klines", config::topic_decoder::binance_klines},
                     {"own", config::topic_decoder::binance_klines}};
  settings.topics.back().own_sequence = true;
  EXPECT_TRUE(decoder_for(settings, "bars")->klines_have_own_numbers());
  EXPECT_FALSE(decoder_for(settings, "aggregates")->klines_have_own_numbers());
  EXPECT_FALSE(decoder_for(settings, "klines")->klines_have_own_numbers());
  EXPECT_TRUE(decoder_for(settings, "own")->klines_have_own_numbers());
  const auto decoded = [&](const std::string& topic, std::string_view value) {
    record r;
    r.append_time = time_ms{std::chrono::milliseconds{1'723'161'256'600}};
    r.value = value;
    return decoder_for(settings, topic)->decode(r);
  };
  const auto bar = decoded("bars", R"({"symbol":"A","open":1,"high":1,"low":1,"close":1,)"
                                   R"("volume":1,"timestamp":1723161240000})");
  ASSERT_TRUE(std::holds_alternative<decoded_kline>(bar));
  EXPECT_EQ(std::get<decoded_kline>(bar).interval, kline_interval::h1);
  EXPECT_TRUE(std::holds_alternative<decoded_trade>(
      decoded("aggregates", R"({"stream":"b@aggTrade","data":{"e":"aggTrade","s":"B","a":1,)"
                            R"("p":"1","q":"1","T":1723161256543}})")));
  EXPECT_TRUE(std::holds_alternative<decoded_trade>(
      decoded("trades", R"({"symbol":"A","price":1,"size":1,"timestamp":1723161256543})")));
  EXPECT_TRUE(std::holds_alternative<decoded_kline>(
      decoded("klines", R"({"e":"kline","E":1723161256543,"s":"B","k":{"t":1723161240000,)"
                        R"("T":1723161299999,"i":"1m","o":1,"h":1,"l":1,"c":1,"v":1,"x":true}})")));
}

TEST(BringsKlines, IsTrueOfDecodersThatReadThemAndOfBarsOfThatLengthAlone) {
  using enum config::topic_decoder;
  config::topic_settings bars{"bars", stock_bars};
  bars.interval = kline_interval::h1;
  EXPECT_TRUE(bars.brings_klines(kline_interval::h1));
  EXPECT_FALSE(bars.brings_klines(kline_interval::m1));
  EXPECT_TRUE((config::topic_settings{"klines", binance_klines}.brings_klines(kline_interval::m1)));
  EXPECT_TRUE((config::topic_settings{"frames", binance_stream}.brings_klines(kline_interval::d3)));
  EXPECT_FALSE((config::topic_settings{"trades", stock_trades}.brings_klines(kline_interval::m1)));
  EXPECT_FALSE((config::topic_settings{"ticks", price_ticks}.brings_klines(kline_interval::m1)));
}

TEST(KafkaConnection, KeepsTheBracketsOfAnAddress) {
  auto settings = config::default_settings();
  settings.kafka.brokers = {{"::1", 9092}, {"kafka", 9093}};
  EXPECT_EQ(kafka_connection(settings.kafka).brokers, "[::1]:9092,kafka:9093");
}

} // namespace
} // namespace tradepulse
