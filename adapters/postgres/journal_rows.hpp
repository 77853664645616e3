#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/journal_tables.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// What the column can hold; an epoch begins where continuity is lost, so this is far away.
inline constexpr epoch last_journal_epoch{std::numeric_limits<std::int32_t>::max()};

// A run with the id of its stream; 0: not known yet.
struct located_run {
  std::int32_t stream_id;
  const journal_run* run;
};

// The events of a commit that go into one journal.
struct journal_part {
  event_kind kind;
  std::vector<located_run> runs;
};
// One for each kind that is there and kept, in the order of the kinds; within a part in the order
// that `events` has.
std::vector<journal_part> journal_parts(std::span<const journal_run> events, journal_kinds kept);

// Events of one kind as the rows of a binary COPY (sql::copy_into_journal), some at a time.
// Requires: the runs outlive it and are of one kind; no epoch is above last_journal_epoch.
class journal_rows {
 public:
  journal_rows(std::span<const located_run> runs, std::int32_t partition_id, time_ms commit_time);

  bool more() const noexcept { return run_ < runs_.size(); }
  // Writes a whole COPY, its head and its end included, of at most so many rows, over `out`.
  // Requires: more(), rows > 0.
  void write(std::string& out, std::size_t rows);

 private:
  template <class Logged>
  char* write_rows(char* to, const located_run& from, std::span<const Logged> events,
                   std::size_t& left);

  std::span<const located_run> runs_;
  const std::int32_t partition_id_;
  const time_ms commit_time_;
  std::size_t run_ = 0;   // the next event is in this one,
  std::size_t event_ = 0; // there it is this one
  lateness order_{lateness::nothing_before};
};

} // namespace tradepulse
