#pragma once

#include <cstdint>
#include <optional>

#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// One price event as it was read from the log; its symbol stands beside it (batches are sorted by
// symbol and name it once).
struct tick {
  record_offset offset;
  time_ms event_time{};  // what the source says
  time_ms append_time{}; // the Kafka record's own timestamp
  tradepulse::price price;
  std::optional<quantity> volume;
  std::optional<std::int64_t> source_sequence; // upstream's own number; its gaps are counted
};

} // namespace tradepulse
