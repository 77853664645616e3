#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "protocol/ports/tick_decoder.hpp"

namespace tradepulse {

// The formats of records that can be read; the configuration chooses one per topic pattern.
enum class decoder_kind : std::uint8_t {
  // {"symbol","price","volume"?,"timestamp"}
  price_ticks,
  // {"type":"market_price","market","price","timestamp"}; the known types trade, quote and depth
  // are skipped and counted by their name, others as "other".
  market_price,
  // Combined-stream frames {"stream","data"}: `trade` (or `aggTrade`, see decoder_options) is a
  // trade, `bookTicker` a quote, `kline` a kline; every other kind is skipped and counted, REST
  // order book snapshots ({"lastUpdateId",...}) too. A trade without a quantity is a price alone.
  binance_stream,
  // {"symbol","price","size","timestamp","side"?,"trade_id"? or "id"?,"sequence"?}
  stock_trades,
  // {"symbol","open","high","low","close","volume","timestamp","trade_count"? or "n"?,"sequence"?}:
  // a closed kline that begins at its timestamp; its length is decoder_options::bar_interval.
  stock_bars,
  // {"e":"kline","E","s","k":{...},"sequence"?}, also in a frame {"stream","data"}; other events
  // are
  // skipped and counted.
  binance_klines,
};

// "price-ticks", "market-price", ...: the names in the configuration.
std::string_view to_string(decoder_kind kind) noexcept;
std::optional<decoder_kind> decoder_kind_of(std::string_view name) noexcept;
std::span<const decoder_kind> all_decoder_kinds() noexcept;

// What skipped_record::kind can be, of all decoders: the closed set for a metric's label.
std::span<const std::string_view> all_skipped_kinds() noexcept;

struct decoder_options {
  // How far an event may lie after its record's own timestamp (ingest.max_ahead).
  std::chrono::milliseconds max_ahead = std::chrono::hours{1};
  // ingest.max_record_bytes, of the value.
  std::size_t max_record_bytes = std::size_t{64} * 1024;
  // Of what stock_bars reads.
  kline_interval bar_interval = kline_interval::m1;
  // binance_stream: `aggTrade` feeds trade and price in place of `trade`, never beside it, so that
  // no share counts twice.
  bool aggregate_trades = false;
  // binance_klines: `sequence` numbers the messages of one symbol and interval.
  bool own_sequence = false;
};

// Common to all decoders: numbers are JSON numbers or strings and exact; times are integer
// milliseconds (number or string) or ISO-8601; the key is never looked at; unknown members are
// ignored; of a doubled member the last one wins. A number whose exponent is above 308 is refused
// as out_of_range wherever it stands, even in a member that nobody wants. A kline has
// low <= open, close <= high and a start before its end, else it is refused as bad_value.
// A decoder's thread: one at a time.
std::unique_ptr<tick_decoder> make_decoder(decoder_kind kind, const decoder_options& options = {});

} // namespace tradepulse
