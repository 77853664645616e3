#include "runtime/commands/journal_trim.hpp"

#include <cstdio>

#include "adapters/postgres/journal_trimmer.hpp"
#include "runtime/application/adapter_options.hpp"
#include "runtime/application/history_options.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/loaded_config.hpp"

namespace tradepulse {

int run_journal_trim(const journal_trim_options& options) {
  const auto loaded = load_or_report(options.config, options.overrides);
  if (!loaded)
    return static_cast<int>(exit_code::configuration);
  const auto rules = retention_rules(loaded->values);
  if (rules.empty()) {
    std::printf("journal.retention keeps everything for ever\n");
    return static_cast<int>(exit_code::clean);
  }
  journal_trimmer trimmer(postgres_connection(loaded->values.postgres),
                          std::make_shared<watchdog>());
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto done = options.dry_run ? trimmer.look(rules, now) : trimmer.trim(rules, now);
  for (const auto& leaf : done.gone)
    std::printf("%s %s\n", options.dry_run ? "would drop" : "dropped", leaf.name.c_str());
  for (const auto& leaf : done.given_back)
    std::printf("given back %s\n", leaf.name.c_str());
  int status = static_cast<int>(exit_code::clean);
  for (const auto& why : done.failures) {
    const int failed = fail(why);
    status = status == static_cast<int>(exit_code::clean) ? failed : status;
  }
  if (!done.failures.empty())
    return status;
  if (done.elsewhere)
    return fail(exit_code::unavailable, "another process is taking days of the journal away");
  if (done.gone.empty())
    std::printf("nothing to drop\n");
  for (const auto& left : done.left)
    std::printf("%s: the oldest day is %s\n", left.stream.c_str(),
                left.oldest ? to_iso8601(time_ms{*left.oldest}).substr(0, 10).c_str() : "none");
  return static_cast<int>(exit_code::clean);
}

} // namespace tradepulse
