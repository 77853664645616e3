#include <gtest/gtest.h>

#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

result<configuration> profile(variables values) {
  const std::string file = (config_folder() / "profiles" / "core-service.conf").string();
  return load(file, {}, fixed_environment(std::move(values)));
}

TEST(CoreServiceProfile, HasTheDefaultsOfTheServiceItReplaces) {
  const auto loaded = profile({});
  ASSERT_TRUE(loaded.has_value()) << loaded.failure().detail;
  EXPECT_TRUE(loaded->warnings.empty());
  const settings& s = loaded->values;
  EXPECT_EQ(to_string(s.kafka.brokers), "kafka:29092");
  ASSERT_EQ(s.topics.size(), 1U);
  EXPECT_EQ(s.topics[0].name, "market_data");
  EXPECT_EQ(s.topics[0].decoder, topic_decoder::binance_klines);
  EXPECT_EQ(s.kafka.group_id, "core-service-group");
  EXPECT_EQ(s.kafka.client_id, "core-service");
  EXPECT_EQ(s.klines.missed_numbers, kline_numbers::source);
  EXPECT_EQ(s.postgres.host, "postgres");
  EXPECT_EQ(s.postgres.port, "5432");
  EXPECT_EQ(s.postgres.database, "tradepulse");
  EXPECT_EQ(s.postgres.user, "tradepulse");
  EXPECT_EQ(s.postgres.password, "tradepulse123");
  EXPECT_EQ(s.postgres.max_connections, 20U);
  EXPECT_TRUE(s.postgres.migrate);
  EXPECT_TRUE(s.postgres.sequence_tracker);
  EXPECT_TRUE(s.journal.keeps("kline"));
  EXPECT_EQ(s.cors.origins, (std::vector<std::string>{"*"}));
  ASSERT_EQ(s.listeners.size(), 2U);
  EXPECT_EQ(s.listeners[0].host, "0.0.0.0");
  EXPECT_EQ(s.listeners[0].port, 8000);
  EXPECT_EQ(s.listeners[0].serves_names, (std::vector<std::string>{"rest", "websocket"}));
  EXPECT_EQ(s.listeners[1].port, 9091);
  EXPECT_EQ(s.listeners[1].serves_names, (std::vector<std::string>{"ops"}));
}

TEST(CoreServiceProfile, TakesEveryVariableOfThatService) {
  const auto loaded = profile({{"KAFKA_BROKERS", "k1:1,k2:2"},
                               {"KAFKA_TOPIC", "klines"},
                               {"KAFKA_GROUP_ID", "g"},
                               {"KAFKA_CLIENT_ID", "c"},
                               {"POSTGRES_HOST", "db"},
                               {"POSTGRES_PORT", "6000"},
                               {"POSTGRES_DATABASE", "d"},
                               {"POSTGRES_USER", "u"},
                               {"POSTGRES_PASSWORD", "p w'\""},
                               {"POSTGRES_MAX_CONNECTIONS", "7"},
                               {"REST_API_PORT", "4001"},
                               {"REST_API_HOST", "127.0.0.1"},
                               {"METRICS_ENABLED", "false"},
                               {"METRICS_PORT", "4003"},
                               {"METRICS_PATH", "/m"}});
  ASSERT_TRUE(loaded.has_value()) << loaded.failure().detail;
  const settings& s = loaded->values;
  EXPECT_EQ(to_string(s.kafka.brokers), "k1:1,k2:2");
  EXPECT_EQ(s.topics[0].name, "klines");
  EXPECT_EQ(s.kafka.group_id, "g");
  EXPECT_EQ(s.kafka.client_id, "c");
  EXPECT_EQ(s.postgres.host, "db");
  EXPECT_EQ(s.postgres.port, "6000");
  EXPECT_EQ(s.postgres.database, "d");
  EXPECT_EQ(s.postgres.user, "u");
  EXPECT_EQ(s.postgres.password, "p w'\"");
  EXPECT_EQ(s.postgres.max_connections, 7U);
  EXPECT_EQ(s.listeners[0].port, 4001);
  EXPECT_EQ(s.listeners[0].host, "127.0.0.1");
  EXPECT_EQ(s.listeners[1].port, 4003);
  EXPECT_FALSE(s.ops.metrics);
  EXPECT_EQ(s.ops.metrics_path, "/m");
}

TEST(CoreServiceProfile, SaysWhichVariableIsWrong) {
  const auto loaded = profile({{"REST_API_PORT", "http"}});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_NE(loaded.failure().detail.find("environment REST_API_PORT ("), std::string::npos);
}

} // namespace
} // namespace tradepulse::config
