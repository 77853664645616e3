#pragma once

#include <cstdint>
#include <string>

#include "protocol/ports/log_inspector.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

enum class start_policy : std::uint8_t { earliest, latest };
enum class replaced_log_policy : std::uint8_t { stop, new_epoch };

// Whether the log still is the one that was applied, and what follows.
struct log_verdict {
  enum class kind : std::uint8_t {
    proceed,    // the record is there and the same
    unverified, // the record itself is gone, next_offset is still in the log: same epoch
    first_seen, // `next` has to be stored before the first record is used
    expired,    // records went away unread: new epoch from the log's start, alarm with `count`
    replaced,   // another log under this name: by policy
  };
  kind what = kind::proceed;
  next_offset next;       // where reading goes on
  std::int64_t count = 0; // of expired records
  std::string why;        // for `replaced`
};

// Pure: the contract "The log's identity".
log_verdict judge_log(const claimed_partition& stored, const log_state& log, start_policy start);

} // namespace tradepulse
