#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/adapters/postgres/support/events.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"

// Streams of other kinds than price, short to write.
namespace tradepulse::test {

inline const stream_kind kline_1m = stream_kind::kline(kline_interval::m1);

inline price money(std::string_view text) {
  return price::parse(text).value();
}
inline quantity amount(std::string_view text) {
  return quantity::parse(text).value();
}

inline logged_trade trade(std::int64_t offset, std::string_view price_text,
                          std::string_view size_text, std::int64_t ms,
                          trade_side side = trade_side::unknown,
                          std::optional<std::int64_t> id = {}) {
  logged_trade out;
  out.offset = record_offset{offset};
  out.event_time = at_ms(ms);
  out.value = {money(price_text), amount(size_text), side, id};
  return out;
}

inline logged_quote quote(std::int64_t offset, std::string_view bid, std::string_view bid_size,
                          std::string_view ask, std::string_view ask_size, std::int64_t ms) {
  logged_quote out;
  out.offset = record_offset{offset};
  out.event_time = at_ms(ms);
  out.value = {money(bid), amount(bid_size), money(ask), amount(ask_size)};
  return out;
}

// Of the minute from `start` on, with what every source has.
inline logged_kline kline(std::int64_t offset, std::int64_t start, std::string_view close_text,
                          std::string_view volume, bool closed = false) {
  logged_kline out;
  out.offset = record_offset{offset};
  out.event_time = at_ms(start + 500);
  out.value.start = at_ms(start);
  out.value.end = at_ms(start + 59'999);
  out.value.open = out.value.high = out.value.low = out.value.close = money(close_text);
  out.value.volume = amount(volume);
  out.value.closed = closed;
  return out;
}

// Keeps the events that runs look at.
class kept_kinds {
 public:
  journal_run run(std::string_view name, std::int64_t e, std::int64_t first,
                  std::vector<logged_trade> events) {
    return make(name, e, first, trades_.emplace_back(std::move(events)), stream_kind::trade);
  }
  journal_run run(std::string_view name, std::int64_t e, std::int64_t first,
                  std::vector<logged_quote> events) {
    return make(name, e, first, quotes_.emplace_back(std::move(events)), stream_kind::quote);
  }
  journal_run run(std::string_view name, std::int64_t e, std::int64_t first,
                  std::vector<logged_kline> events, stream_kind kind = kline_1m) {
    return make(name, e, first, klines_.emplace_back(std::move(events)), kind);
  }
  // So many trades of a symbol, one an offset, at the price 1.
  journal_run trades_of(std::string_view name, std::int64_t e, std::int64_t first,
                        std::int64_t count, std::int64_t offset = 0) {
    std::vector<logged_trade> events;
    for (std::int64_t i = 0; i < count; ++i)
      events.push_back(trade(offset + i, "1", "2", 1000 + i, trade_side::buy, 7000 + i));
    return run(name, e, first, std::move(events));
  }

 private:
  template <class Logged>
  static journal_run make(std::string_view name, std::int64_t e, std::int64_t first,
                          const std::vector<Logged>& events, stream_kind kind) {
    journal_run out{sym(name), epoch{e}, sequence{first}, std::span<const Logged>(events)};
    out.kind = kind;
    return out;
  }

  std::deque<std::vector<logged_trade>> trades_;
  std::deque<std::vector<logged_quote>> quotes_;
  std::deque<std::vector<logged_kline>> klines_;
};

// The position of a stream of another kind.
inline stream_row position(std::string_view name, stream_kind kind, std::int64_t e,
                           std::int64_t seq, std::optional<std::int64_t> newest_ms = {},
                           std::optional<std::int64_t> newest_source = {},
                           const topic_partition& home = part0) {
  stream_row out;
  out.stream.symbol = sym(name);
  out.stream.kind = kind;
  out.stream.position = {epoch{e}, sequence{seq}};
  out.stream.home = home;
  if (newest_ms)
    out.stream.newest = newest_event{at_ms(*newest_ms), newest_source};
  return out;
}

// "A/trade 1/5 newest 1000 source 77", "A/price 1/2": what is loaded of a stream.
inline std::string words(const stored_stream& stream) {
  auto out = stream.key().to_string() + " " + std::to_string(stream.position.epoch.value()) + "/" +
             std::to_string(stream.position.seq.value());
  if (stream.newest) {
    out += " newest " + std::to_string(stream.newest->event_time.time_since_epoch().count());
    if (stream.newest->source_sequence)
      out += " source " + std::to_string(*stream.newest->source_sequence);
  }
  return out;
}
inline std::string words(const std::vector<stored_stream>& streams) {
  std::string out;
  for (const auto& each : streams)
    out += (out.empty() ? "" : ", ") + words(each);
  return out;
}

// "A/trade 1/5 1000 77", in the order of symbols and names: rows of stream_positions.
inline std::string positions(test_database& db) {
  return db.value("SELECT coalesce(string_agg(concat_ws(' ', symbol || '/' || stream, epoch || '/' "
                  "|| last_sequence, newest_time, newest_source), ', ' ORDER BY symbol COLLATE "
                  "\"C\", stream COLLATE \"C\"), '') FROM stream_positions");
}

// "A/trade 1/5 <columns>", in the order of positions: the rows of a journal or of a leaf.
inline std::string event_rows(test_database& db, const std::string& journal,
                              const std::string& columns) {
  return db.value("SELECT coalesce(string_agg(concat_ws(' ', s.symbol || '/' || s.stream, "
                  "e.epoch || '/' || e.seq, " +
                  columns +
                  "), ', ' ORDER BY s.symbol COLLATE \"C\", s.stream COLLATE \"C\", e.epoch, "
                  "e.seq), '') FROM " +
                  journal + " e JOIN journal_streams s USING (stream_id)");
}

} // namespace tradepulse::test
