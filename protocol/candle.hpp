#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/candle_interval.hpp"
#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse {

// One bit each, of a candle.
enum class candle_flags : std::uint16_t {
  none = 0,
  closed = 1,
  partial = 2,         // events of it may have been of an epoch before, which are not in it
  sized = 4,           // an event of it has a size
  lacks_size = 8,      // an event of it has none
  lacks_taker = 16,    // an event of it does not say who was the taker
  quote_overflow = 32, // the quote volume is above 2^127 - 1 units of 10^-16
  first_id = 64,       // first_trade_id is known
  last_id = 128,       // last_trade_id is known
};
constexpr candle_flags operator|(candle_flags a, candle_flags b) noexcept {
  return static_cast<candle_flags>(static_cast<std::uint16_t>(a) | static_cast<std::uint16_t>(b));
}
constexpr candle_flags without(candle_flags set, candle_flags flag) noexcept {
  return static_cast<candle_flags>(static_cast<std::uint16_t>(set) &
                                   ~static_cast<std::uint16_t>(flag));
}
constexpr bool has(candle_flags set, candle_flags flag) noexcept {
  return (static_cast<std::uint16_t>(set) & static_cast<std::uint16_t>(flag)) != 0;
}

// Decimals of a quote volume: a price and a size have 8 each, and a product is exact.
inline constexpr int quote_places = 16;

// The events of one source stream whose times are in [start, start + interval), UTC.
struct candle {
  // Sums, exact; read them by volume(), quote_volume(), ... below, which know what is known.
  int128 volume_units = 0;           // 10^-8
  int128 quote_units = 0;            // 10^-16
  int128 taker_buy_volume_units = 0; // 10^-8
  int128 taker_buy_quote_units = 0;  // 10^-16
  time_ms start{};
  price open, high, low, close;
  std::int64_t trades = 0; // events; 0: flat, at the close before
  std::int64_t first_trade_id = 0;
  std::int64_t last_trade_id = 0;
  epoch source_epoch;
  sequence first_seq; // the lowest and the highest number of its events; 0 where it is flat
  sequence last_seq;
  std::int32_t revision = 0; // how often its closed state was corrected
  candle_flags flags = candle_flags::none;
  candle_interval interval = candle_interval::m1;

  time_ms end() const noexcept { return start + length_of(interval); } // exclusive
  bool closed() const noexcept { return has(flags, candle_flags::closed); }
  bool partial() const noexcept { return has(flags, candle_flags::partial); }

  // Absent where no event has a size. Of some that have one and others that have none it is the sum
  // of those known (volume_whole() is false).
  std::optional<int128> volume() const noexcept;
  bool volume_whole() const noexcept { return !has(flags, candle_flags::lacks_size); }
  // Sum of price * size. Absent as volume() is, and where it would be above the bound of 128 bits
  // (1.7 * 10^22): never wrapped, never rounded. The bound is of the sum of all its events, so it
  // does not matter in which order they came.
  std::optional<int128> quote_volume() const noexcept;
  // What takers bought. Absent where it is not known of every event.
  std::optional<int128> taker_buy_volume() const noexcept;
  std::optional<int128> taker_buy_quote_volume() const noexcept;
  // Of the events that make open and close.
  std::optional<std::int64_t> opening_trade_id() const noexcept;
  std::optional<std::int64_t> closing_trade_id() const noexcept;

  friend bool operator==(const candle&, const candle&) noexcept = default;
};

// Appends units of 10^-16 without exponent and without trailing zeros. Requires: not negative.
void append_quote_volume(std::string& out, int128 units);
// The same into a buffer of at least 40 characters; returns the end.
char* write_quote_volume(char* out, int128 units) noexcept;

// The record of the partition's log that makes something close or that is an event itself.
struct candle_cause {
  record_offset offset;
  time_ms time{};      // its event time
  time_ms watermark{}; // of the partition, this record included
  epoch floor{1};      // of the partition's epochs
};

// A numbered event of the stream candle_<interval>: a close (revision 0) or a correction.
struct candle_fact {
  tradepulse::candle candle; // closed
  stream_position position;
  record_offset offset; // of the record that caused it, and its time
  time_ms time{};

  friend bool operator==(const candle_fact&, const candle_fact&) noexcept = default;
};

// A state that is not numbered.
struct candle_view {
  tradepulse::candle candle;
  stream_position through;  // the newest event of the source that it knows of
  bool provisional = false; // over by the wall clock, and its partition is silent
  bool withdraws = false;   // a provisional view of this candle was given before: it must be sent
  // The newest event of candle_<interval> as of then. Who has a later one knows better: what is
  // read again, after a crash or a claim, is behind what was published before.
  stream_position closed_through = {};

  friend bool operator==(const candle_view&, const candle_view&) noexcept = default;
};

} // namespace tradepulse
