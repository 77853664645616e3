#include "runtime/application/history_options.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/source_store_postgres.hpp"
#include "runtime/application/adapter_options.hpp"

namespace tradepulse {
namespace {

// Of a kind whose events journal.streams does not name; else nothing.
std::string not_kept(const journal_kinds& kept, stream_kind kind) {
  if (kept.contains(kind.events()))
    return "";
  const auto name = name_of(kind);
  return "the " + name + " stream is not kept: journal.streams does not name " +
         name.substr(0, name.find('_'));
}

std::chrono::milliseconds kept_for(const config::journal_retention_settings& keep,
                                   event_kind kind) {
  switch (kind) { // the compiler names a kind that is forgotten
  case event_kind::trade:
    return keep.trade;
  case event_kind::quote:
    return keep.quote;
  case event_kind::kline:
    return keep.kline;
  case event_kind::candle:
    return keep.candle;
  case event_kind::price:
    break;
  }
  return keep.price;
}

} // namespace

history_desk_options history_options(const config::settings& settings, actor_board& board,
                                     std::shared_ptr<watchdog> dog) {
  history_desk_options out;
  out.make_store = [&from = settings.postgres, dog] {
    return std::make_unique<history_store_postgres>(postgres_connection(from), dog);
  };
  out.make_card = [&board](std::size_t reader) {
    return board.make("history_reader", std::to_string(reader));
  };
  out.not_kept = [kept = kinds_kept(settings)](stream_kind kind) { return not_kept(kept, kind); };
  out.cut = [dog = std::move(dog)] { dog->cut_all(); };
  out.readers = settings.postgres.readers;
  out.most_waiting = settings.limits.recoveries;
  out.patience = settings.recovery.timeout;
  out.retry_min = settings.postgres.retry_min;
  out.retry_max = settings.postgres.retry_max;
  return out;
}

source_desk_options source_options(const config::settings& settings, actor_board& board,
                                   std::shared_ptr<watchdog> dog) {
  source_desk_options out;
  out.make_store = [&from = settings.postgres, dog] {
    return std::make_unique<source_store_postgres>(postgres_connection(from), dog);
  };
  out.card = board.make("history_reader", "missed klines");
  if (!kinds_kept(settings).contains(event_kind::kline))
    out.not_kept = "klines are not kept: journal.streams does not name kline";
  out.cut = [dog = std::move(dog)] { dog->cut_all(); };
  out.most_waiting = settings.limits.recoveries;
  out.patience = settings.recovery.timeout;
  out.retry_min = settings.postgres.retry_min;
  out.retry_max = settings.postgres.retry_max;
  out.commit_patience = 2 * settings.postgres.flush_interval + std::chrono::seconds{2};
  return out;
}

bar_parts bar_options(const config::settings& settings, const symbol_directory& directory,
                      bar_source& stored) {
  bar_parts out;
  out.directory = &directory;
  out.stored = &stored;
  out.views_of = [&directory](const symbol& name) { return directory.views_of(name); };
  out.waiting_of = [&directory](const stream_key& name) {
    return directory.waiting_candles_of(name);
  };
  out.brings_klines = [&settings](std::string_view topic, kline_interval interval) {
    const auto* entry = topic_entry(settings, topic);
    return entry && entry->brings_klines(interval);
  };
  out.missed_from = [&settings](std::string_view topic, kline_interval interval) {
    const auto* entry = topic_entry(settings, topic);
    return entry ? missed_from(settings, *entry, interval) : missed_klines_from::as_bars;
  };
  return out;
}

journal_kinds kinds_kept(const config::settings& settings) {
  journal_kinds out;
  for (const auto& word : settings.journal.streams)
    if (const auto* table = find_journal(word))
      out.insert(table->kind);
  return out;
}

std::vector<journal_rule> retention_rules(const config::settings& settings) {
  std::vector<journal_rule> out;
  for (const auto& journal : journals()) {
    const auto keep = kept_for(settings.journal.retention, journal.kind);
    if (keep != config::journal_retention_settings::forever)
      out.push_back({std::string(journal.word), keep});
  }
  return out;
}

journal_retention_options retention_options(const config::settings& settings) {
  auto rules = retention_rules(settings);
  journal_retention_options out;
  out.now = [] {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  };
  if (rules.empty())
    return out;
  auto dog = std::make_shared<watchdog>();
  out.trim = [&from = settings.postgres, rules = std::move(rules), dog](time_ms now) {
    return journal_trimmer(postgres_connection(from), dog).trim(rules, now);
  };
  out.cut = [dog] { dog->cut_all(); };
  return out;
}

} // namespace tradepulse
