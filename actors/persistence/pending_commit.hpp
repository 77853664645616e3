#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/ingest/ingest_range.hpp"
#include "protocol/ports/dead_letter_sink.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// What waits to be committed for one partition under one claim: complete ranges that follow each
// other are merged, one row a symbol (the cost follows symbols, not ticks); complete ranges behind
// a hole wait until it is closed. Of candles each is a row, and no credit counts them: where very
// many are merged the ranges that follow wait for the next transaction.
class pending_commit {
 public:
  // `journal_time`: the commit time of the newest events that are journalled, or of none; theirs is
  // never below it.
  pending_commit(topic_partition source, generation gen, next_offset next,
                 time_ms journal_time = {});

  generation gen() const noexcept { return gen_; }
  // What is in the database, as far as this claim knows.
  next_offset next() const noexcept { return next_; }
  // Requires: the range is of this partition and generation.
  void add(std::shared_ptr<ingest_range> range);

  // With so many candles nothing more is merged. Some seconds of the database: its writer serves
  // other partitions behind it.
  static constexpr std::size_t most_candles = 100'000;

  bool empty() const noexcept { return merged_.empty(); }
  // Nothing more is merged before this is committed.
  bool full() const noexcept { return candles_ >= most_candles; }
  std::size_t rows() const noexcept { return rows_.size(); }
  std::size_t events() const noexcept { return events_; }
  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t ranges() const noexcept { return merged_.size() + behind_a_hole_.size(); }

  // The transaction for all that is merged. Its events are views into the merged ranges: they are
  // good until committed() or the end of this object. `now`: the wall clock, which may go back.
  range_commit work(time_ms now);
  // These rows are refused by the database: of them only the positions are kept, and what completes
  // from now on waits for a transaction of its own. Returns their records as dead letters. One that
  // is refused again is kept without upstream's number, of which gaps are counted, and no more; one
  // that is refused even so without the time of its newest event (stored_stream::newest), by which
  // events are late after a restart.
  std::vector<dead_letter> refuse(const std::vector<refused_row>& rows);

  struct done {
    next_offset next;
    std::optional<applied_record> last_applied;
    std::size_t events = 0;
    std::vector<std::pair<stream_key, epoch>> begun_epochs; // to be published now
    std::vector<time_ms> oldest_appends;                    // one a range, with its events
    std::vector<std::size_t> range_events;
  };
  // work() is in the database; what was merged is forgotten.
  done committed();

 private:
  using row_map = std::map<stream_key, const stored_stream*>;
  void merge_what_follows();
  void merge(std::shared_ptr<ingest_range> range);
  void put(const stored_stream& row);
  std::vector<journal_run> runs() const;
  void add_candles(range_commit& to) const;

  topic_partition source_;
  generation gen_;
  next_offset next_; // committed
  next_offset to_;   // end of what is merged
  std::string cluster_id_;
  std::optional<applied_record> last_applied_;
  time_ms journal_time_; // committed
  time_ms commit_time_;  // of what work() gave last; without events journal_time_
  std::map<std::int64_t, std::shared_ptr<ingest_range>> behind_a_hole_; // by from
  std::vector<std::shared_ptr<ingest_range>> merged_;
  row_map rows_;                          // the newest of each; they are the ranges'
  std::vector<row_map::node_type> spare_; // so that a row that comes again takes no memory
  std::map<stream_key, int> refusals_; // of rows: what is left out of them, see refuse()
  std::size_t events_ = 0;
  std::size_t bytes_ = 0;
  std::size_t candles_ = 0; // that were closed or corrected, as often as they were
  bool frozen_ = false; // rows were refused: what follows gets a transaction of its own
};

} // namespace tradepulse
