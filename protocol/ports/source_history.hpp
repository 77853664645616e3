#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/kline_interval.hpp"
#include "protocol/market_events.hpp"
#include "protocol/result.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse {

// Klines of one symbol by the numbers that upstream gave their messages.
struct source_query {
  tradepulse::symbol symbol;
  kline_interval interval = kline_interval::m1;
  std::int64_t after = 0;   // exclusive
  std::int64_t through = 0; // inclusive
  std::size_t limit = 100;

  friend bool operator==(const source_query&, const source_query&) noexcept = default;
};

struct source_kline {
  std::int64_t number;
  time_ms event_time{}; // of a row that another program wrote: the kline's start
  // Absent: a row of that number is there, of another program, and no kline can be made of it.
  std::optional<kline_value> value;
};

// What was committed when it was read.
struct source_page {
  // Ascending; the limit counts all of them. Of messages with the same number the newest: of the
  // later epoch, within it the newer by event time, ties by position; what another program wrote is
  // older than any of ours.
  std::vector<source_kline> klines;
  bool more = false;     // the limit was reached: there is another one up to `through`
  bool below = false;    // a number at or below `after` is kept,
  bool above = false;    // and one above `through`
  bool known = false;    // something of the symbol and the interval was ever stored
  bool all_kept = false; // no event of the stream was ever taken away
  // Of the oldest event of the engine's stream that is kept and has a number: what is below may
  // have been taken away. Read where not all is kept; absent: none is.
  std::optional<std::int64_t> first_kept;
  // Of the engine's stream; 0/0 where there is none. What is above it was published at most.
  stream_position committed;
};

// What subscribers had when it was asked, read in this order.
struct source_published {
  stream_position newest; // 0/0: nothing
  // Events of an epoch before wait for their commit: the stream has moved to another partition,
  // and that one may be committed first. Any number may be among theirs.
  bool earlier_waits = false;

  friend bool operator==(const source_published&, const source_published&) noexcept = default;
};

using source_answer = std::function<void(result<source_page>)>;

// By blocking calls of one connection. Thread: one at a time.
class source_store {
 public:
  virtual ~source_store() = default;
  // Errors: those of the database. Requires: after < through, limit > 0.
  virtual result<source_page> read(const source_query& query) = 0;
};

// The same for those who must not block.
// Thread: any. `then` is called once, on a thread of the source's or on the caller's; it must not
// block either.
class source_history {
 public:
  virtual ~source_history() = default;
  // `published`: where it is not committed yet, and may be what is missing, the answer waits for
  // that for a while.
  virtual void read(source_query query, source_published published, source_answer then) = 0;
};

} // namespace tradepulse
