#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "protocol/kline_interval.hpp"
#include "protocol/market_events.hpp"
#include "protocol/record.hpp"
#include "protocol/reject_reason.hpp"
#include "protocol/tick.hpp"

namespace tradepulse {

struct decoded_tick {
  tradepulse::symbol symbol;
  tradepulse::tick tick;
};
// Feeds `trade`, and `price` with the same price, size, times and number.
struct decoded_trade {
  tradepulse::symbol symbol;
  logged_trade trade;
};
struct decoded_quote {
  tradepulse::symbol symbol;
  logged_quote quote;
};
struct decoded_kline {
  tradepulse::symbol symbol;
  kline_interval interval = kline_interval::m1;
  logged_kline kline;
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

using decode_outcome = std::variant<decoded_tick, decoded_trade, decoded_quote, decoded_kline,
                                    skipped_record, tombstone, rejected_record>;

// Turns the records of one topic into ticks. A pure function of the record (never of our clock),
// because numbers must come out the same on every reading.
// Thread: one at a time; an instance keeps buffers, so each partition has its own.
class tick_decoder {
 public:
  virtual ~tick_decoder() = default;
  virtual decode_outcome decode(const record& r) = 0;
  // Whether the numbers of klines (source_sequence) are those of their symbol and interval alone.
  // Otherwise several streams may share them, and one that a stream lacks is none that never came.
  virtual bool klines_have_own_numbers() const { return false; }
};

} // namespace tradepulse
