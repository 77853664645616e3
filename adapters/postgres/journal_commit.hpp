#pragma once

#include <span>

#include "adapters/postgres/commit_pieces.hpp"
#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/journal_names.hpp"
#include "adapters/postgres/journal_rows.hpp"
#include "adapters/postgres/raw_calls.hpp"
#include "adapters/postgres/shared_tables.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// What a transaction writes besides the rows of streams.
struct commit_extras {
  std::span<journal_part> journal; // put into the order in which they are written
  const shared_tables::share& shared;
};

// A commit whose events go into the journals of their kinds, and into the tables that other
// programs read: the statements of `pieces`, the first of which swaps the partition's row, those of
// the shared tables, and a COPY for each kind, in one transaction; more of each where there are
// more rows than rows_per_statement.
// Round trips: one; one for each statement of a shared table; two for each COPY, of which the last
// one commits, or one to commit where there is no COPY; and a few more where names are new or rows
// very many.
// Throws: what libpqxx throws; nothing was committed then, or it is unknown whether.
// Requires: one of the extras is not empty; no epoch is above last_journal_epoch.
commit_outcome commit_in_steps(database_session::call& call, journal_names& names,
                               shared_tables& tables, const range_commit& work,
                               commit_extras extras, const commit_pieces& pieces);

// What sql::commit() answers: (partitions moved, rows written).
commit_outcome outcome_of(const raw::answer& answer);

} // namespace tradepulse
