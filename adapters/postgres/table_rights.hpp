#pragma once

#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/settings.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// Whether this role may do to the tables what claims and commits do, so that a GRANT that was
// forgotten is told at the start, not by the first event of a kind. `kept`: the kinds of streams
// that are journalled. Rights that only reading takes, of the journal and of other
// programs' bars, are missed with a warning.
// Errors: configuration, which names the role, each table with the rights that are missing, and the
// GRANT to run; else what connecting or asking ends with.
// Requires: the schema is current. Blocks: up to the timeouts in settings.
result<void> check_table_rights(const postgres_settings& settings, journal_kinds kept);

} // namespace tradepulse
