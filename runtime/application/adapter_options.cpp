#include "runtime/application/adapter_options.hpp"

#include <algorithm>

namespace tradepulse {

kafka::connection_options kafka_connection(const config::kafka_settings& from) {
  kafka::connection_options out;
  out.brokers = config::to_string(from.brokers);
  out.client_id = from.client_id;
  out.properties = from.properties;
  return out;
}

std::vector<std::string> topic_names(const config::settings& from) {
  std::vector<std::string> out;
  for (const auto& topic : from.topics)
    out.push_back(topic.name);
  return out;
}

kafka::consumer_options kafka_consumer(const config::settings& from) {
  kafka::consumer_options out;
  out.connection = kafka_connection(from.kafka);
  out.group_id = from.kafka.group_id;
  out.group_instance_id = from.kafka.group_instance_id;
  out.topics = topic_names(from);
  out.assignment_strategy = from.kafka.partition_assignment_strategy;
  out.session_timeout = from.kafka.session_timeout;
  out.heartbeat_interval = from.kafka.heartbeat_interval;
  out.metadata_refresh = from.kafka.metadata_refresh;
  out.prefetch_bytes = from.kafka.prefetch;
  out.fetch_wait_max = from.kafka.fetch_wait_max;
  out.max_batch_records = from.ingest.batch_records;
  return out;
}

postgres_settings postgres_connection(const config::postgres_settings& from) {
  postgres_settings out;
  out.url = from.url;
  out.host = from.host;
  out.port = from.port;
  out.database = from.database;
  out.user = from.user;
  out.password = from.password;
  out.target_session_attrs = from.target_session_attrs;
  out.options = from.options;
  out.synchronous_commit = from.synchronous_commit ? commit_durability::on : commit_durability::off;
  out.connect_timeout = from.connect_timeout;
  out.statement_timeout = from.statement_timeout;
  out.lock_timeout = from.lock_timeout;
  out.idle_in_transaction_timeout = from.idle_in_transaction_session_timeout;
  out.watchdog_timeout = from.watchdog;
  return out;
}

web::connection_limits web_limits(const config::settings& from) {
  web::connection_limits out;
  out.header_bytes = from.limits.header_bytes;
  out.body_bytes = from.limits.body_bytes;
  out.message_bytes = from.limits.message_bytes;
  out.outbound_queue_bytes = from.limits.outbound_queue;
  out.handshake_timeout = from.client.handshake_timeout;
  out.write_timeout = from.client.write_timeout;
  out.heartbeat_interval = from.heartbeat.interval;
  out.heartbeat_timeout = from.heartbeat.timeout;
  out.messages_per_second = static_cast<double>(from.limits.messages_per_second);
  out.message_burst = static_cast<double>(from.limits.messages_burst);
  return out;
}

bool glob_matches(std::string_view glob, std::string_view text) {
  const auto star = glob.find('*');
  if (star == std::string_view::npos)
    return glob == text;
  if (text.substr(0, star) != glob.substr(0, star))
    return false;
  const auto rest = glob.substr(star + 1);
  for (std::size_t from = star; from <= text.size(); ++from)
    if (glob_matches(rest, text.substr(from)))
      return true;
  return false;
}

const config::topic_settings* topic_entry(const config::settings& from, std::string_view topic) {
  for (const auto& each : from.topics)
    if (each.name == topic)
      return &each;
  for (const auto& each : from.topics)
    if (glob_matches(each.name, topic))
      return &each;
  return nullptr;
}

missed_klines_from missed_from(const config::settings& from, const config::topic_settings& topic,
                               kline_interval interval) {
  using enum missed_klines_from;
  const auto brings = [interval](const config::topic_settings& each) {
    return each.brings_klines(interval);
  };
  const auto length = parse_candle_interval(name_of(interval));
  const bool are_there = topic.missed_klines == klines
                             ? std::ranges::any_of(from.topics, brings)
                             : length && from.candles.lengths().contains(*length);
  return topic.candles != config::candle_source::none && are_there ? topic.missed_klines : as_bars;
}

} // namespace tradepulse
