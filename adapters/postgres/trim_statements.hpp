#pragma once

#include <string>
#include <string_view>

// What taking leaves of the journal away asks of the server. Names of tables are quoted already.
namespace tradepulse::sql {

// One row: whether the lock was had. It is the session's, and one a schema.
std::string lock_retention();
// The same; waits for it, for lock_timeout at most.
std::string wait_for_retention();

// ($1 table) -> its name with the schema, whether this role may take its leaves away, this role,
// its owner.
std::string journal_owner();

// ($1 table) -> name, name with the schema, day as "YYYYMMDD", "attached" or "pending" (its DETACH
// was interrupted) or "detached" (and marked), its bounds, whether it is marked. Pending ones
// first, then the oldest.
std::string leaves_of_journal();

// The mark of what is to go: a table that was detached by hand, to be kept, has none.
std::string mark_leaf(std::string_view leaf);
std::string unmark_leaf(std::string_view leaf);
// ($1 day as "YYYYMMDD"): the rows of a leaf in journal_leaves, as its events say. One look into the
// index for each stream and epoch, however many events there are.
std::string remember_leaf(std::string_view leaf);
// `bounds`: "FOR VALUES FROM ...".
std::string attach_leaf(std::string_view journal, std::string_view leaf, std::string_view bounds);
// ($1 kind, $2 day as "YYYYMMDD"): of the streams of a kind, kline_1m and kline_5m for "kline".
std::string forget_leaf();
// ($1 kind, $2 day): the same of all days before.
std::string forget_leaves_before();
std::string detach_leaf(std::string_view journal, std::string_view leaf);
std::string finish_detach(std::string_view journal, std::string_view leaf);
std::string lock_leaf(std::string_view leaf);
std::string drop_leaf(std::string_view leaf);

} // namespace tradepulse::sql
