#include "adapters/kafka/handle.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "adapters/kafka/library_log.hpp"

namespace tradepulse::kafka {
namespace {

// Each of these, set otherwise, loses or reorders records without an error.
constexpr std::array fixed_properties{
    std::string_view{"metadata.broker.list"},
    std::string_view{"bootstrap.servers"},
    std::string_view{"client.id"},
    std::string_view{"group.id"},
    std::string_view{"group.instance.id"},
    std::string_view{"enable.auto.commit"},
    std::string_view{"enable.auto.offset.store"},
    std::string_view{"auto.commit.enable"},
    std::string_view{"auto.offset.reset"},
    std::string_view{"check.crcs"},
    std::string_view{"enable.partition.eof"},
    std::string_view{"partition.assignment.strategy"},
    std::string_view{"topic.blacklist"},
    std::string_view{"queued.max.messages.kbytes"},
    std::string_view{"enable.idempotence"},
    std::string_view{"max.in.flight.requests.per.connection"},
    std::string_view{"acks"},
    std::string_view{"request.required.acks"},
};

bool holds_secret(std::string_view name) {
  return name.find("password") != std::string_view::npos ||
         name.find("secret") != std::string_view::npos ||
         name.find("jaas") != std::string_view::npos ||
         name.find(".pem") != std::string_view::npos ||
         name.find(".key") != std::string_view::npos ||
         name.find("oauthbearer.config") != std::string_view::npos;
}

result<void> set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value,
                 std::string_view key) {
  std::array<char, 512> why{};
  const auto outcome = rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size());
  if (outcome == RD_KAFKA_CONF_OK)
    return {};
  const std::string named = std::string(key) + ": " + name;
  if (outcome == RD_KAFKA_CONF_UNKNOWN)
    return error{errc::configuration, named + ": librdkafka knows no such property"};
  if (holds_secret(name))
    return error{errc::configuration, named + ": the value is not allowed"};
  return error{errc::configuration, named + " = \"" + value + "\": " + why.data()};
}

} // namespace

result<conf_ptr> make_conf(const connection_options& connection, std::span<const setting> ours) {
  if (connection.brokers.empty())
    return error{errc::configuration, "kafka.brokers is empty: host:port[,host:port...] is needed"};
  conf_ptr conf(rd_kafka_conf_new());
  if (auto done = set(conf.get(), "bootstrap.servers", connection.brokers, "kafka.brokers"); !done)
    return done.failure();
  if (auto done = set(conf.get(), "client.id", connection.client_id, "kafka.client_id"); !done)
    return done.failure();
  // An idle connection that the broker closes is no news.
  if (auto done = set(conf.get(), "log.connection.close", "false", "kafka"); !done)
    return done.failure();
  for (const auto& [name, value] : ours)
    if (auto done = set(conf.get(), std::string(name), value, "kafka"); !done)
      return done.failure();
  for (const auto& [name, value] : connection.properties) {
    if (std::find(fixed_properties.begin(), fixed_properties.end(), name) != fixed_properties.end())
      return error{errc::configuration,
                   "kafka.properties: " + name + " is set by TradePulse and cannot be changed"};
    if (auto done = set(conf.get(), name, value, "kafka.properties"); !done)
      return done.failure();
  }
  rd_kafka_conf_set_log_cb(conf.get(), &write_library_log);
  return conf;
}

result<handle_ptr> make_handle(rd_kafka_type_t type, conf_ptr conf,
                               const connection_options& connection) {
  std::array<char, 512> why{};
  handle_ptr made(rd_kafka_new(type, conf.get(), why.data(), why.size()));
  if (!made)
    return brokers_error(errc::configuration, connection, why.data());
  static_cast<void>(conf.release()); // rd_kafka_new has taken it
  return made;
}

error brokers_error(errc code, const connection_options& connection, std::string_view what) {
  return error{code, "kafka.brokers \"" + connection.brokers + "\": " + std::string(what)};
}

bool is_refusal(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
  case RD_KAFKA_RESP_ERR__AUTHENTICATION:
  case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    return true;
  default:
    return false;
  }
}

error refusal(rd_kafka_resp_err_t code, std::string_view text) {
  std::string hint;
  switch (code) {
  case RD_KAFKA_RESP_ERR__AUTHENTICATION:
  case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    hint = "; see sasl.mechanism, sasl.username and sasl.password in kafka.properties";
    break;
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    hint = "; the user in kafka.properties may not read a topic of `topics`";
    break;
  case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    hint = "; the user in kafka.properties may not use kafka.group_id";
    break;
  default:
    break;
  }
  return error{is_refusal(code) ? errc::configuration : errc::log_unavailable,
               std::string(text) + hint};
}

bool is_unknown_partition(rd_kafka_resp_err_t code) noexcept {
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

int to_int_ms(std::chrono::milliseconds span) noexcept {
  return static_cast<int>(
      std::clamp<std::int64_t>(span.count(), 0, std::numeric_limits<int>::max()));
}

} // namespace tradepulse::kafka
