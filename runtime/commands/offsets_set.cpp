#include <cinttypes>
#include <cstdio>
#include <memory>

#include "adapters/postgres/postgres_admin.hpp"
#include "runtime/application/adapter_options.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/loaded_config.hpp"
#include "runtime/commands/log_answers.hpp"
#include "runtime/commands/offset_choice.hpp"
#include "runtime/commands/offsets.hpp"

namespace tradepulse {

int run_offsets_set(const offsets_set_options& options) {
  const auto loaded = load_or_report(options.config, options.overrides);
  if (!loaded)
    return static_cast<int>(exit_code::configuration);
  const auto& settings = loaded->values;

  log_state log;
  if (asks_log(options.target, options.force)) {
    const auto answers =
        ask_log(kafka_connection(settings.kafka), {{options.source, std::nullopt}});
    if (!answers.failures.empty())
      return fail(answers.failures.begin()->second);
    log = answers.states.at(options.source);
  }
  const auto chosen = choose_offset(options.source, options.target, options.force, log);
  if (!chosen)
    return fail(chosen.failure());

  postgres_admin database(postgres_connection(settings.postgres), std::make_shared<watchdog>());
  const auto moved = database.set_offset(options.source, *chosen, options.force);
  if (!moved)
    return fail(moved.failure());
  std::printf("%s next_offset=%" PRId64 " generation=%" PRId64 " epoch_floor=%" PRId64 "\n",
              options.source.to_string().c_str(), chosen->value(),
              static_cast<std::int64_t>(moved->gen.value()),
              static_cast<std::int64_t>(moved->epoch_floor.value()));
  return static_cast<int>(exit_code::clean);
}

} // namespace tradepulse
