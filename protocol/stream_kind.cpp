#include "protocol/stream_kind.hpp"

namespace tradepulse {
namespace {

constexpr std::string_view kline_prefix = "kline_";
constexpr std::string_view candle_prefix = "candle_";

} // namespace

std::string_view name_of(event_kind events) noexcept {
  switch (events) {
  case event_kind::trade:
    return "trade";
  case event_kind::quote:
    return "quote";
  case event_kind::kline:
    return "kline";
  case event_kind::candle:
    return "candle";
  case event_kind::price:
    break;
  }
  return "price";
}

void append_name(std::string& out, stream_kind kind) {
  out += name_of(kind.events());
  if (kind.events() == event_kind::kline)
    out.append(1, '_').append(name_of(kind.kline_length()));
  else if (kind.events() == event_kind::candle)
    out.append(1, '_').append(name_of(kind.candle_length()));
}

std::string name_of(stream_kind kind) {
  std::string out;
  append_name(out, kind);
  return out;
}

result<stream_kind> parse_stream_kind(std::string_view text) {
  if (text == "price")
    return stream_kind::price;
  if (text == "trade")
    return stream_kind::trade;
  if (text == "quote")
    return stream_kind::quote;
  if (text.starts_with(kline_prefix)) {
    if (auto length = parse_kline_interval(text.substr(kline_prefix.size())))
      return stream_kind::kline(*length);
  } else if (text.starts_with(candle_prefix)) {
    if (auto length = parse_candle_interval(text.substr(candle_prefix.size())))
      return stream_kind::candle(*length);
  }
  std::string shown;
  for (char c : text.substr(0, 40))
    shown += (c >= 0x20 && c < 0x7f) ? c : '?';
  return error{errc::bad_request,
               "stream \"" + shown +
                   "\": must be one of price, trade, quote, kline_<interval> (1s 1m 3m 5m 15m 30m "
                   "1h 2h 4h 6h 8h 12h 1d 3d 1w 1M), candle_<interval> (1s 1m 5m 15m 1h 4h 1d)"};
}

} // namespace tradepulse
