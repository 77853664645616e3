#pragma once

#include <compare>
#include <cstdint>

#include "protocol/strong.hpp"

namespace tradepulse {

// Unique and rising per stream, from 1; a new one begins only where continuity cannot be proved.
using epoch = strong<struct epoch_tag>;
// 1, 2, 3, ... within an epoch, without holes. 0 = before the first event.
using sequence = strong<struct sequence_tag>;

// A place in a stream of events; the same in REST, WebSocket and the database.
struct stream_position {
  tradepulse::epoch epoch;
  tradepulse::sequence seq;

  friend constexpr auto operator<=>(const stream_position&, const stream_position&) = default;
};

} // namespace tradepulse
