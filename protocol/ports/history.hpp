#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "protocol/event_burst.hpp"
#include "protocol/ports/bars.hpp"
#include "protocol/result.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// Events of one stream behind a position, or behind a time, in the order of their positions.
struct history_query {
  tradepulse::symbol symbol;
  stream_index index; // of the bursts that come back; any, where nobody sends them on
  stream_position after;
  std::optional<stream_position> through; // absent: as far as it is committed
  std::size_t limit = 1'000;              // events; 0, of a time alone: only where that is
  // Instead of `after`: behind the last event that was committed before. Never further on, so that
  // none that was committed then or later is left out; it may be further back where commit times
  // do not rise from one epoch to the next.
  std::optional<time_ms> time = {};
  // Where others are asked for first: since when it waits. Its time is not over while the database
  // answers those, and begins before the question. Absent: with the question.
  std::optional<std::chrono::steady_clock::time_point> waits_since = {};
  // Known to have been committed. A database that has less is not the one that is written to: one
  // that was replaced and has come back. What it lacks may exist; it is database_unavailable.
  std::optional<stream_position> committed = {};
  stream_kind kind = {};
};

// What was committed when it was read. Immutable, shared by all who asked for it.
struct history_page {
  // Ascending; each of one epoch with numbers that rise by one, so a hole is between two of them.
  // Where several asked at once the first burst may begin at or below `after`, and the page may
  // have more than `limit` events and go beyond `through`. Their oldest_append is the commit time.
  std::vector<burst_ptr> bursts;
  // The lowest and the highest position that are kept; 0/0 where nothing is.
  stream_position lowest;
  stream_position highest;
  // The same of the epoch of `after`; 0 where nothing of it is.
  sequence epoch_lowest;
  sequence epoch_highest;
  // Of the stream, kept or not: what is above it was published at most.
  stream_position committed;
  bool more = false; // the limit was reached: there is more up to `through`
  // Of a time: the position that it names, at most `highest`; where nothing is kept, `committed`.
  stream_position after = {};
  // Of a time: nothing that is kept was committed before, and something else may have been, or may
  // have been committed since. `after` is then right before `lowest`.
  bool older = false;
};

using history_answer = std::function<void(result<std::shared_ptr<const history_page>>)>;

// The committed events, by blocking calls of one connection.
// Thread: one at a time. Blocks: up to the statement and watchdog deadlines.
class history_store {
 public:
  virtual ~history_store() = default;
  // Errors: those of the database; unsupported where the stream is not kept at all.
  virtual result<history_page> read(const history_query& query) = 0;
  // Bars, by the same connection. Errors: those of the database.
  virtual result<bar_page> read_bars(const bar_query& query) = 0;
};

// The same for those who must not block.
// Thread: any. `then` is called once, on a thread of the source's, or on the caller's where the
// answer is known at once; it must not block either, nor throw, and may ask for the next page.
class history_source {
 public:
  virtual ~history_source() = default;
  virtual void read(history_query query, history_answer then) = 0;
};

} // namespace tradepulse
