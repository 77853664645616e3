#pragma once

#include <string_view>

#include "adapters/json/member_reader.hpp"

// Private to this folder: what kind of event Binance has sent, as one of all_skipped_kinds().
namespace tradepulse::json::binance {

inline constexpr std::string_view trade = "trade";
inline constexpr std::string_view aggregate_trade = "aggTrade";
inline constexpr std::string_view book_ticker = "bookTicker";
inline constexpr std::string_view kline = "kline";
inline constexpr std::string_view depth_snapshot = "depthSnapshot";

// By the member "e"; by the stream's name where that is no string.
std::string_view kind_of(const member& event, const member& stream) noexcept;

} // namespace tradepulse::json::binance
