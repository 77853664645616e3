#include "runtime/rest/event_members.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/decimal.hpp"

namespace tradepulse {
namespace {

void put(std::string& out, std::string_view member, std::int64_t value) {
  out.append(R"(,")").append(member).append(R"(":)").append(std::to_string(value));
}
void put(std::string& out, std::string_view member, time_ms value) {
  put(out, member, value.time_since_epoch().count());
}
void put_decimal(std::string& out, std::string_view member, int128 units) {
  out.append(R"(,")").append(member).append(R"(":)");
  append_decimal(out, units);
}
void put(std::string& out, std::string_view member, price value) {
  put_decimal(out, member, value.units());
}
void put(std::string& out, std::string_view member, quantity value) {
  put_decimal(out, member, value.units());
}
void put_known(std::string& out, std::string_view member,
               const std::optional<std::int64_t>& value) {
  if (value)
    put(out, member, *value);
}
void put_known(std::string& out, std::string_view member, const std::optional<int128>& value) {
  if (value)
    put_decimal(out, member, *value);
}

void put_values(std::string& out, const numbered_event& event) {
  put(out, "price", event.price);
  if (event.volume)
    put(out, "volume", *event.volume);
  else
    out += R"(,"volume":null)";
}

void put_values(std::string& out, const numbered_trade& event) {
  put(out, "price", event.value.price);
  put(out, "size", event.value.size);
  if (event.value.side != trade_side::unknown)
    out += event.value.side == trade_side::buy ? R"(,"side":"buy")" : R"(,"side":"sell")";
  put_known(out, "trade_id", event.value.trade_id);
}

void put_values(std::string& out, const numbered_quote& event) {
  put(out, "bid", event.value.bid);
  put(out, "bid_size", event.value.bid_size);
  put(out, "ask", event.value.ask);
  put(out, "ask_size", event.value.ask_size);
}

void put_values(std::string& out, const numbered_kline& event) {
  const auto& kline = event.value;
  put(out, "start", kline.start);
  put(out, "end", kline.end);
  put(out, "open", kline.open);
  put(out, "high", kline.high);
  put(out, "low", kline.low);
  put(out, "close", kline.close);
  put(out, "volume", kline.volume);
  put_known(out, "quote_volume", kline.quote_volume);
  put_known(out, "taker_buy_volume", kline.taker_buy_volume);
  put_known(out, "taker_buy_quote_volume", kline.taker_buy_quote_volume);
  put_known(out, "trades", kline.trades);
  put_known(out, "first_trade_id", kline.first_trade_id);
  put_known(out, "last_trade_id", kline.last_trade_id);
  out += kline.closed ? R"(,"closed":true)" : R"(,"closed":false)";
}

void put_quotes(std::string& out, std::string_view member, const std::optional<int128>& units) {
  if (!units)
    return;
  out.append(R"(,")").append(member).append(R"(":)");
  append_quote_volume(out, *units);
}

void put_values(std::string& out, const numbered_candle& event) {
  const auto& candle = event.value;
  put(out, "start", candle.start);
  put(out, "end", candle.end());
  put(out, "open", candle.open);
  put(out, "high", candle.high);
  put(out, "low", candle.low);
  put(out, "close", candle.close);
  put_known(out, "volume", candle.volume());
  put_quotes(out, "quote_volume", candle.quote_volume());
  put_known(out, "taker_buy_volume", candle.taker_buy_volume());
  put_quotes(out, "taker_buy_quote_volume", candle.taker_buy_quote_volume());
  put(out, "trades", candle.trades);
  put_known(out, "first_trade_id", candle.opening_trade_id());
  put_known(out, "last_trade_id", candle.closing_trade_id());
  out += candle.closed() ? R"(,"closed":true)" : R"(,"closed":false)";
  out += candle.partial() ? R"(,"partial":true)" : "";
  put(out, "source_epoch", candle.source_epoch.value());
  if (candle.trades > 0) {
    put(out, "first_seq", candle.first_seq.value());
    put(out, "last_seq", candle.last_seq.value());
  }
  put(out, "revision", candle.revision);
}

template <class Events>
std::string members_of(const event_burst& burst, std::size_t i) {
  const auto& event = static_cast<const burst_of<Events>&>(burst).events()[i];
  std::string out = R"({"seq":)" + std::to_string(event.seq.value());
  put(out, "epoch", burst.epoch().value());
  put(out, "timestamp", event.event_time);
  put_values(out, event);
  put_known(out, "source_sequence", event.source_sequence);
  out += event.late ? R"(,"late":true})" : "}";
  return out;
}

} // namespace

std::string event_members(const event_burst& burst, std::size_t i) {
  switch (burst.kind().events()) {
  case event_kind::trade:
    return members_of<trade_events>(burst, i);
  case event_kind::quote:
    return members_of<quote_events>(burst, i);
  case event_kind::kline:
    return members_of<kline_events>(burst, i);
  case event_kind::candle:
    return members_of<candle_events>(burst, i);
  case event_kind::price:
    break;
  }
  return members_of<price_events>(burst, i);
}

} // namespace tradepulse
