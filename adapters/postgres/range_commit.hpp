#pragma once

#include "adapters/postgres/database_session.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// Tells the session the statement that commit_range() uses.
void prepare_commit(database_session& db);

// One transaction of range_store::commit(), and where the data is refused the search for the rows
// to blame. Requires: prepare_commit() was called.
commit_outcome commit_range(database_session& db, const range_commit& work);

} // namespace tradepulse
