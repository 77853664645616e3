#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/postgres/numeric_text.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"

// Candles, short to write.
namespace tradepulse::test {

inline const stream_kind candle_1m = stream_kind::candle(candle_interval::m1);
inline const stream_kind candle_1h = stream_kind::candle(candle_interval::h1);

inline constexpr std::int64_t minute_ms = 60'000;
inline constexpr std::int64_t candles_begin = 1'699'963'200'000; // 2023-11-14T12:00:00Z

inline int128 volume_of(std::string_view text) {
  return units_of_numeric(text, decimal_places).value();
}
inline int128 quotes_of(std::string_view text) {
  return units_of_numeric(text, quote_places).value();
}

// An open candle of two trades, numbers `seq` - 1 and `seq` of epoch 1, with all that can be known.
// The n-th minute since candles_begin.
inline stored_candle open_candle(std::int64_t n, std::string_view close_text, std::int64_t seq,
                                 candle_interval interval = candle_interval::m1) {
  stored_candle out;
  auto& c = out.candle;
  c.interval = interval;
  c.start = candle_start(at_ms(candles_begin + n * minute_ms), interval);
  c.open = c.low = money("61234.56");
  c.close = c.high = money(close_text);
  c.trades = 2;
  c.volume_units = volume_of("0.75");
  c.quote_units = quotes_of("45925.9200000000000001");
  c.taker_buy_volume_units = volume_of("0.5");
  c.taker_buy_quote_units = quotes_of("30617.28");
  c.last_trade_id = 7000 + seq % 1'000'000'000'000; // also of the greatest number there is
  c.first_trade_id = c.last_trade_id - 1;
  c.source_epoch = epoch{1};
  c.first_seq = out.open_seq = sequence{seq - 1};
  c.last_seq = out.close_seq = sequence{seq};
  c.flags = candle_flags::sized | candle_flags::first_id | candle_flags::last_id;
  out.open_after_ms = 250;
  out.close_after_ms = 59'750;
  return out;
}

inline closed_candle closed(stored_candle row, std::int64_t e, std::int64_t seq) {
  row.candle.flags = row.candle.flags | candle_flags::closed;
  return {row, {epoch{e}, sequence{seq}}};
}

inline stored_candle_stream candle_stream(candle_interval interval, std::int64_t e,
                                          std::int64_t seq) {
  stored_candle_stream out;
  out.interval = interval;
  out.source_epoch = epoch{1};
  out.position = {epoch{e}, sequence{seq}};
  out.last_closed = at_ms(candles_begin - minute_ms);
  out.last_close = money("61234.5");
  return out;
}

inline std::shared_ptr<const stored_candles> state_of(std::vector<stored_candle_stream> streams,
                                                      std::vector<stored_candle> candles) {
  return std::make_shared<const stored_candles>(
      stored_candles{std::move(streams), std::move(candles)});
}

inline bool same(const stored_candles& a, const stored_candles& b) {
  return a.streams == b.streams && a.candles == b.candles;
}

inline candle_update update_of(std::string_view name, stream_kind kind,
                               std::shared_ptr<const stored_candles> state,
                               std::vector<closed_candle> closed_ones = {}) {
  return {{sym(name), kind}, std::move(state), std::move(closed_ones), epoch{1}};
}

inline range_commit with_candles(range_commit work, std::vector<candle_update> candles) {
  work.candles = std::move(candles);
  return work;
}

// As an event of its stream, caused by the record `offset`.
inline logged_candle fact(std::int64_t offset, std::int64_t ms, const candle& value) {
  logged_candle out;
  out.offset = record_offset{offset};
  out.event_time = at_ms(ms);
  out.value = value;
  return out;
}

// Keeps the events that runs look at.
class kept_candles {
 public:
  journal_run run(std::string_view name, std::int64_t e, std::int64_t first,
                  std::vector<logged_candle> events, stream_kind kind = candle_1m) {
    const auto& kept = kept_.emplace_back(std::move(events));
    journal_run out{sym(name), epoch{e}, sequence{first}, std::span<const logged_candle>(kept)};
    out.kind = kind;
    return out;
  }

 private:
  std::deque<std::vector<logged_candle>> kept_;
};

} // namespace tradepulse::test
