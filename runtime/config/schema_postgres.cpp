#include <array>

#include "runtime/config/schema_binding.hpp"
#include "runtime/config/schema_tables.hpp"

namespace tradepulse::config::tables {
namespace {

using p = postgres_settings;
constexpr std::int64_t second = 1'000;
constexpr std::int64_t minute = 60 * second;

template <auto Member>
constexpr auto here = &store_in<&settings::postgres, Member>;

constexpr auto rows = std::to_array<schema_row>({
    {.name = "postgres.url",
     .type = value_type::text,
     .min = 1,
     .max = 4096,
     .help = "A connection URI or connection string of libpq. Where it is set, postgres.host, "
             "port, database, user and password are not used.",
     .secret = true,
     .absent = "the keys below are used",
     .store = here<&p::url>},
    {.name = "postgres.host",
     .type = value_type::text,
     .fallback = "localhost",
     .min = 1,
     .max = 1024,
     .help = "The server: a name, an address or the folder of a socket; several with commas are "
             "tried in order.",
     .store = here<&p::host>},
    {.name = "postgres.port",
     .type = value_type::port_list,
     .fallback = "5432",
     .min = 1,
     .max = 65'535,
     .help = "Its port; several with commas go with several hosts.",
     .store = here<&p::port>},
    {.name = "postgres.database",
     .type = value_type::text,
     .fallback = "tradepulse",
     .min = 1,
     .max = 63,
     .help = "The database.",
     .store = here<&p::database>},
    {.name = "postgres.user",
     .type = value_type::text,
     .fallback = "tradepulse",
     .min = 1,
     .max = 63,
     .help = "The role.",
     .store = here<&p::user>},
    {.name = "postgres.password",
     .type = value_type::text,
     .fallback = R"("")",
     .max = 1024,
     .help = "Its password; empty: libpq's own ways (PGPASSFILE, trust).",
     .secret = true,
     .store = here<&p::password>},
    {.name = "postgres.options",
     .type = value_type::text,
     .fallback = R"("")",
     .max = 4096,
     .help = "Further options of the server for each session, as on its command line: -c "
             "work_mem=8MB.",
     .store = here<&p::options>},
    {.name = "postgres.target_session_attrs",
     .type = value_type::choice,
     .fallback = "read-write",
     .choices = "any|read-write|primary",
     .help = "read-write: a server that only reads is passed over, so that a failover is followed.",
     .store = here<&p::target_session_attrs>},
    {.name = "postgres.max_connections",
     .type = value_type::integer,
     .fallback = "20",
     .unit = "connections",
     .min = 1,
     .max = 1'000,
     .help = "Connections of this process, at most.",
     .store = here<&p::max_connections>},
    {.name = "postgres.writers",
     .type = value_type::integer,
     .fallback = "2",
     .unit = "connections",
     .min = 1,
     .max = 256,
     .help = "Writers, each with a thread and a connection; partitions are shared among them. At "
             "most postgres.max_connections.",
     .store = here<&p::writers>},
    {.name = "postgres.readers",
     .type = value_type::integer,
     .fallback = "2",
     .unit = "connections",
     .min = 1,
     .max = 16,
     .help = "Readers of history, each with a thread and a connection. At most "
             "postgres.max_connections.",
     .store = here<&p::readers>},
    {.name = "postgres.migrate",
     .type = value_type::boolean,
     .fallback = "false",
     .help = "Whether a start brings the schema up to date by itself, as `tradepulse migrate` "
             "does.",
     .store = here<&p::migrate>},
    {.name = "postgres.snapshot_timestamp_index",
     .type = value_type::boolean,
     .fallback = "false",
     .help = "Whether price_snapshots has an index on its timestamp. It makes each update of a "
             "price cost 1.7 times as much.",
     .store = here<&p::snapshot_timestamp_index>},
    {.name = "postgres.batch_size",
     .type = value_type::integer,
     .fallback = "1000",
     .unit = "rows",
     .min = 1,
     .max = 100'000,
     .help = "A writer flushes at once when so many rows wait (a trigger, not a cap: what waits "
             "while a transaction runs goes into the next).",
     .store = here<&p::batch_size>},
    {.name = "postgres.flush_interval",
     .type = value_type::duration,
     .fallback = "100ms",
     .min = 1,
     .max = minute,
     .help = "A writer flushes what waits after this time, however little it is.",
     .store = here<&p::flush_interval>},
    {.name = "postgres.max_retries",
     .type = value_type::integer,
     .fallback = "3",
     .unit = "attempts",
     .min = 1,
     .max = 1'000,
     .help = "How often a row that the database refuses is tried before it is dead-lettered. An "
             "absent or overloaded server is waited for without end.",
     .store = here<&p::max_retries>},
    {.name = "postgres.retry_min",
     .type = value_type::duration,
     .fallback = "100ms",
     .min = 1,
     .max = minute,
     .help = "The first pause before a server that does not answer is tried again; it doubles, "
             "with jitter, up to postgres.retry_max.",
     .store = here<&p::retry_min>},
    {.name = "postgres.retry_max",
     .type = value_type::duration,
     .fallback = "5s",
     .min = 1,
     .max = 10 * minute,
     .help = "See postgres.retry_min.",
     .store = here<&p::retry_max>},
    {.name = "postgres.connect_timeout",
     .type = value_type::duration,
     .fallback = "2s",
     .min = second,
     .max = minute,
     .help = "How long a connection attempt may take, per host. libpq counts whole seconds; a "
             "fraction is rounded up.",
     .store = here<&p::connect_timeout>},
    {.name = "postgres.statement_timeout",
     .type = value_type::duration,
     .fallback = "4s",
     .max = 60 * minute,
     .help = "The server ends a statement that takes longer. 0: never. Migrations are exempt.",
     .store = here<&p::statement_timeout>},
    {.name = "postgres.lock_timeout",
     .type = value_type::duration,
     .fallback = "2s",
     .max = 60 * minute,
     .help = "The server ends a statement that waits longer for a lock. 0: never.",
     .store = here<&p::lock_timeout>},
    {.name = "postgres.idle_in_transaction_session_timeout",
     .type = value_type::duration,
     .fallback = "5s",
     .min = 100,
     .max = 60 * minute,
     .help = "The server ends a session that stands still within a transaction, so that a frozen "
             "process cannot hold a partition's row.",
     .store = here<&p::idle_in_transaction_session_timeout>},
    {.name = "postgres.watchdog",
     .type = value_type::duration,
     .fallback = "5s",
     .min = 100,
     .max = 60 * minute,
     .help = "A connection whose server has not answered for so long is cut. More than "
             "postgres.statement_timeout, so that a slow server may still answer by itself.",
     .store = here<&p::watchdog>},
    {.name = "postgres.synchronous_commit",
     .type = value_type::boolean,
     .fallback = "true",
     .help = "false: commits return before they are on disk; a crash of the server may lose the "
             "newest ones together with their next_offset, and they are read again from Kafka.",
     .store = here<&p::synchronous_commit>},
    {.name = "postgres.sequence_tracker",
     .type = value_type::boolean,
     .fallback = "false",
     .help = "Whether the newest number of each stream is written to sequence_tracker as well, in "
             "the transaction that stores it: one statement more a commit.",
     .store = here<&p::sequence_tracker>},
    {.name = "adopt.replace",
     .type = value_type::text_list,
     .fallback = "[]",
     .max = 10,
     .choices = "market_klines|klines|sequence_tracker|stock_trades_realtime|stock_bars_staging",
     .help =
         "Tables of other programs that make room at the next `tradepulse migrate`: what stands "
         "under the name becomes NAME_before_tradepulse, and a view of its rows and ours takes "
         "the name. Without, a table that stands there is kept, with its rows and writers.",
     .store = &store_in<&settings::adopt, &adopt_settings::replace>},
});

} // namespace

std::span<const schema_row> postgres() {
  return rows;
}

} // namespace tradepulse::config::tables
