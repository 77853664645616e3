#pragma once

#include <array>
#include <string>

#include "protocol/metrics.hpp"
#include "protocol/reject_reason.hpp"
#include "protocol/stream_kind.hpp"

namespace tradepulse {

// The counters of the actors, made once; each label comes from a closed set.
struct engine_metrics {
  explicit engine_metrics(metrics::registry& in);

  // What became of the records of one topic.
  struct topic_counters {
    metrics::counter* ticks;
    metrics::counter* skipped;
    metrics::counter* tombstones;
    metrics::counter* rejected;
  };
  topic_counters for_topic(const std::string& topic);
  void count_source_gap(stream_kind of, std::int64_t missing) const;

  metrics::registry& registry;

  metrics::counter& ticks;
  metrics::counter& late_ticks;
  // By event_kind; null where upstream's numbers say nothing. A trade makes a price too: a number
  // that never came is missing in both.
  std::array<metrics::counter*, 4> source_gaps{};
  std::array<metrics::counter*, reject_reason_names.size()> rejected{};
  metrics::counter& candles;
  metrics::counter& candle_corrections;
  metrics::counter& too_late_for_candles;
  metrics::counter& candle_overflows;
  metrics::counter& candles_left_out;
  metrics::counter& candle_loads;
  metrics::counter& candle_times_held_back;
  metrics::counter& stale_batches;
  metrics::gauge& ranges_in_flight;
  metrics::counter& claims;
  metrics::counter& refused_commits;
  metrics::counter& failed_symbols;
  metrics::counter& unordered_streams;
  metrics::counter& dead_letters;
  metrics::counter& dead_letter_retries;
  metrics::counter& expired_records;
  metrics::counter& replaced_logs;

  metrics::counter& commits;
  metrics::counter& committed_rows;
  metrics::counter& committed_events;
  metrics::counter& database_errors;
  metrics::counter& database_retries;
  metrics::counter& refused_rows;
  metrics::counter& waiting_klines;

  metrics::counter& deliveries;
  metrics::counter& delivered_bytes;
  metrics::counter& merged_updates;
  metrics::counter& candle_views;
  metrics::counter& gaps;
  metrics::counter& diversions;
  metrics::counter& recoveries;
  metrics::counter& recovered_events;
  metrics::counter& failed_recoveries;
  metrics::gauge& recovering;

  metrics::latency_histogram& append_to_dispatch;
  metrics::latency_histogram& append_to_socket;
  metrics::latency_histogram& append_to_commit;
};

} // namespace tradepulse
