#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tradepulse::kafka {

// What every connection to the log needs. `brokers` is the configuration key `kafka.brokers`.
struct connection_options {
  std::string brokers;                  // "host:port,host:port"
  std::string client_id = "tradepulse"; // short: it is the prefix of the member id, which sorts
  // Passed to librdkafka as they are (security.protocol, sasl.*, ssl.*, ...), key
  // `kafka.properties`. The ones that TradePulse's guarantees rest on are refused.
  std::vector<std::pair<std::string, std::string>> properties;
};

struct consumer_options {
  connection_options connection;
  std::string group_id = "tradepulse";
  std::string group_instance_id;   // static membership; empty: dynamic
  std::vector<std::string> topics; // names and globs (`*`)
  // `range`, `roundrobin`; `cooperative-sticky` only where librdkafka is 2.6.1 or newer.
  std::string assignment_strategy = "range";
  std::chrono::milliseconds session_timeout{6000};
  std::chrono::milliseconds heartbeat_interval{2000};
  // How soon new topics and partitions are found.
  std::chrono::milliseconds metadata_refresh{2000};
  // What the library may hold unread, over all partitions of the subscribed topics; each gets its
  // part, at least 1 MB and at most 64 MB.
  std::size_t prefetch_bytes = 256U << 20U;
  std::size_t fetch_max_bytes = 8U << 20U;
  std::size_t fetch_min_bytes = 1;
  // A partition that starts waits for the fetch that is under way: at most this long.
  std::chrono::milliseconds fetch_wait_max{100};
  // The upper bound of a batch; it is as large as what waits in the partition's queue.
  std::size_t max_batch_records = 4000;
  std::size_t max_batch_bytes = 1U << 20U; // reached by the record that exceeds it
  std::chrono::milliseconds commit_interval{1000};
};

struct inspector_options {
  connection_options connection;
  std::chrono::milliseconds deadline{10'000};
};

struct dead_letter_options {
  connection_options connection;
  // Without confirmation for this long the letter has failed.
  std::chrono::milliseconds message_timeout{30'000};
  std::size_t truncated_value_bytes = 64U << 10U;
  // Letters handed to librdkafka at a time; the others wait in our own queue.
  std::size_t queue_capacity_messages = 10'000;
};

struct producer_options {
  connection_options connection;
  std::chrono::milliseconds linger{1};
  std::chrono::milliseconds message_timeout{30'000};
  std::size_t queue_capacity_messages = 100'000;
  std::string compression = "none"; // none, gzip, snappy, lz4, zstd
};

struct embedded_log_options {
  struct topic {
    std::string name;
    std::int32_t partitions = 1;
  };
  std::vector<topic> topics;
  std::int32_t brokers = 1;
  std::int32_t replication = 1;
};

} // namespace tradepulse::kafka
