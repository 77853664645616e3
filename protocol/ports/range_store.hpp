#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/record.hpp"
#include "protocol/result.hpp"
#include "protocol/stored_stream.hpp"

namespace tradepulse {

// What a claim returns: everything a partition goes on from.
struct claimed_partition {
  topic_partition source;
  generation gen;
  std::optional<next_offset> next; // absent: a partition never seen
  epoch epoch_floor{1};
  std::string cluster_id; // empty: not known yet
  std::optional<applied_record> last_applied;
  std::vector<stored_stream> streams; // whose home is this partition, as of `next`
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
  // is kept, in the table of positions.
  bool position_only = false;
};

// One transaction: the rows of ranges that follow each other, and next_offset from a to b.
struct range_commit {
  topic_partition source;
  generation gen;
  next_offset from; // a: must equal what is stored
  next_offset to;   // b
  std::string cluster_id;
  std::optional<applied_record> last_applied; // absent: keep what is stored
  std::vector<stream_row> rows;               // sorted by symbol, one per symbol
};

struct refused_row {
  tradepulse::symbol symbol;
  std::string sqlstate;
  std::string message;
};

struct committed {
  std::size_t rows = 0;
};
// Another owner has claimed, or next_offset is not `from`: throw the work away.
struct fenced {};
// Nothing was committed, the connection is good: the same commit may be tried again.
struct try_again {
  error why;
};
// The connection is gone; committed or not is unknown. Claim again.
struct outcome_unknown {
  error why;
};
// Nothing was committed: these rows are refused by the data itself (SQLSTATE class 22, 23), found
// by bisection; all others would go through.
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
  // Every stored price stream, sorted by symbol, in slices of at most `slice` rows.
  virtual result<void>
  for_each_stream(std::size_t slice,
                  const std::function<void(std::vector<stored_stream>)>& take) = 0;
  // What is stored of these streams, whatever their home; those that are not stored are left out.
  virtual result<std::vector<stored_stream>> load(std::span<const symbol> symbols) = 0;
  // Clears `stopped` of all streams (a process start, or an operator).
  virtual result<void> clear_stopped() = 0;
};

} // namespace tradepulse
