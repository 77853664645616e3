#include "runtime/commands/migrate.hpp"

#include <cstdio>

#include "adapters/postgres/migrator.hpp"
#include "runtime/application/adapter_options.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/loaded_config.hpp"

namespace tradepulse {

int run_migrate(const migrate_options& options) {
  const auto loaded = load_or_report(options.config, options.overrides);
  if (!loaded)
    return static_cast<int>(exit_code::configuration);
  const auto& database = loaded->values.postgres;
  migration_options how;
  how.snapshot_timestamp_index = database.snapshot_timestamp_index;
  how.adopt_replace = loaded->values.adopt.replace;
  const auto report = migrate(postgres_connection(database), embedded_migrations(), how);
  if (!report)
    return fail(report.failure());

  for (const auto& name : report->applied)
    std::printf("applied %s\n", name.c_str());
  if (report->applied.empty())
    std::printf("nothing to apply\n");
  if (report->timestamp_index_created)
    std::printf("created idx_price_snapshots_timestamp\n");
  if (report->timestamp_index_dropped)
    std::printf("dropped idx_price_snapshots_timestamp\n");
  for (const auto& each : report->names)
    std::printf("%s %s: %s\n", each.state.c_str(), each.name.c_str(), each.detail.c_str());
  if (report->timestamp_index_is_foreign)
    std::fprintf(stderr,
                 "warning: an index on price_snapshots.timestamp that TradePulse did not make "
                 "stays; it makes each update dearer\n");
  return static_cast<int>(exit_code::clean);
}

} // namespace tradepulse
