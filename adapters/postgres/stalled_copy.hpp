#pragma once

#include <chrono>

#include "adapters/postgres/database_session.hpp"
#include "protocol/identifiers.hpp"

namespace tradepulse {

// Ends the session that holds the partition's row and has sent nothing for `limit` in the middle of
// a COPY: a process that stands still, or a network that forgot it. PostgreSQL's own time limits
// see neither: a COPY that waits for its rows is no idle transaction, and a statement is not
// cancelled while it reads. Returns whether there was one; also false where the role may not end
// it.
bool end_stalled_copy(database_session& session, const topic_partition& source,
                      std::chrono::milliseconds limit);

} // namespace tradepulse
