#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/stream_kind.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// Where a stream stands for those who join it. Immutable once published.
struct stream_head {
  tradepulse::symbol symbol;
  stream_position position; // epoch and number of the last event of the stream
  stream_kind kind{};
};

// Of a `price` stream also its newest event by event time (ties: the later offset), as of that
// position.
struct price_snapshot : stream_head {
  tradepulse::price price;
  std::optional<quantity> volume;
  time_ms event_time{};
  sequence price_seq; // the event shown; below position.seq after a late event
  std::optional<std::int64_t> source_sequence;
};

using head_ptr = std::shared_ptr<const stream_head>;

// Of a head of a price stream, which always is one of these; null for other kinds.
inline const price_snapshot* price_of(const stream_head* head) noexcept {
  return head && head->kind == stream_kind::price ? static_cast<const price_snapshot*>(head)
                                                  : nullptr;
}

} // namespace tradepulse
