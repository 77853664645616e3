#pragma once

// Private to adapters/postgres: rows of the journal become bursts of their kind.
#include <cstddef>
#include <memory>

#include <pqxx/pqxx>

#include "protocol/event_burst.hpp"

namespace tradepulse {

// What a page has gathered of consecutive events. Rows have the columns of sql::events_of_leaf().
class burst_builder {
 public:
  virtual ~burst_builder() = default;

  virtual void add(const pqxx::row& row) = 0;
  virtual bool empty() const noexcept = 0;
  // Of the last one. Requires: !empty().
  virtual sequence last() const noexcept = 0;
  // Begins anew. Requires: !empty(), and that the numbers rise by one.
  virtual burst_ptr take(stream_index index, const stream_key& of, epoch in,
                         time_ms commit_time) = 0;
};

// Requires: the kind has a journal.
std::unique_ptr<burst_builder> make_burst_builder(stream_kind kind);

// Columns that the events of every kind begin with.
inline constexpr const char* common_columns =
    "seq, event_time, commit_time, source_sequence, flags";
inline constexpr int common_column_count = 5;
time_ms commit_time_of(const pqxx::row& row);
sequence number_of(const pqxx::row& row);

} // namespace tradepulse
