#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>

#include "adapters/json/decoders.hpp"

// What the tests of the decoders share: a record around a text, and the outcome as one line.
namespace tradepulse::json_testing {

inline constexpr time_ms appended_at{std::chrono::milliseconds{1'723'161'256'600}};

inline record record_of(std::string_view value, time_ms append_time = appended_at) {
  record r;
  r.offset = record_offset{42};
  r.append_time = append_time;
  r.value = value;
  return r;
}

inline std::int64_t ms_of(time_ms time) {
  return time.time_since_epoch().count();
}

inline std::string times_of(time_ms event_time, const std::optional<std::int64_t>& number) {
  const std::string at = " at " + std::to_string(ms_of(event_time));
  return number ? at + " #" + std::to_string(*number) : at;
}

inline std::string line_of(const decoded_trade& traded) {
  const trade_value& value = traded.trade.value;
  std::string out = "trade " + traded.symbol.str() + " " + value.price.to_string() + " x " +
                    value.size.to_string();
  if (value.side != trade_side::unknown)
    out += value.side == trade_side::buy ? " buy" : " sell";
  if (value.trade_id)
    out += " id " + std::to_string(*value.trade_id);
  return out + times_of(traded.trade.event_time, traded.trade.source_sequence);
}

inline std::string line_of(const decoded_quote& quoted) {
  const quote_value& value = quoted.quote.value;
  return "quote " + quoted.symbol.str() + " " + value.bid.to_string() + " x " +
         value.bid_size.to_string() + " / " + value.ask.to_string() + " x " +
         value.ask_size.to_string() +
         times_of(quoted.quote.event_time, quoted.quote.source_sequence);
}

inline std::string line_of(const decoded_kline& made) {
  const kline_value& value = made.kline.value;
  std::string out = "kline_" + std::string(name_of(made.interval)) + " " + made.symbol.str() + " " +
                    std::to_string(ms_of(value.start)) + ".." + std::to_string(ms_of(value.end)) +
                    " o" + value.open.to_string() + " h" + value.high.to_string() + " l" +
                    value.low.to_string() + " c" + value.close.to_string() + " v" +
                    value.volume.to_string();
  const auto amount = [&](const char* name, const std::optional<int128>& units) {
    if (!units)
      return;
    out += name;
    append_decimal(out, *units);
  };
  amount(" q", value.quote_volume);
  amount(" V", value.taker_buy_volume);
  amount(" Q", value.taker_buy_quote_volume);
  const auto count = [&](const char* name, const std::optional<std::int64_t>& number) {
    if (number)
      out += name + std::to_string(*number);
  };
  count(" n", value.trades);
  count(" f", value.first_trade_id);
  count(" L", value.last_trade_id);
  out += value.closed ? " closed" : " open";
  return out + times_of(made.kline.event_time, made.kline.source_sequence);
}

// One line for every outcome:
// "tick AAPL 150.25 x 100 at 1723161256543 #7"
// "trade AAPL 150.25 x 100 buy id 7 at 1723161256543 #7"
// "quote AAPL 150.25 x 3 / 150.26 x 1 at 1723161256543 #7"
// "kline_1m AAPL 1723161240000..1723161299999 o1 h4 l1 c2 v9 [q V Q n f L] open at .. #7"
// "skipped depthUpdate", "tombstone", "rejected bad_json"
inline std::string line_of(const decode_outcome& outcome) {
  if (const auto* traded = std::get_if<decoded_trade>(&outcome))
    return line_of(*traded);
  if (const auto* quoted = std::get_if<decoded_quote>(&outcome))
    return line_of(*quoted);
  if (const auto* made = std::get_if<decoded_kline>(&outcome))
    return line_of(*made);
  if (const auto* ticked = std::get_if<decoded_tick>(&outcome)) {
    const tick& t = ticked->tick;
    std::string out = "tick " + ticked->symbol.str() + " " + t.price.to_string();
    out += t.volume ? " x " + t.volume->to_string() : std::string{};
    return out + times_of(t.event_time, t.source_sequence);
  }
  if (const auto* skipped = std::get_if<skipped_record>(&outcome))
    return "skipped " + std::string(skipped->kind);
  if (const auto* rejected = std::get_if<rejected_record>(&outcome))
    return "rejected " + std::string(to_string(rejected->reason));
  return "tombstone";
}

inline std::string detail_of(const decode_outcome& outcome) {
  const auto* rejected = std::get_if<rejected_record>(&outcome);
  return rejected ? rejected->detail : "not rejected: " + line_of(outcome);
}

} // namespace tradepulse::json_testing
