#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "adapters/kafka/offsets.hpp"
#include "adapters/postgres/postgres_admin.hpp"
#include "runtime/application/adapter_options.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/loaded_config.hpp"
#include "runtime/commands/log_answers.hpp"
#include "runtime/commands/offsets.hpp"
#include "runtime/commands/offsets_table.hpp"

namespace tradepulse {
namespace {

constexpr std::chrono::seconds log_deadline{10};

} // namespace

int run_offsets_show(const offsets_show_options& options) {
  const auto loaded = load_or_report(options.config, options.overrides);
  if (!loaded)
    return static_cast<int>(exit_code::configuration);
  const auto& settings = loaded->values;
  const auto connection = kafka_connection(settings.kafka);

  postgres_admin database(postgres_connection(settings.postgres), std::make_shared<watchdog>());
  const auto stored = database.partitions();
  if (!stored)
    return fail(stored.failure());

  std::map<topic_partition, offsets_line> lines;
  for (const auto& row : *stored)
    lines[row.source] = {row.source, row, std::nullopt, false};
  std::optional<error> failure;
  // Partitions that nobody has claimed yet are in the log alone.
  if (const auto listed = kafka::list_offsets(connection, topic_names(settings), log_deadline)) {
    for (const auto& partition : listed->partitions)
      lines.try_emplace(partition.source, offsets_line{partition.source, {}, {}, false});
    std::vector<log_question> questions;
    for (const auto& [source, line] : lines) {
      const bool applied = line.stored && line.stored->last_applied;
      questions.emplace_back(source, applied ? std::optional(line.stored->last_applied->offset)
                                             : std::nullopt);
    }
    const auto answers = ask_log(connection, questions);
    failure = answers.unavailable();
    for (const auto& [source, state] : answers.states)
      lines[source].log = state;
    for (const auto& [source, why] : answers.failures)
      lines[source].missing_in_log = why.code == errc::not_found;
  } else {
    failure = listed.failure();
  }

  std::vector<offsets_line> table;
  for (auto& [source, line] : lines)
    table.push_back(std::move(line));
  std::fputs(offsets_table(table).c_str(), stdout);
  if (failure) // what PostgreSQL knows was shown all the same
    return fail(*failure);
  return static_cast<int>(exit_code::clean);
}

} // namespace tradepulse
