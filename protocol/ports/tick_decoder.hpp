#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "protocol/record.hpp"
#include "protocol/reject_reason.hpp"
#include "protocol/tick.hpp"

namespace tradepulse {

struct decoded_tick {
  tradepulse::symbol symbol;
  tradepulse::tick tick;
};
// Valid, and of a kind that feeds no stream (yet): counted by kind. The kind is one of a closed
// set of literals ("aggTrade", "depthUpdate", "bookTicker", "kline", "other").
struct skipped_record {
  std::string_view kind;
};
// A null value: counted, no error.
struct tombstone {};
struct rejected_record {
  reject_reason reason;
  std::string detail; // names the member, the value and the limit; at most 200 bytes
};

using decode_outcome = std::variant<decoded_tick, skipped_record, tombstone, rejected_record>;

// Turns the records of one topic into ticks. A pure function of the record (never of our clock),
// because numbers must come out the same on every reading.
// Thread: one at a time; an instance keeps buffers, so each partition has its own.
class tick_decoder {
 public:
  virtual ~tick_decoder() = default;
  virtual decode_outcome decode(const record& r) = 0;
};

} // namespace tradepulse
