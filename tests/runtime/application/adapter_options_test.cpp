#include "runtime/application/adapter_options.hpp"

#include <gtest/gtest.h>

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

TEST(KafkaConnection, KeepsTheBracketsOfAnAddress) {
  auto settings = config::default_settings();
  settings.kafka.brokers = {{"::1", 9092}, {"kafka", 9093}};
  EXPECT_EQ(kafka_connection(settings.kafka).brokers, "[::1]:9092,kafka:9093");
}

} // namespace
} // namespace tradepulse
