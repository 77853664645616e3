#include <gtest/gtest.h>

#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

using namespace std::chrono_literals;

result<configuration> profile(variables values, std::vector<std::string> overrides = {}) {
  std::string file = (config_folder() / "profiles" / "snapshot-service.conf").string();
  return load(file, overrides, fixed_environment(std::move(values)));
}

TEST(SnapshotServiceProfile, HasTheDefaultsOfTheServiceItReplaces) {
  auto loaded = profile({});
  ASSERT_TRUE(loaded.has_value()) << loaded.failure().detail;
  EXPECT_TRUE(loaded->warnings.empty());
  const settings& s = loaded->values;
  EXPECT_EQ(to_string(s.kafka.brokers), "kafka:29092");
  ASSERT_EQ(s.topics.size(), 1U);
  EXPECT_EQ(s.topics[0].name, "price-ticks");
  EXPECT_EQ(s.kafka.group_id, "snapshot-service-group");
  EXPECT_EQ(s.kafka.client_id, "trade-pulse-snapshot-service");
  EXPECT_EQ(s.postgres.host, "postgres");
  EXPECT_EQ(s.postgres.port, "5432");
  EXPECT_EQ(s.postgres.database, "tradepulse");
  EXPECT_EQ(s.postgres.user, "tradepulse");
  EXPECT_EQ(s.postgres.password, "tradepulse123");
  EXPECT_EQ(s.postgres.max_connections, 20U);
  EXPECT_EQ(s.postgres.batch_size, 50U);
  EXPECT_EQ(s.postgres.flush_interval, 1000ms);
  EXPECT_EQ(s.postgres.max_retries, 3U);
  EXPECT_TRUE(s.postgres.migrate);
  EXPECT_TRUE(s.postgres.snapshot_timestamp_index);
  EXPECT_TRUE(s.ops.metrics);
  EXPECT_EQ(s.ops.metrics_path, "/metrics");
  EXPECT_EQ(s.cors.origins, (std::vector<std::string>{"*"}));
}

TEST(SnapshotServiceProfile, OpensThreePortsInPlaceOfTheUsualTwo) {
  auto loaded = profile({});
  ASSERT_TRUE(loaded.has_value());
  const auto& l = loaded->values.listeners;
  ASSERT_EQ(l.size(), 3U);
  for (const listener_settings& one : l)
    EXPECT_EQ(one.host, "0.0.0.0");
  EXPECT_EQ(l[0].port, 3001);
  EXPECT_EQ(l[0].serves_names, (std::vector<std::string>{"rest"}));
  EXPECT_EQ(l[1].port, 3002);
  EXPECT_EQ(l[1].serves_names, (std::vector<std::string>{"websocket"}));
  EXPECT_EQ(l[1].websocket_paths, (std::vector<std::string>{"/"}));
  EXPECT_EQ(l[2].port, 9091);
  EXPECT_EQ(l[2].serves_names, (std::vector<std::string>{"ops"}));
}

TEST(SnapshotServiceProfile, TakesEveryVariableOfThatService) {
  auto loaded = profile({{"KAFKA_BROKERS", "k1:1,k2:2"},  {"KAFKA_TOPIC", "ticks"},
                         {"KAFKA_GROUP_ID", "g"},         {"KAFKA_CLIENT_ID", "c"},
                         {"POSTGRES_HOST", "db"},         {"POSTGRES_PORT", "6000"},
                         {"POSTGRES_DATABASE", "d"},      {"POSTGRES_USER", "u"},
                         {"POSTGRES_PASSWORD", "p w'\""}, {"POSTGRES_MAX_CONNECTIONS", "7"},
                         {"REST_API_PORT", "4001"},       {"REST_API_HOST", "127.0.0.1"},
                         {"WEBSOCKET_PORT", "4002"},      {"WEBSOCKET_HOST", "127.0.0.2"},
                         {"METRICS_ENABLED", "false"},    {"METRICS_PORT", "4003"},
                         {"METRICS_PATH", "/m"},          {"BATCH_SIZE", "9"},
                         {"FLUSH_INTERVAL", "20"},        {"MAX_RETRIES", "5"}});
  ASSERT_TRUE(loaded.has_value()) << loaded.failure().detail;
  const settings& s = loaded->values;
  EXPECT_EQ(to_string(s.kafka.brokers), "k1:1,k2:2");
  EXPECT_EQ(s.topics[0].name, "ticks");
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
  EXPECT_EQ(s.listeners[1].port, 4002);
  EXPECT_EQ(s.listeners[1].host, "127.0.0.2");
  EXPECT_EQ(s.listeners[2].port, 4003);
  EXPECT_FALSE(s.ops.metrics);
  EXPECT_EQ(s.ops.metrics_path, "/m");
  EXPECT_EQ(s.postgres.batch_size, 9U);
  EXPECT_EQ(s.postgres.flush_interval, 20ms);
  EXPECT_EQ(s.postgres.max_retries, 5U);
}

TEST(SnapshotServiceProfile, SaysWhichVariableIsWrong) {
  auto loaded = profile({{"REST_API_PORT", "http"}, {"METRICS_PORT", "3002"}});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_NE(loaded.failure().detail.find("environment REST_API_PORT ("), std::string::npos);
  EXPECT_NE(loaded.failure().detail.find("listeners[0].port = \"http\": not an integer, allowed 0 "
                                         ".. 65535"),
            std::string::npos);
  auto twice = profile({{"METRICS_PORT", "3002"}});
  ASSERT_FALSE(twice.has_value());
  EXPECT_NE(twice.failure().detail.find("environment METRICS_PORT ("), std::string::npos);
}

} // namespace
} // namespace tradepulse::config
