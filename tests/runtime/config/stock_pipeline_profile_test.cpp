#include <gtest/gtest.h>

#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

result<configuration> profile(variables values) {
  std::string file = (config_folder() / "profiles" / "stock-pipeline.conf").string();
  return load(file, {}, fixed_environment(std::move(values)));
}

TEST(StockPipelineProfile, HasTheDefaultsOfThePipelineItReplaces) {
  auto loaded = profile({});
  ASSERT_TRUE(loaded.has_value()) << loaded.failure().detail;
  EXPECT_TRUE(loaded->warnings.empty());
  const settings& s = loaded->values;
  EXPECT_EQ(to_string(s.kafka.brokers), "localhost:9093");
  ASSERT_EQ(s.topics.size(), 2U);
  EXPECT_EQ(s.topics[0].name, "stock-trades");
  EXPECT_EQ(s.topics[0].decoder, topic_decoder::stock_trades);
  // Bars of other lengths than those of stock-bars are candles.
  EXPECT_EQ(s.topics[0].candles, candle_source::trade);
  EXPECT_EQ(s.topics[0].missed_klines, missed_klines_from::klines);
  EXPECT_EQ(s.topics[1].name, "stock-bars");
  EXPECT_EQ(s.topics[1].decoder, topic_decoder::stock_bars);
  EXPECT_EQ(s.topics[1].interval, kline_interval::m1);
  EXPECT_EQ(s.postgres.host, "localhost");
  EXPECT_EQ(s.postgres.port, "5432");
  EXPECT_EQ(s.postgres.database, "tradepulse");
  EXPECT_EQ(s.postgres.user, "tradepulse");
  EXPECT_EQ(s.postgres.password, "");
  EXPECT_EQ(s.postgres.batch_size, 100U);
  EXPECT_TRUE(s.postgres.migrate);
  EXPECT_EQ(s.cors.origins, (std::vector<std::string>{"*"}));
}

TEST(StockPipelineProfile, AnswersForBarsOnBothPorts) {
  auto loaded = profile({});
  ASSERT_TRUE(loaded.has_value());
  const auto& l = loaded->values.listeners;
  ASSERT_EQ(l.size(), 3U);
  EXPECT_EQ(l[0].host, "0.0.0.0");
  EXPECT_EQ(l[0].port, 8000);
  EXPECT_EQ(l[0].serves_names, (std::vector<std::string>{"rest"}));
  EXPECT_EQ(l[1].host, "0.0.0.0");
  EXPECT_EQ(l[1].port, 5000);
  EXPECT_EQ(l[1].serves_names, (std::vector<std::string>{"rest", "websocket"}));
  EXPECT_EQ(l[2].host, "127.0.0.1");
  EXPECT_EQ(l[2].port, 9091);
  EXPECT_EQ(l[2].serves_names, (std::vector<std::string>{"ops"}));
}

TEST(StockPipelineProfile, TakesTheVariablesOfThatPipeline) {
  auto loaded = profile({{"KAFKA_BOOTSTRAP_SERVERS", "k1:1,k2:2"},
                         {"POSTGRES_HOST", "db"},
                         {"POSTGRES_PORT", "6000"},
                         {"POSTGRES_DB", "d"},
                         {"POSTGRES_USER", "u"},
                         {"POSTGRES_PASSWORD", "p w'\""},
                         {"BATCH_SIZE", "9"}});
  ASSERT_TRUE(loaded.has_value()) << loaded.failure().detail;
  const settings& s = loaded->values;
  EXPECT_EQ(to_string(s.kafka.brokers), "k1:1,k2:2");
  EXPECT_EQ(s.postgres.host, "db");
  EXPECT_EQ(s.postgres.port, "6000");
  EXPECT_EQ(s.postgres.database, "d");
  EXPECT_EQ(s.postgres.user, "u");
  EXPECT_EQ(s.postgres.password, "p w'\"");
  EXPECT_EQ(s.postgres.batch_size, 9U);
}

TEST(StockPipelineProfile, SaysWhichVariableIsWrong) {
  auto loaded = profile({{"BATCH_SIZE", "many"}});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_NE(loaded.failure().detail.find("environment BATCH_SIZE ("), std::string::npos);
}

} // namespace
} // namespace tradepulse::config
