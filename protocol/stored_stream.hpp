#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/price_snapshot.hpp"
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

// What PostgreSQL keeps of a symbol's price stream, and what a restart begins with.
struct stored_stream {
  tradepulse::symbol symbol;
  // Position 0/0 where no event was ever numbered (a row that was adopted from another program).
  stream_position position;
  std::optional<price_snapshot> snapshot; // absent where the row itself was refused so far
  std::optional<topic_partition> home;    // absent: adopted, the first event sets it
  std::optional<time_ms> home_moved_at;
  stream_flags flags = stream_flags::none;
};

} // namespace tradepulse
