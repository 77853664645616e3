#include <unistd.h>

#include <array>

#include "runtime/config/schema_binding.hpp"
#include "runtime/config/schema_tables.hpp"

namespace tradepulse::config::tables {
namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0')
    return "tradepulse";
  return name.data();
}

constexpr auto rows = std::to_array<schema_row>({
    {.name = "node.id",
     .type = value_type::text,
     .min = 1,
     .max = 200,
     .help = "The name of this process among others: it stands as owner in ingest_offsets and in "
             "the logs.",
     .absent = "the host name",
     .computed = &host_name,
     .store = &store_in<&settings::node, &node_settings::id>},
    {.name = "log.level",
     .type = value_type::choice,
     .fallback = "info",
     .choices = "debug|info|warning|error|off",
     .help = "The least severe lines that are written. error: a person must act; warning: degraded "
             "and healing itself; info: lifecycle; debug: per message.",
     .store = &store_in<&settings::log, &log_settings::level>},
    {.name = "log.format",
     .type = value_type::choice,
     .fallback = "key-value",
     .choices = "key-value|json",
     .help = "One line is one event, as key=value pairs or as a JSON object.",
     .store = &store_in<&settings::log, &log_settings::format>},
    {.name = "log.file",
     .type = value_type::text,
     .min = 1,
     .max = 4096,
     .help = "The file that lines are appended to.",
     .absent = "lines go to standard error",
     .store = &store_in<&settings::log, &log_settings::file>},
    {.name = "runtime.workers",
     .type = value_type::integer,
     .fallback = "0",
     .unit = "threads",
     .max = 1024,
     .help = "Threads that run actors. 0: one per core.",
     .store = &store_in<&settings::runtime, &runtime_settings::workers>},
    {.name = "startup.timeout",
     .type = value_type::duration,
     .fallback = "0",
     .max = 24 * hour,
     .help = "How long a start waits for Kafka and PostgreSQL before the process ends with status "
             "69. 0: for ever; /ready says what it waits for.",
     .store = &store_in<&settings::startup, &startup_settings::timeout>},
    {.name = "shutdown.deadline",
     .type = value_type::duration,
     .fallback = "10s",
     .min = second,
     .max = 10 * minute,
     .help = "How long a drain may take: clients are told, sockets and rows are flushed, the group "
             "is left. What is not committed by then is left to Kafka.",
     .store = &store_in<&settings::shutdown, &shutdown_settings::deadline>},
    {.name = "shutdown.retry_after_min",
     .type = value_type::duration,
     .fallback = "1s",
     .max = hour,
     .help = "A drain tells each client when to come back: a time drawn between this one and "
             "shutdown.retry_after_max, so that they do not all come at once.",
     .store = &store_in<&settings::shutdown, &shutdown_settings::retry_after_min>},
    {.name = "shutdown.retry_after_max",
     .type = value_type::duration,
     .fallback = "5s",
     .max = hour,
     .help = "See shutdown.retry_after_min.",
     .store = &store_in<&settings::shutdown, &shutdown_settings::retry_after_max>},
});

} // namespace

std::span<const schema_row> process() {
  return rows;
}

} // namespace tradepulse::config::tables
