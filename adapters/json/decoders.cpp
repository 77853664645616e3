#include "adapters/json/decoders.hpp"

#include <array>
#include <utility>

#include "adapters/json/record_decoders.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

constexpr std::array kinds{decoder_kind::price_ticks,    decoder_kind::market_price,
                           decoder_kind::binance_stream, decoder_kind::stock_trades,
                           decoder_kind::stock_bars,     decoder_kind::binance_klines};

constexpr std::array<std::string_view, 10> skipped_kinds{
    "aggTrade",   "depthUpdate", "depthSnapshot", "bookTicker", "kline",
    "24hrTicker", "trade",       "quote",         "depth",      "other"};

} // namespace

std::string_view to_string(decoder_kind kind) noexcept {
  switch (kind) {
  case decoder_kind::price_ticks:
    return "price-ticks";
  case decoder_kind::market_price:
    return "market-price";
  case decoder_kind::binance_stream:
    return "binance-stream";
  case decoder_kind::stock_trades:
    return "stock-trades";
  case decoder_kind::stock_bars:
    return "stock-bars";
  case decoder_kind::binance_klines:
    return "binance-klines";
  }
  return "unknown";
}

std::optional<decoder_kind> decoder_kind_of(std::string_view name) noexcept {
  for (decoder_kind kind : kinds)
    if (to_string(kind) == name)
      return kind;
  return std::nullopt;
}

std::span<const decoder_kind> all_decoder_kinds() noexcept {
  return kinds;
}
std::span<const std::string_view> all_skipped_kinds() noexcept {
  return skipped_kinds;
}

std::unique_ptr<tick_decoder> make_decoder(decoder_kind kind, const decoder_options& options) {
  switch (kind) {
  case decoder_kind::price_ticks:
    return json::make_price_ticks_decoder(options);
  case decoder_kind::market_price:
    return json::make_market_price_decoder(options);
  case decoder_kind::binance_stream:
    return json::make_binance_stream_decoder(options);
  case decoder_kind::stock_trades:
    return json::make_stock_trades_decoder(options);
  case decoder_kind::stock_bars:
    return json::make_stock_bars_decoder(options);
  case decoder_kind::binance_klines:
    return json::make_binance_klines_decoder(options);
  }
  contract_violated("a known decoder_kind", __FILE__, __LINE__);
}

} // namespace tradepulse
