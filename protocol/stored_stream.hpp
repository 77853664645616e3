#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/candle_state.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/price_snapshot.hpp"
#include "protocol/stream_kind.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// One bit each: what an operator (or a process start) has to clear.
enum class stream_flags : std::uint8_t {
  none = 0,
  unordered = 1, // fed from several partitions: each claim of one of them begins an epoch
  stopped = 2,   // its actor failed too often: records go to the dead-letter topic
};
constexpr stream_flags operator|(stream_flags a, stream_flags b) noexcept {
  return static_cast<stream_flags>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
constexpr bool has(stream_flags set, stream_flags flag) noexcept {
  return (static_cast<std::uint8_t>(set) & static_cast<std::uint8_t>(flag)) != 0;
}

// What an epoch of a stream has shown so far, beyond its number.
struct newest_event {
  time_ms event_time{};                        // of the newest by event time
  std::optional<std::int64_t> source_sequence; // upstream's greatest

  friend bool operator==(const newest_event&, const newest_event&) noexcept = default;
};

// What PostgreSQL keeps of a stream, and what a restart begins with.
struct stored_stream {
  tradepulse::symbol symbol;
  // Position 0/0 where no event was ever numbered (a row that was adopted from another program).
  stream_position position;
  // Of `price`; absent where the row itself was refused so far.
  std::optional<price_snapshot> snapshot;
  std::optional<topic_partition> home; // absent: adopted, the first event sets it
  std::optional<time_ms> home_moved_at;
  stream_flags flags = stream_flags::none;
  stream_kind kind{};
  // Of this epoch; absent before its first event. Of `price` only where the row that would show it
  // was refused: what is shown is an older event, or none, and this is what later ones are late by.
  std::optional<newest_event> newest{};
  // Of a stream that candles are made from: their streams, and every open candle. Null: none.
  std::shared_ptr<const stored_candles> candles{};

  stream_key key() const noexcept { return {symbol, kind}; }
};

} // namespace tradepulse
