#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/candle_interval.hpp"
#include "protocol/kline_interval.hpp"
#include "protocol/kline_numbers.hpp"
#include "protocol/log.hpp"
#include "runtime/config/endpoint.hpp"

// The whole configuration as plain values. Every member is filled from the table in schema.hpp,
// which says what it means, its unit, its bounds and its default; nothing else knows HOCON.
// Sizes are bytes. Enumerations are in the order of the schema's choices.
namespace tradepulse::config {

using std::chrono::milliseconds;

struct node_settings {
  std::string id;
};

enum class log_format : std::uint8_t { key_value, json };

struct log_settings {
  log::level level{};
  log_format format{};
  std::string file; // empty: standard error
};

enum class log_start : std::uint8_t { earliest, latest };
enum class replaced_log_policy : std::uint8_t { stop, new_epoch };
enum class dead_letter_failure : std::uint8_t { pause, count };

struct dead_letter_settings {
  dead_letter_failure on_failure{};
  milliseconds timeout{};
};

struct kafka_settings {
  std::vector<endpoint> brokers;
  std::string group_id;
  std::string client_id;
  std::string group_instance_id; // empty: a dynamic member
  milliseconds session_timeout{};
  milliseconds heartbeat_interval{};
  milliseconds metadata_refresh{};
  milliseconds fetch_wait_max{};
  std::size_t prefetch{};
  log_start start{};
  replaced_log_policy on_replaced_log{};
  milliseconds identity_check_interval{};
  std::string partition_assignment_strategy; // librdkafka's word for it
  dead_letter_settings dead_letter;
  // Passed to librdkafka as they are: name, value. May hold secrets.
  std::vector<std::pair<std::string, std::string>> properties;
};

enum class topic_decoder : std::uint8_t {
  by_name, // never in what was loaded: see complete_topics
  price_ticks,
  market_price,
  binance_stream,
  stock_trades,
  stock_bars,
  binance_klines
};

// Of which stream of a topic candles are made.
enum class candle_source : std::uint8_t { none, trade, price };

struct topic_settings {
  std::string name; // a glob where it has a '*'
  topic_decoder decoder{};
  kline_interval interval = kline_interval::m1; // of stock-bars
  bool aggregate_trades{};                      // of binance-stream
  bool own_sequence{};                          // of binance-klines
  candle_source candles{};
  missed_klines_from missed_klines{};

  // Whether klines of that length may come from the topic.
  bool brings_klines(kline_interval length) const {
    return decoder == topic_decoder::binance_klines || decoder == topic_decoder::binance_stream ||
           (decoder == topic_decoder::stock_bars && interval == length);
  }
  bool is_glob() const { return name.find('*') != std::string::npos; }
};

// How candles are made, of all topics that have a candle_source.
struct candle_settings {
  std::vector<std::string> intervals; // not empty; names of candle_interval
  milliseconds grace{};
  milliseconds lateness{};
  milliseconds max_ahead{};
  milliseconds idle_close{};
  bool fill{};
  std::uint32_t fill_limit{};

  candle_intervals lengths() const;
};

struct ingest_settings {
  milliseconds max_ahead{};
  std::size_t max_record_bytes{};
  std::size_t credit_events{};
  std::size_t credit_bytes{};
  std::size_t batch_records{};
};

struct symbol_settings {
  std::size_t ring{};
  milliseconds passivate_after{};
  std::size_t max_unknown{};
  std::size_t failures{};
  milliseconds failure_window{};
};

struct postgres_settings {
  std::string url;  // where not empty: in place of host, port, database, user and password
  std::string host; // "a,b" = try a, then b
  std::string port; // "5432,5433" goes with "a,b"
  std::string database;
  std::string user;
  std::string password;
  std::string options;
  std::string target_session_attrs; // libpq's word for it
  std::size_t max_connections{};
  std::size_t writers{};
  std::size_t readers{};
  bool migrate{};
  bool snapshot_timestamp_index{};
  bool synchronous_commit{};
  bool sequence_tracker{};
  milliseconds connect_timeout{};
  milliseconds statement_timeout{};
  milliseconds lock_timeout{};
  milliseconds idle_in_transaction_session_timeout{};
  milliseconds watchdog{};
  milliseconds retry_min{};
  milliseconds retry_max{};
  std::size_t max_retries{};
  std::size_t batch_size{};
  milliseconds flush_interval{};
};

enum class service : std::uint8_t { rest, websocket, ops };

struct listener_settings {
  std::string host;
  std::uint16_t port{};                  // 0: any free one
  std::vector<std::string> serves_names; // as written; see serves()
  std::vector<std::string> websocket_paths;
  std::string key; // of the port, where it is not an element of `listeners`

  bool serves(service what) const;
};

struct client_settings {
  std::string host;
  std::uint16_t port{};
  milliseconds write_timeout{};
  milliseconds handshake_timeout{};
  std::size_t io_threads{};
};

struct ops_settings {
  std::string host;
  std::uint16_t port{};
  bool metrics{};
  std::string metrics_path;
};

struct limit_settings {
  std::size_t message_bytes{};
  std::size_t subscriptions{};
  std::size_t connections{};
  std::size_t connections_per_address{}; // 0: no limit
  std::size_t outbound_queue{};
  std::size_t lossless_bytes{};
  std::size_t header_bytes{};
  std::size_t body_bytes{};
  std::size_t messages_per_second{}; // 0: no limit
  std::size_t messages_burst{};
  std::size_t recoveries{};
};

struct recovery_settings {
  milliseconds timeout{};
};

struct heartbeat_settings {
  milliseconds interval{};
  milliseconds timeout{};
};

struct cors_settings {
  std::vector<std::string> origins; // empty: no CORS; "*": every one
};

struct admin_settings {
  std::string token; // empty: /admin answers 404
};

struct runtime_settings {
  std::size_t workers{}; // 0: one per core
};

struct startup_settings {
  milliseconds timeout{}; // 0: wait for ever
};

struct shutdown_settings {
  milliseconds deadline{};
  milliseconds retry_after_min{};
  milliseconds retry_after_max{};
};

// How long each kind of stream is kept.
struct journal_retention_settings {
  static constexpr milliseconds forever = milliseconds::max();

  milliseconds price{};
  milliseconds trade{};
  milliseconds quote{};
  milliseconds kline{};
  milliseconds candle{};
};

struct journal_settings {
  std::vector<std::string> streams; // kinds: price, trade, quote, kline, candle
  journal_retention_settings retention;

  bool keeps(std::string_view stream) const;
};

struct kline_settings {
  kline_numbers missed_numbers{};
};

// Tables of other programs under names that TradePulse has too.
struct adopt_settings {
  std::vector<std::string> replace;
};

struct settings {
  node_settings node;
  log_settings log;
  kafka_settings kafka;
  std::vector<topic_settings> topics;
  candle_settings candles;
  ingest_settings ingest;
  symbol_settings symbols;
  postgres_settings postgres;
  adopt_settings adopt;
  journal_settings journal;
  kline_settings klines;
  client_settings client;
  ops_settings ops;
  // Never empty: what is configured, or the two that client.* and ops.* describe.
  std::vector<listener_settings> listeners;
  limit_settings limits;
  recovery_settings recovery;
  heartbeat_settings heartbeat;
  cors_settings cors;
  admin_settings admin;
  runtime_settings runtime;
  startup_settings startup;
  shutdown_settings shutdown;
};

} // namespace tradepulse::config
