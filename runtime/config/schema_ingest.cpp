#include <array>

#include "runtime/config/schema_binding.hpp"
#include "runtime/config/schema_tables.hpp"

namespace tradepulse::config::tables {
namespace {

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t megabyte = 1'000'000;

constexpr auto rows = std::to_array<schema_row>({
    {.name = "ingest.max_ahead",
     .type = value_type::duration,
     .fallback = "1h",
     .min = 1'000,
     .max = 8'760 * hour,
     .help = "An event whose time lies further ahead of its Kafka record's own time is refused.",
     .store = &store_in<&settings::ingest, &ingest_settings::max_ahead>},
    {.name = "ingest.max_record_bytes",
     .type = value_type::size,
     .fallback = "64KiB",
     .min = 64,
     .max = megabyte,
     .help = "The longest value that is decoded; a longer one goes to the dead-letter topic.",
     .store = &store_in<&settings::ingest, &ingest_settings::max_record_bytes>},
    {.name = "ingest.credit_events",
     .type = value_type::integer,
     .fallback = "1000000",
     .unit = "records",
     .min = 1'000,
     .max = 1'000'000'000,
     .help = "Records in the process that are not committed yet. Where they are used up nothing "
             "more is read; Kafka keeps the rest. Make it worth seconds of input.",
     .store = &store_in<&settings::ingest, &ingest_settings::credit_events>},
    {.name = "ingest.credit_bytes",
     .type = value_type::size,
     .fallback = "256MB",
     .min = megabyte,
     .max = 64'000 * megabyte,
     .help = "The same in bytes of records; the first of the two that is used up holds.",
     .store = &store_in<&settings::ingest, &ingest_settings::credit_bytes>},
    {.name = "ingest.batch_records",
     .type = value_type::integer,
     .fallback = "4096",
     .unit = "records",
     .min = 1,
     .max = 100'000,
     .help = "Records that go to a partition's actor at once, at most. Cost follows symbols per "
             "batch, so that a backlog is cheaper in large ones.",
     .store = &store_in<&settings::ingest, &ingest_settings::batch_records>},
    {.name = "symbols.ring",
     .type = value_type::integer,
     .fallback = "1024",
     .unit = "events",
     .max = 1'000'000,
     .help = "Recent events that each symbol keeps in memory; it grows with use up to this.",
     .store = &store_in<&settings::symbols, &symbol_settings::ring>},
    {.name = "symbols.passivate_after",
     .type = value_type::duration,
     .fallback = "1m",
     .min = 1'000,
     .max = 24 * hour,
     .help = "The actor of a symbol that has had no event for so long ends, within the same time "
             "again, and gives its memory back; its numbers and its ring stay, and the next event "
             "gets a new actor.",
     .store = &store_in<&settings::symbols, &symbol_settings::passivate_after>},
    {.name = "symbols.max_unknown",
     .type = value_type::integer,
     .fallback = "100000",
     .unit = "symbols",
     .max = 10'000'000,
     .help = "Symbols that somebody has subscribed to and nobody has seen, in all.",
     .store = &store_in<&settings::symbols, &symbol_settings::max_unknown>},
    {.name = "symbols.failures",
     .type = value_type::integer,
     .fallback = "3",
     .unit = "failures",
     .min = 1,
     .max = 1'000,
     .help = "So many failures within symbols.failure_window stop a symbol: its records go to the "
             "dead-letter topic until it is cleared; its partition goes on.",
     .store = &store_in<&settings::symbols, &symbol_settings::failures>},
    {.name = "symbols.failure_window",
     .type = value_type::duration,
     .fallback = "1m",
     .min = 1'000,
     .max = 24 * hour,
     .help = "See symbols.failures.",
     .store = &store_in<&settings::symbols, &symbol_settings::failure_window>},
});

} // namespace

std::span<const schema_row> ingest() {
  return rows;
}

} // namespace tradepulse::config::tables
