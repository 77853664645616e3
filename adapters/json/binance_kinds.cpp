#include "adapters/json/binance_kinds.hpp"

#include <array>

namespace tradepulse::json::binance {
namespace {

constexpr std::string_view depth_update = "depthUpdate";
constexpr std::string_view day_ticker = "24hrTicker";
constexpr std::string_view other = "other";

std::string_view kind_of_event(std::string_view event) noexcept {
  constexpr std::array known{trade, aggregate_trade, depth_update, book_ticker, kline, day_ticker};
  for (std::string_view kind : known)
    if (event == kind)
      return kind;
  return other;
}

// Book tickers of the spot exchange and partial books have no "e": then the stream's name says
// what they are ("btcusdt@bookTicker", "btcusdt@depth20@100ms", "btcusdt@kline_1m").
std::string_view kind_of_stream(std::string_view stream) noexcept {
  const std::size_t at = stream.find('@');
  if (at == std::string_view::npos)
    return other;
  std::string_view suffix = stream.substr(at + 1);
  suffix = suffix.substr(0, suffix.find('@'));
  if (suffix == trade)
    return trade;
  if (suffix == aggregate_trade)
    return aggregate_trade;
  if (suffix == book_ticker)
    return book_ticker;
  if (suffix == "ticker")
    return day_ticker;
  if (suffix == "depth")
    return depth_update;
  if (suffix == "depth5" || suffix == "depth10" || suffix == "depth20")
    return depth_snapshot;
  if (suffix.starts_with("kline_"))
    return kline;
  return other;
}

} // namespace

std::string_view kind_of(const member& event, const member& stream) noexcept {
  if (event.kind == value_kind::string)
    return kind_of_event(event.text);
  return stream.kind == value_kind::string ? kind_of_stream(stream.text) : other;
}

} // namespace tradepulse::json::binance
