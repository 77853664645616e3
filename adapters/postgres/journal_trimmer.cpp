#include "adapters/postgres/journal_trimmer.hpp"

#include <utility>

#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/trim_run.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {

using std::chrono::days;

journal_trimmer::journal_trimmer(postgres_settings settings, std::shared_ptr<watchdog> dog)
    : settings_(std::move(settings)), dog_(std::move(dog)) {
  settings_.lock_timeout = longest_trim_wait;
  settings_.watchdog_timeout += longest_trim_step;
  settings_.statement_timeout = longest_trim_step;
}

journal_trim journal_trimmer::trim(std::span<const journal_rule> rules, time_ms now) {
  return run(rules, now, false);
}

journal_trim journal_trimmer::look(std::span<const journal_rule> rules, time_ms now) {
  return run(rules, now, true);
}

journal_trim journal_trimmer::run(std::span<const journal_rule> rules, time_ms now,
                                  bool look_only) {
  for (const auto& rule : rules)
    TRADEPULSE_EXPECTS(find_journal(rule.stream) && rule.keep >= days{1} &&
                       rule.keep <= days{10'000});
  journal_trim out;
  database_session session(settings_, dog_);
  auto as_of = now;
  bool begun = false; // by the session that is open
  std::size_t sessions = 0;
  std::size_t lost = 0;
  for (const auto& rule : rules) {
    std::string at;
    const auto fault = session.attempt([&](database_session::call& db) {
      trim_run run(db, look_only, out, at);
      try {
        if (!begun)
          as_of = run.begin(now, sessions++ > 0);
        begun = true;
        run.trim(rule, as_of);
      } catch (const trim_stopped& stopped) {
        out.failures.push_back(stopped.why);
      }
    });
    if (!fault)
      continue;
    auto why = fault->as_error();
    out.failures.push_back({why.code, at.empty() ? why.detail : at + ": " + why.detail});
    if (fault->kind == fault_kind::lost)
      ++lost;
    if (!begun || lost > 1) // each rule would wait for as long
      break;
    begun = session.connected();
  }
  return out;
}

} // namespace tradepulse
