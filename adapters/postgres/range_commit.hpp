#pragma once

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/journal_names.hpp"
#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/shared_tables.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// Tells the session the statement that commit_range() uses.
void prepare_commit(database_session& db);

// One transaction of range_store::commit(), and where the data is refused the search for the rows
// to blame. Events of kinds that are not in `kept` are not journalled. Without events it is one
// statement and one round trip; with events of one kind three, of each further kind two more, with
// klines one more, as long as `names` and `tables` know what they are called. Candles are two
// statements more at most, in the first round trip; where no events are journalled, COMMIT then
// takes one of its own.
// Requires: prepare_commit() was called.
commit_outcome commit_range(database_session& db, journal_names& names, shared_tables& tables,
                            journal_kinds kept, const range_commit& work);

} // namespace tradepulse
