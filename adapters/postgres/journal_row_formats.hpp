#pragma once

// Private to journal_rows: one row of a binary COPY of each journal, its columns in the order of
// journal_table::written.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "adapters/postgres/big_endian.hpp"
#include "adapters/postgres/numeric_bytes.hpp"
#include "protocol/market_events.hpp"
#include "protocol/tick.hpp"

namespace tradepulse::journal_format {

// What a row has of its place, beside what its event says.
struct place {
  std::int64_t commit_time;
  std::int64_t seq;
  std::int32_t stream_id;
  std::int32_t epoch;
  std::int32_t partition_id;
  bool late;
};

inline constexpr std::int16_t flag_late = 1;
// A trade's side stands in two more bits: a column of its own costs eight bytes a row.
inline constexpr int side_shift = 1;
// A size is kept in 1e-6 and a rest in 1e-8: below 10^12 it fits 64 bits without loss.
inline constexpr int128 units_of_size = 100;
// A row with all its columns: the number of them, and each behind its length.
template <class Logged>
inline constexpr std::size_t longest_row_bytes = 0;
template <>
inline constexpr std::size_t longest_row_bytes<tick> = 2 + 12 * 4 + 7 * 8 + 3 * 4 + 2 * 2;
template <>
inline constexpr std::size_t longest_row_bytes<logged_trade> = 2 + 13 * 4 + 8 * 8 + 3 * 4 + 2 * 2;
template <>
inline constexpr std::size_t longest_row_bytes<logged_quote> = 2 + 15 * 4 + 9 * 8 + 3 * 4 + 3 * 2;
template <>
inline constexpr std::size_t longest_row_bytes<logged_kline> =
    2 + 23 * 4 + 14 * 8 + 3 * 4 + 2 + 1 + 4 * longest_numeric_bytes;

template <>
inline constexpr std::size_t longest_row_bytes<logged_candle> =
    2 + 26 * 4 + 16 * 8 + 4 * 4 + 2 * 2 + 4 * longest_numeric_bytes;

inline char* put(char* to, std::uint64_t value, std::size_t bytes) noexcept {
  const auto turned = big_endian(value, bytes);
  std::memcpy(to, &turned, 8); // there is room behind; the next one writes over it
  return to + bytes;
}

template <class Integer>
char* column(char* to, Integer value) noexcept {
  to = put(to, sizeof value, 4);
  return put(to, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)), sizeof value);
}
inline char* null(char* to) noexcept {
  return put(to, 0xffff'ffff, 4);
}
inline char* column(char* to, const std::optional<std::int64_t>& value) noexcept {
  return value ? column(to, *value) : null(to);
}
inline char* column(char* to, time_ms value) noexcept {
  return column(to, static_cast<std::int64_t>(value.time_since_epoch().count()));
}
inline char* column(char* to, price value) noexcept {
  return column(to, value.units());
}
inline char* size(char* to, quantity value) noexcept {
  return column(to, static_cast<std::int64_t>(value.units() / units_of_size));
}
inline char* size_rest(char* to, quantity value) noexcept {
  return column(to, static_cast<std::int16_t>(value.units() % units_of_size));
}
inline char* numeric(char* to, int128 units, int places = decimal_places) noexcept {
  char* const end = write_numeric(to + 4, units, places);
  const auto length = big_endian(static_cast<std::uint64_t>(end - to - 4), 4);
  std::memcpy(to, &length, 4);
  return end;
}
inline char* numeric(char* to, const std::optional<int128>& units,
                     int places = decimal_places) noexcept {
  return units ? numeric(to, *units, places) : null(to);
}
// `more`: what the kind of the row adds.
inline char* flags(char* to, const place& at, int more = 0) noexcept {
  return column(to, static_cast<std::int16_t>((at.late ? flag_late : 0) | more));
}
// stream_id, epoch, partition_id
inline char* ids(char* to, const place& at) noexcept {
  to = column(to, at.stream_id);
  to = column(to, at.epoch);
  return column(to, at.partition_id);
}
// event_time, commit_time, kafka_offset, seq, source_sequence
template <class Logged>
char* history(char* to, const place& at, const Logged& event) noexcept {
  to = column(to, event.event_time);
  to = column(to, at.commit_time);
  to = column(to, event.offset.value());
  to = column(to, at.seq);
  return column(to, event.source_sequence);
}

inline char* write_row(char* to, const place& at, const tick& event) noexcept {
  to = put(to, 12, 2);
  to = column(to, event.price);
  to = event.volume ? size(to, *event.volume) : null(to);
  to = history(to, at, event);
  to = ids(to, at);
  to = event.volume ? size_rest(to, *event.volume) : null(to);
  return flags(to, at);
}

inline char* write_row(char* to, const place& at, const logged_trade& event) noexcept {
  const auto& value = event.value;
  to = put(to, 13, 2);
  to = column(to, value.price);
  to = size(to, value.size);
  to = history(to, at, event);
  to = column(to, value.trade_id);
  to = ids(to, at);
  to = size_rest(to, value.size);
  return flags(to, at, static_cast<int>(value.side) << side_shift);
}

inline char* write_row(char* to, const place& at, const logged_quote& event) noexcept {
  const auto& value = event.value;
  to = put(to, 15, 2);
  to = column(to, value.bid);
  to = size(to, value.bid_size);
  to = column(to, value.ask);
  to = size(to, value.ask_size);
  to = history(to, at, event);
  to = ids(to, at);
  to = size_rest(to, value.bid_size);
  to = size_rest(to, value.ask_size);
  return flags(to, at);
}

inline char* write_row(char* to, const place& at, const logged_kline& event) noexcept {
  const auto& value = event.value;
  to = put(to, 23, 2);
  to = column(to, value.start);
  to = column(to, value.end);
  for (const auto each : {value.open, value.high, value.low, value.close})
    to = column(to, each);
  to = history(to, at, event);
  to = column(to, value.trades);
  to = column(to, value.first_trade_id);
  to = column(to, value.last_trade_id);
  to = ids(to, at);
  to = flags(to, at);
  to = put(to, 1, 4);
  to = put(to, value.closed ? 1 : 0, 1);
  to = numeric(to, value.volume.units());
  to = numeric(to, value.quote_volume);
  to = numeric(to, value.taker_buy_volume);
  return numeric(to, value.taker_buy_quote_volume);
}

inline char* write_row(char* to, const place& at, const logged_candle& event) noexcept {
  const auto& value = event.value;
  to = put(to, 26, 2);
  to = column(to, value.start);
  for (const auto each : {value.open, value.high, value.low, value.close})
    to = column(to, each);
  to = history(to, at, event);
  to = column(to, value.trades);
  to = column(to, value.opening_trade_id());
  to = column(to, value.closing_trade_id());
  to = column(to, value.source_epoch.value());
  to = column(to, value.first_seq.value());
  to = column(to, value.last_seq.value());
  to = ids(to, at);
  to = column(to, value.revision);
  to = flags(to, at);
  to = column(to, static_cast<std::int16_t>(value.flags));
  to = numeric(to, value.volume());
  to = numeric(to, value.quote_volume(), quote_places);
  to = numeric(to, value.taker_buy_volume());
  return numeric(to, value.taker_buy_quote_volume(), quote_places);
}

} // namespace tradepulse::journal_format
