#pragma once

#include <optional>
#include <string>

#include <pqxx/except>

#include "adapters/postgres/database_session.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// A number of the journal that was given before: streams are numbered by what price_snapshots,
// stream_positions and ingest_offsets say, so one of them was changed without the others. No row is
// to blame, and no number is skipped or written over: the partition stands still, with its records
// in Kafka, and others go on. Tried again, since whoever repairs it needs no restart then. But
// where the stream has its home elsewhere by now, and stands at that number or behind it, another
// process has moved it at the same time: the work is thrown away, and the next claim knows of that.
class number_conflict {
 public:
  explicit number_conflict(const range_commit& work) : work_(work) {}

  // "Key (stream_id, epoch, seq)=(7, 1, 51) already exists.", in any language.
  void look_at(const pqxx::sql_error& refused);
  bool found() const noexcept { return key_.has_value(); }

  commit_outcome what_it_means(database_session& db, const database_fault& fault) const;

 private:
  const range_commit& work_;
  std::optional<std::string> key_;
};

// What became of a commit that failed, where the data is not to blame.
commit_outcome outcome_of(const database_session& db, const database_fault& fault);

} // namespace tradepulse
