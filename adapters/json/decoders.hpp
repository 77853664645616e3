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
  // Combined-stream frames {"stream","data"}: a trade is a tick; every other kind is skipped and
  // counted, REST order book snapshots ({"lastUpdateId",...}) too.
  binance_stream,
};

// "price-ticks", "market-price", "binance-stream": the names in the configuration.
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
};

// Common to all decoders: numbers are JSON numbers or strings and exact; times are integer
// milliseconds (number or string) or ISO-8601; the key is never looked at; unknown members are
// ignored; of a doubled member the last one wins. A number whose exponent is above 308 is refused
// as out_of_range wherever it stands, even in a member that nobody wants.
// A decoder's thread: one at a time.
std::unique_ptr<tick_decoder> make_decoder(decoder_kind kind, const decoder_options& options = {});

} // namespace tradepulse
