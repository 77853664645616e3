#pragma once

#include <memory>
#include <vector>

#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/watchdog.hpp"
#include "runtime/config/settings.hpp"
#include "runtime/history/history_desk.hpp"
#include "runtime/history/journal_retention.hpp"
#include "runtime/history/source_desk.hpp"
#include "runtime/rest/bar_stream.hpp"

namespace tradepulse {

// History from PostgreSQL as configured. `dog` is the readers' own: at the end it cuts them all.
// Requires: `settings` and `board` outlive the desk.
history_desk_options history_options(const config::settings& settings, actor_board& board,
                                     std::shared_ptr<watchdog> dog);

// The same of klines by upstream's numbers.
source_desk_options source_options(const config::settings& settings, actor_board& board,
                                   std::shared_ptr<watchdog> dog);

// What REST needs for bars, as configured. Requires: all of it outlives the listeners.
bar_parts bar_options(const config::settings& settings, const symbol_directory& directory,
                      bar_source& stored);

// What journal.streams names: the kinds whose events are journalled and can be asked for.
journal_kinds kinds_kept(const config::settings& settings);

// What journal.retention says of each kind that is not kept for ever, also where events of it are
// not journalled any more.
std::vector<journal_rule> retention_rules(const config::settings& settings);
// The same, done by a thread. Requires: `settings` outlives it.
journal_retention_options retention_options(const config::settings& settings);

} // namespace tradepulse
