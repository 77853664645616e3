#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "protocol/candle_state.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/lateness.hpp"
#include "protocol/market_events.hpp"
#include "protocol/record.hpp"
#include "protocol/result.hpp"
#include "protocol/stored_stream.hpp"
#include "protocol/tick.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// What a claim returns: everything a partition goes on from.
struct claimed_partition {
  topic_partition source;
  generation gen;
  std::optional<next_offset> next; // absent: a partition never seen
  epoch epoch_floor{1};
  std::string cluster_id; // empty: not known yet
  std::optional<applied_record> last_applied;
  // Of the newest events that are journalled; the commit time of a partition never goes back.
  std::optional<time_ms> journal_time{};
  // How far its log has come in event time, as of `next`; absent: not known (a new log).
  std::optional<time_ms> watermark{};
  // Whose home is this partition, as of `next`; those of candles are with the streams that they are
  // made from.
  std::vector<stored_stream> streams{};
};

// Moves a claimed partition to another place in its log.
struct repositioning {
  topic_partition source;
  generation gen;
  next_offset next;
  bool new_epoch = false; // raise the floor: 1 + max(old floor, epochs of its streams)
  std::string cluster_id;
};

struct stream_row {
  stored_stream stream;
  // The row itself was refused by the database and its records dead-lettered: only the position
  // is kept, in the table of positions, with what stream.newest says.
  bool position_only = false;
};

// Events as they were read, of one kind; they are a range's.
using logged_events = std::variant<std::span<const tick>, std::span<const logged_trade>,
                                   std::span<const logged_quote>, std::span<const logged_kline>,
                                   std::span<const logged_candle>>;
inline std::size_t count_of(const logged_events& events) noexcept {
  return std::visit([](const auto& each) { return each.size(); }, events);
}

// Consecutive numbered events of one stream and one epoch, for the journal.
struct journal_run {
  tradepulse::symbol symbol;
  tradepulse::epoch epoch;
  sequence first; // number of the first
  logged_events events;
  // Event time of the newest of this epoch before these; which of them are late follows from it.
  time_ms newest_before = lateness::nothing_before;
  stream_kind kind{}; // that of the events

  stream_key key() const noexcept { return {symbol, kind}; }
};

// One transaction: the rows of ranges that follow each other, and next_offset from a to b.
struct range_commit {
  topic_partition source;
  generation gen;
  next_offset from; // a: must equal what is stored
  next_offset to;   // b
  std::string cluster_id;
  std::optional<applied_record> last_applied; // absent: keep what is stored
  std::vector<stream_row> rows;               // sorted by (symbol, kind), one a stream
  // Every event of [from, to), sorted by (symbol, kind), then by position; which kinds are kept the
  // store knows.
  std::vector<journal_run> events{};
  time_ms commit_time{}; // of these events; never below journal_time of the claim
  // Of the partition's log, as of `to`. Absent: keep what is stored (no candles are made of it).
  std::optional<time_ms> watermark{};
  // Sorted by source, one a source and symbol; closed ones without those of streams whose row is
  // position_only.
  std::vector<candle_update> candles{};
};

struct refused_row {
  stream_key stream;
  std::string sqlstate;
  std::string message;
};

// Where klines stand in a table that another program has made with a key for one interval.
struct kline_admission {
  std::size_t kept_out = 0;        // klines of this commit that wait in a table of their own
  bool waiting = false;            // some do, of this commit or of earlier ones
  bool one_interval_alone = false; // the key is still there
  std::string remedy = {};         // what lets the others in, for the operator
};
struct committed {
  std::size_t rows = 0;
  std::optional<kline_admission> klines = {}; // absent: the commit had none
};
// Another owner, next_offset is not `from`, or another home has a number: throw the work away.
struct fenced {};
// Nothing was committed, the connection is good: the same commit may be tried again.
struct try_again {
  error why;
};
// The connection is gone; committed or not is unknown. Claim again.
struct outcome_unknown {
  error why;
};
// Nothing was committed: these rows are refused by the data itself (SQLSTATE class 22, 23; P0001),
// found by bisection; all others would go through.
struct rows_refused {
  std::vector<refused_row> rows;
};
using commit_outcome = std::variant<committed, fenced, try_again, outcome_unknown, rows_refused>;

// How the row of a partition looks from outside, for `offsets show` and a partition that stopped.
struct partition_row {
  topic_partition source;
  generation gen;
  std::optional<std::string> owner;
  std::optional<next_offset> next;
  epoch epoch_floor{1};
  std::string cluster_id;
  std::optional<applied_record> last_applied;
  std::optional<time_ms> updated_at;
  std::optional<time_ms> journal_time; // of the newest events that are journalled
};

// Durable state of the engine, by one connection.
// Thread: one at a time. Blocks: every call, up to the statement and watchdog deadlines.
// After an error of code database_unavailable, or outcome_unknown, the connection is gone and the
// next call makes another one; after database_busy it is good.
class range_store {
 public:
  virtual ~range_store() = default;

  // Raises the generation and makes `owner` the owner; inserts the row of a partition never seen
  // (next absent, floor 1). Streams marked unordered that this partition feeds get a new epoch.
  virtual result<claimed_partition> claim(const topic_partition& source,
                                          std::string_view owner) = 0;
  // errc::database_refused with "fenced" where the generation is not the stored one.
  virtual result<claimed_partition> reposition(const repositioning& move) = 0;
  virtual commit_outcome commit(const range_commit& work) = 0;
  // Owner becomes NULL where the generation still is ours; otherwise nothing happens.
  virtual result<void> release(const topic_partition& source, generation gen) = 0;
  virtual result<std::optional<partition_row>> look_at(const topic_partition& source) = 0;
  // Every stored stream, sorted by symbol, in slices of at most `slice` rows.
  virtual result<void>
  for_each_stream(std::size_t slice,
                  const std::function<void(std::vector<stored_stream>)>& take) = 0;
  // What is stored of these streams, whatever their home; those that are not stored are left out.
  virtual result<std::vector<stored_stream>> load(std::span<const stream_key> streams) = 0;
  // Of the closed candles that are made from `source`: those that are stored, in any order.
  virtual result<std::vector<stored_candle>> load_candles(const stream_key& source,
                                                          std::span<const candle_key> which) = 0;
  // Clears `stopped` of all streams (a process start, or an operator).
  virtual result<void> clear_stopped() = 0;
};

} // namespace tradepulse
