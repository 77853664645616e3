#pragma once

#include <cstdint>
#include <optional>

#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// The newest event of a price stream by event time (ties: the later offset), and the position of
// the stream when it was the newest. Immutable once published.
struct price_snapshot {
  tradepulse::symbol symbol;
  tradepulse::price price;
  std::optional<quantity> volume;
  time_ms event_time{};
  stream_position position; // epoch and number of the last event of the stream
  sequence price_seq;       // the event shown; below position.seq after a late event
  std::optional<std::int64_t> source_sequence;
};

} // namespace tradepulse
