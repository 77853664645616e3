#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "protocol/candle_interval.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/kline_interval.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// What the events of a stream are.
enum class event_kind : std::uint8_t { price, trade, quote, kline, candle };

// Which stream of its symbol: the kind of its events, and of klines and candles their length.
class stream_kind {
 public:
  static const stream_kind price;
  static const stream_kind trade;
  static const stream_kind quote;
  static constexpr stream_kind kline(kline_interval interval) noexcept {
    return {event_kind::kline, static_cast<std::uint8_t>(interval)};
  }
  static constexpr stream_kind candle(candle_interval interval) noexcept {
    return {event_kind::candle, static_cast<std::uint8_t>(interval)};
  }

  constexpr stream_kind() noexcept = default; // price

  constexpr event_kind events() const noexcept { return events_; }
  // Requires: events() is kline.
  constexpr kline_interval kline_length() const noexcept {
    return static_cast<kline_interval>(length_);
  }
  // Requires: events() is candle.
  constexpr candle_interval candle_length() const noexcept {
    return static_cast<candle_interval>(length_);
  }
  constexpr std::size_t hash() const noexcept {
    return static_cast<std::size_t>(events_) * 16 + length_;
  }

  friend constexpr auto operator<=>(stream_kind, stream_kind) noexcept = default;

 private:
  constexpr stream_kind(event_kind events, std::uint8_t length) noexcept
      : events_(events), length_(length) {}

  event_kind events_ = event_kind::price;
  std::uint8_t length_ = 0; // 0 where the kind has none
};

inline constexpr stream_kind stream_kind::price{};
inline constexpr stream_kind stream_kind::trade{event_kind::trade, 0};
inline constexpr stream_kind stream_kind::quote{event_kind::quote, 0};

// "price" "trade" "quote" "kline" "candle"
std::string_view name_of(event_kind events) noexcept;
// "price" "trade" "quote" "kline_15m" "candle_1h": what it is called everywhere, also in tables.
std::string name_of(stream_kind kind);
void append_name(std::string& out, stream_kind kind);
// Errors: bad_request with the text (shortened) and what there is.
result<stream_kind> parse_stream_kind(std::string_view text);

// One stream of the process, of the journal, of the tables.
struct stream_key {
  tradepulse::symbol symbol;
  stream_kind kind;

  stream_key() noexcept = default;
  // Of a symbol alone: its price.
  stream_key(const tradepulse::symbol& name, stream_kind which = {}) noexcept
      : symbol(name), kind(which) {}

  friend auto operator<=>(const stream_key&, const stream_key&) noexcept = default;
  // `AAPL/price`, for logs.
  std::string to_string() const { return symbol.str() + "/" + name_of(kind); }
};

} // namespace tradepulse

template <>
struct std::hash<tradepulse::stream_key> {
  std::size_t operator()(const tradepulse::stream_key& key) const noexcept {
    return std::hash<tradepulse::symbol>{}(key.symbol) * 31 + key.kind.hash();
  }
};
