#include "runtime/application/actor_options.hpp"

#include <algorithm>

#include "adapters/json/decoders.hpp"
#include "runtime/application/adapter_options.hpp"

namespace tradepulse {
namespace {

decoder_kind decoder_of(config::topic_decoder from) {
  switch (from) {
  case config::topic_decoder::market_price:
    return decoder_kind::market_price;
  case config::topic_decoder::binance_stream:
    return decoder_kind::binance_stream;
  case config::topic_decoder::stock_trades:
    return decoder_kind::stock_trades;
  case config::topic_decoder::stock_bars:
    return decoder_kind::stock_bars;
  case config::topic_decoder::binance_klines:
    return decoder_kind::binance_klines;
  case config::topic_decoder::by_name:
  case config::topic_decoder::price_ticks:
    break;
  }
  return decoder_kind::price_ticks;
}

} // namespace

ingest_rules rules_of(const config::settings& settings) {
  ingest_rules out;
  out.start = settings.kafka.start == config::log_start::latest ? start_policy::latest
                                                                : start_policy::earliest;
  out.on_replaced_log = settings.kafka.on_replaced_log == config::replaced_log_policy::new_epoch
                            ? replaced_log_policy::new_epoch
                            : replaced_log_policy::stop;
  out.on_dead_letter_failure =
      settings.kafka.dead_letter.on_failure == config::dead_letter_failure::count
          ? dead_letter_policy::count
          : dead_letter_policy::pause;
  out.identity_check_interval = settings.kafka.identity_check_interval;
  out.symbol_failures = settings.symbols.failures;
  out.symbol_failure_window = settings.symbols.failure_window;
  out.claim_retry_first = settings.postgres.retry_min;
  out.claim_retry_most = settings.postgres.retry_max;
  return out;
}

writer_options writing_of(const config::postgres_settings& from) {
  writer_options out;
  out.batch_rows = from.batch_size;
  out.flush_interval = from.flush_interval;
  out.retry_first = from.retry_min;
  out.retry_most = from.retry_max;
  out.max_retries = static_cast<unsigned>(from.max_retries);
  return out;
}

std::shared_ptr<tick_decoder> decoder_for(const config::settings& settings,
                                          const std::string& topic) {
  const auto* entry = topic_entry(settings, topic);
  decoder_options options;
  options.max_ahead = settings.ingest.max_ahead;
  options.max_record_bytes = settings.ingest.max_record_bytes;
  if (entry == nullptr)
    return make_decoder(decoder_kind::price_ticks, options);
  options.bar_interval = entry->interval;
  options.aggregate_trades = entry->aggregate_trades;
  options.own_sequence = entry->own_sequence;
  return make_decoder(decoder_of(entry->decoder), options);
}

std::shared_ptr<const candle_options> candle_options_of(const config::settings& settings) {
  if (candles_made(settings).empty())
    return nullptr;
  candle_options out;
  out.intervals = settings.candles.lengths();
  out.grace = settings.candles.grace;
  out.lateness = settings.candles.lateness;
  out.fill = settings.candles.fill;
  out.fill_limit = settings.candles.fill_limit;
  return std::make_shared<const candle_options>(out);
}

std::optional<candle_source> candle_source_of(const config::settings& settings,
                                              const std::shared_ptr<const candle_options>& rules,
                                              const std::string& topic) {
  const auto* entry = topic_entry(settings, topic);
  if (entry == nullptr || entry->candles == config::candle_source::none)
    return std::nullopt;
  const bool of_trades = entry->candles == config::candle_source::trade;
  return candle_source{rules, of_trades ? stream_kind::trade : stream_kind::price,
                       settings.candles.max_ahead, settings.candles.idle_close};
}

candle_intervals candles_made(const config::settings& settings) {
  const auto makes = [](const config::topic_settings& topic) {
    return topic.candles != config::candle_source::none;
  };
  return std::ranges::any_of(settings.topics, makes) ? settings.candles.lengths()
                                                     : candle_intervals{};
}

} // namespace tradepulse
