#include "adapters/json/binance_kline.hpp"

#include "adapters/json/kline_rules.hpp"

namespace tradepulse::json::binance {
namespace {

enum wanted : std::size_t {
  start_at,
  end_at,
  interval_at,
  open_at,
  high_at,
  low_at,
  close_at,
  volume_at,
  closed_at,
  trades_at,
  quote_volume_at,
  taker_volume_at,
  taker_quote_volume_at,
  first_trade_at,
  last_trade_at
};

rejection read_interval(const member& from, kline_interval& to) {
  if (auto refused = require_string("k.i", from))
    return refused;
  auto parsed = parse_kline_interval(from.text);
  if (!parsed)
    return reject(reject_reason::bad_value, "k.i: " + parsed.failure().detail);
  to = *parsed;
  return {};
}

// -1 where nothing was traded.
rejection read_trade_id(std::string_view label, const member& from,
                        std::optional<std::int64_t>& to) {
  to.reset();
  const bool a_text = from.kind == value_kind::number || from.kind == value_kind::string;
  if (a_text && from.text == "-1")
    return {};
  return read_count(label, from, to);
}

rejection read_prices(const member_reader& from, std::size_t k, kline_value& to) {
  if (auto refused = read_price("k.o", from.at(k, open_at), to.open))
    return refused;
  if (auto refused = read_price("k.h", from.at(k, high_at), to.high))
    return refused;
  if (auto refused = read_price("k.l", from.at(k, low_at), to.low))
    return refused;
  return read_price("k.c", from.at(k, close_at), to.close);
}

rejection read_sums(const member_reader& from, std::size_t k, kline_value& to) {
  if (auto refused = read_quantity("k.v", from.at(k, volume_at), to.volume))
    return refused;
  if (auto refused = read_amount("k.q", from.at(k, quote_volume_at), to.quote_volume))
    return refused;
  if (auto refused = read_amount("k.V", from.at(k, taker_volume_at), to.taker_buy_volume))
    return refused;
  return read_amount("k.Q", from.at(k, taker_quote_volume_at), to.taker_buy_quote_volume);
}

rejection read_counts(const member_reader& from, std::size_t k, kline_value& to) {
  if (auto refused = read_count("k.n", from.at(k, trades_at), to.trades))
    return refused;
  if (auto refused = read_trade_id("k.f", from.at(k, first_trade_at), to.first_trade_id))
    return refused;
  return read_trade_id("k.L", from.at(k, last_trade_at), to.last_trade_id);
}

} // namespace

rejection read_kline(const member_reader& from, const kline_place& at,
                     std::chrono::milliseconds max_ahead, decoded_kline& out) {
  if (auto refused = read_symbol("s", at.symbol, out.symbol))
    return refused;
  if (auto refused =
          read_time("E", at.time, out.kline.append_time, max_ahead, out.kline.event_time))
    return refused;
  if (auto refused = require_object("k", at.kline))
    return refused;
  const std::size_t k = at.members;
  kline_value& value = out.kline.value;
  if (auto refused = read_interval(from.at(k, interval_at), out.interval))
    return refused;
  if (auto refused = read_any_time("k.t", from.at(k, start_at), value.start))
    return refused;
  if (auto refused = read_any_time("k.T", from.at(k, end_at), value.end))
    return refused;
  if (auto refused = read_prices(from, k, value))
    return refused;
  if (auto refused = read_sums(from, k, value))
    return refused;
  if (auto refused = read_counts(from, k, value))
    return refused;
  if (auto refused = read_flag("k.x", from.at(k, closed_at), value.closed))
    return refused;
  return check_kline(value);
}

rejection read_framed_sequence(const member& of_event, const member& of_frame,
                               std::optional<std::int64_t>& to) {
  const bool own = of_event.kind != value_kind::absent && of_event.kind != value_kind::null;
  return own ? read_count("data.sequence", of_event, to) : read_count("sequence", of_frame, to);
}

rejected_record in_frame(rejected_record refused) {
  return reject(refused.reason, "data." + refused.detail);
}

} // namespace tradepulse::json::binance
