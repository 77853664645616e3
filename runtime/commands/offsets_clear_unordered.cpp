#include <cstdio>

#include "adapters/postgres/postgres_admin.hpp"
#include "runtime/application/adapter_options.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/loaded_config.hpp"
#include "runtime/commands/offsets.hpp"

namespace tradepulse {

int run_offsets_clear_unordered(const offsets_clear_unordered_options& options) {
  const auto loaded = load_or_report(options.config, options.overrides);
  if (!loaded)
    return static_cast<int>(exit_code::configuration);
  postgres_admin admin(postgres_connection(loaded->values.postgres), std::make_shared<watchdog>());
  const auto cleared = admin.clear_unordered(options.which);
  if (!cleared)
    return fail(cleared.failure());
  std::printf("cleared %zu\n", *cleared);
  return static_cast<int>(exit_code::clean);
}

} // namespace tradepulse
