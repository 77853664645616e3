#include "actors/engine_metrics.hpp"

namespace tradepulse {

engine_metrics::engine_metrics(metrics::registry& in)
    : registry(in), ticks(in.make_counter("tradepulse_ticks_total",
                                          "Records that feed a stream, once per reading")),
      late_ticks(in.make_counter("tradepulse_late_ticks_total",
                                 "Events older than the newest of their stream")),
      candles(in.make_counter("tradepulse_candle_events_total", "Candles closed or corrected")),
      candle_corrections(in.make_counter("tradepulse_candle_corrections_total",
                                         "Closed candles that a late event changed")),
      too_late_for_candles(in.make_counter("tradepulse_candle_too_late_total",
                                           "Events older than candles.lateness, in no candle")),
      candle_overflows(in.make_counter("tradepulse_candle_overflows_total",
                                       "Candles whose quote volume is above what can be kept")),
      candles_left_out(in.make_counter("tradepulse_candles_left_out_total",
                                       "Flat candles beyond candles.fill_limit")),
      candle_loads(in.make_counter("tradepulse_candle_loads_total",
                                   "Reads of closed candles that late events asked for")),
      candle_times_held_back(
          in.make_counter("tradepulse_candle_times_held_back_total",
                          "Records whose event time was ahead by more than candles.max_ahead")),
      stale_batches(
          in.make_counter("tradepulse_stale_batches_total", "Batches of an older claim, dropped")),
      ranges_in_flight(
          in.make_gauge("tradepulse_ranges_in_flight", "Ranges dispatched and not yet committed")),
      claims(in.make_counter("tradepulse_partition_claims_total", "Claims of partitions granted")),
      refused_commits(in.make_counter("tradepulse_refused_commits_total",
                                      "Commits refused because another claim came first")),
      failed_symbols(
          in.make_counter("tradepulse_symbol_failures_total", "Symbol actors that died")),
      unordered_streams(in.make_counter("tradepulse_unordered_streams_total",
                                        "Streams found to be fed from several partitions")),
      dead_letters(in.make_counter("tradepulse_dead_letters_total",
                                   "Records confirmed in a dead-letter topic")),
      dead_letter_retries(in.make_counter("tradepulse_dead_letter_retries_total",
                                          "Dead letters that had to be produced again")),
      expired_records(in.make_counter("tradepulse_expired_records_total",
                                      "Records that Kafka removed before they were read")),
      replaced_logs(in.make_counter("tradepulse_replaced_logs_total",
                                    "Partitions whose log was found to be another one")),
      commits(in.make_counter("tradepulse_database_commits_total", "Transactions committed")),
      committed_rows(in.make_counter("tradepulse_database_rows_total", "Rows written")),
      committed_events(in.make_counter("tradepulse_database_events_total",
                                       "Events covered by committed ranges")),
      database_errors(
          in.make_counter("tradepulse_database_errors_total", "Calls of the database that failed")),
      database_retries(in.make_counter("tradepulse_database_retries_total",
                                       "Calls of the database tried again")),
      refused_rows(in.make_counter("tradepulse_database_refused_rows_total",
                                   "Rows the database refused for their data")),
      waiting_klines(in.make_counter("tradepulse_waiting_klines_total",
                                     "Klines that the key of an adopted market_klines kept out")),
      deliveries(in.make_counter("tradepulse_deliveries_total",
                                 "Events and merged updates handed to client connections")),
      delivered_bytes(in.make_counter("tradepulse_delivered_bytes_total",
                                      "Bytes of events handed to client connections")),
      merged_updates(in.make_counter("tradepulse_merged_updates_total",
                                     "Merged updates sent to slow readers")),
      candle_views(in.make_counter("tradepulse_candle_views_total",
                                   "Views of open candles handed to client connections")),
      gaps(in.make_counter("tradepulse_gap_messages_total", "Gap messages sent to clients")),
      diversions(in.make_counter("tradepulse_diverted_subscriptions_total",
                                 "Times a subscription fell behind its socket")),
      recoveries(in.make_counter("tradepulse_recoveries_total",
                                 "Subscriptions that went on from a position of their client")),
      recovered_events(in.make_counter("tradepulse_recovered_events_total",
                                       "Events sent to subscriptions that catch up")),
      failed_recoveries(in.make_counter("tradepulse_failed_recoveries_total",
                                        "Recoveries ended because the history did not answer")),
      recovering(
          in.make_gauge("tradepulse_recovering_subscriptions", "Subscriptions that catch up now")),
      append_to_dispatch(in.make_histogram("tradepulse_append_to_dispatch_seconds",
                                           "From the record's append to its symbol actors")),
      append_to_socket(in.make_histogram("tradepulse_append_to_socket_seconds",
                                         "From the record's append to a client's socket")),
      append_to_commit(in.make_histogram("tradepulse_append_to_commit_seconds",
                                         "From the record's append to its commit in PostgreSQL")) {
  for (std::size_t i = 0; i < reject_reason_names.size(); ++i)
    rejected[i] = &in.make_counter("tradepulse_rejected_records_total",
                                   "Records that cannot be used, by reason",
                                   {{"reason", std::string(reject_reason_names[i])}});
  for (const auto kind : {event_kind::price, event_kind::trade, event_kind::kline})
    source_gaps.at(static_cast<std::size_t>(kind)) =
        &in.make_counter("tradepulse_source_sequence_missing_total",
                         "Numbers of the source that never came, by the stream that lacks them",
                         {{"stream", std::string(name_of(kind))}});
}

void engine_metrics::count_source_gap(stream_kind of, std::int64_t missing) const {
  if (missing > 0)
    source_gaps.at(static_cast<std::size_t>(of.events()))->add(static_cast<std::uint64_t>(missing));
}

engine_metrics::topic_counters engine_metrics::for_topic(const std::string& topic) {
  auto make = [&](const char* result) {
    return &registry.make_counter("tradepulse_kafka_records_total",
                                  "Records read, by topic and by what they turned out to be",
                                  {{"topic", topic}, {"result", result}});
  };
  return {make("tick"), make("skipped"), make("tombstone"), make("rejected")};
}

} // namespace tradepulse
