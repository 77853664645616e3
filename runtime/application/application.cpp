#include "runtime/application/application.hpp"

#include <mutex>
#include <optional>

#include "actors/supervision/backoff.hpp"
#include "adapters/postgres/migrator.hpp"
#include "adapters/postgres/table_rights.hpp"
#include "protocol/log.hpp"
#include "runtime/application/adapter_options.hpp"
#include "runtime/application/engine.hpp"
#include "runtime/application/exit_watchdog.hpp"
#include "runtime/application/history_options.hpp"
#include "runtime/application/listeners.hpp"
#include "runtime/application/stats.hpp"
#include "runtime/database_watch.hpp"

namespace tradepulse {
namespace {

using clock = std::chrono::steady_clock;

// The first fault that no restart cures, from any thread.
class last_words {
 public:
  void say(const error& why) {
    std::lock_guard lock(mutex_);
    if (said_)
      return;
    said_ = why.code == errc::configuration ? exit_code::configuration : exit_code::internal;
    log::error("fatal", {{"error", why.detail}, {"action", "stop"}});
  }
  std::optional<exit_code> said() const {
    std::lock_guard lock(mutex_);
    return said_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<exit_code> said_;
};

enum class start_result : std::uint8_t { started, stopped, refused, timed_out };

// Tries until it works, a stop is asked for, or startup.timeout is over.
template <class Attempt>
start_result keep_trying(const config::settings& settings, stop_signals& signals, readiness& ready,
                         clock::time_point since, Attempt attempt) {
  backoff pause(settings.postgres.retry_min, settings.postgres.retry_max);
  unsigned failed = 0;
  for (;;) {
    const result<void> done = attempt();
    if (done && failed > 0)
      log::info("waited", {{"for", "postgres"}, {"failed_attempts", failed}});
    if (done)
      return start_result::started;
    if (done.failure().code != errc::database_unavailable &&
        done.failure().code != errc::database_busy) {
      log::error("start_refused", {{"error", done.failure().detail}});
      return start_result::refused;
    }
    if (failed++ == 0) // one line, however long it lasts; /ready shows the latest error
      log::warning("waiting", {{"for", "postgres"}, {"error", done.failure().detail}});
    ready.waiting_for("postgres: " + done.failure().detail);
    if (settings.startup.timeout.count() > 0 && clock::now() - since > settings.startup.timeout)
      return start_result::timed_out;
    if (signals.wait_until(clock::now() + pause.next()))
      return start_result::stopped;
  }
}

result<void> prepare_schema(const config::settings& settings) {
  const auto connection = postgres_connection(settings.postgres);
  if (settings.postgres.migrate) {
    migration_options options;
    options.snapshot_timestamp_index = settings.postgres.snapshot_timestamp_index;
    options.adopt_replace = settings.adopt.replace;
    auto report = migrate(connection, embedded_migrations(), options);
    if (!report)
      return report.failure();
    for (const auto& each : report->names)
      log::warning("shared_name",
                   {{"name", each.name}, {"state", each.state}, {"detail", each.detail}});
    if (report->timestamp_index_is_foreign)
      log::warning("foreign_index",
                   {{"index", "idx_price_snapshots_timestamp"}, {"effect", "updates are not HOT"}});
    return check_table_rights(connection, kinds_kept(settings));
  }
  auto current = schema_is_current(connection, embedded_migrations());
  if (!current)
    return current.failure();
  if (!*current)
    return error{errc::configuration, "the database's schema is not current: run `tradepulse "
                                      "migrate`, or set postgres.migrate = true"};
  return check_table_rights(connection, kinds_kept(settings));
}

// Until a stop is asked for (clean), something fatal is said (configuration or internal), or
// nothing became ready within startup.timeout (unavailable).
exit_code serve_until_stopped(const config::settings& settings, stop_signals& signals,
                              const readiness& ready, const last_words& fatal,
                              clock::time_point began, journal_retention& retention) {
  bool was_ready = false;
  while (!signals.wait_until(clock::now() + std::chrono::milliseconds{200})) {
    if (const auto said = fatal.said())
      return *said;
    if (!was_ready && ready.ask().ready) {
      was_ready = true;
      retention.begin();
    }
    if (!was_ready && settings.startup.timeout.count() > 0 &&
        clock::now() - began > settings.startup.timeout) {
      fail(exit_code::unavailable, "Kafka did not answer within startup.timeout");
      return exit_code::unavailable;
    }
  }
  return exit_code::clean;
}

} // namespace

exit_code run_application(const config::settings& settings, stop_signals& signals) {
  const auto began = clock::now();
  std::optional<exit_watchdog> guard; // first, so that it stands by until all else is gone
  last_words fatal;
  metrics::registry registry;
  health_board health;
  actor_board board;
  readiness ready(health);
  describe_process(registry);

  web::io_pool pool(settings.client.io_threads);
  engine::parts parts{&settings, &registry, &health, &board, &ready, {}, {}};
  for (std::size_t i = 0; i < pool.size(); ++i)
    parts.io.push_back(&pool.thread(i));
  parts.fatal = [&fatal](const error& why) { fatal.say(why); };
  engine core(std::move(parts));
  ready.group_joined = [&core] { return core.group_joined(); };
  ready.missing_topics = [&core] { return core.missing_topics(); };
  ready.credit_stuck = [&core] {
    constexpr std::chrono::seconds patience{30};
    return core.credit().exhausted_for().value_or(clock::duration{0}) > patience &&
           core.pump().since_last_commit() > patience;
  };

  database_watch database(postgres_connection(settings.postgres), core.database_watchdog());
  journal_retention retention(retention_options(settings), registry);
  rest_parts routes;
  routes.directory = &core.directory();
  routes.history = &core.history();
  routes.source = core.source();
  routes.ready = &ready;
  routes.board = &board;
  routes.metrics = &registry;
  routes.admin_token = settings.admin.token;
  routes.metrics_path = settings.ops.metrics ? settings.ops.metrics_path : "";
  routes.bars = bar_options(settings, core.directory(), core.bars());
  routes.stats = [&] { return stats_text({&core, &database, &registry, began}); };

  // Open before anything is waited for: /health and /ready answer from the first moment.
  auto ports = listeners::open(pool, settings, routes, core.clients(), registry);
  if (!ports) {
    fail(exit_code::configuration, ports.failure().detail);
    core.end_delivery();
    core.end_actors();
    return exit_code::configuration;
  }
  ready.listening = true;

  auto state =
      keep_trying(settings, signals, ready, began, [&] { return prepare_schema(settings); });
  if (state == start_result::started) {
    ready.schema_current = true;
    state = keep_trying(settings, signals, ready, began, [&] { return core.restore(); });
  }
  exit_code status = exit_code::clean;
  if (state == start_result::started) {
    ready.restored = true;
    ready.waiting_for("");
    if (auto started = core.start(); !started) {
      fail(exit_code::configuration, started.failure().detail);
      status = exit_code::configuration;
    } else {
      log::info("started", {{"owner", core.owner()}});
      status = serve_until_stopped(settings, signals, ready, fatal, began, retention);
    }
  } else if (state != start_result::stopped) {
    status = state == start_result::timed_out ? exit_code::unavailable : exit_code::configuration;
    fail(status, state == start_result::timed_out
                     ? "PostgreSQL did not answer within startup.timeout"
                     : "the database cannot be used as it is; see the log");
  }

  // --- drain: not ready, intake, clients, database, group ---
  const auto deadline = clock::now() + settings.shutdown.deadline;
  guard.emplace(settings.shutdown.deadline, status);
  log::info("draining", {{"deadline_ms", settings.shutdown.deadline.count()}});
  ready.draining = true;
  retention.stop();
  database.stop();
  core.stop_intake();
  (*ports)->send_clients_away(settings.shutdown);
  core.close_history(); // a database that is away would hold connections back
  const bool committed =
      core.wait_committed(deadline - std::min<clock::duration>(settings.shutdown.deadline / 4,
                                                               std::chrono::seconds{2}));
  if (!committed) // each partition says what it leaves to the log, as it ends
    log::warning("not_all_committed", {{"reason", "the rest is left to the log"}});
  (*ports)->wait_until_empty(std::min(deadline, clock::now() + std::chrono::seconds{3}));
  core.leave_group(deadline);
  guard->stage("closing listeners");
  (*ports)->close_all();
  guard->stage("ending actors");
  core.end_delivery();
  pool.stop();
  if (!committed)
    core.database_watchdog()->cut_all(); // a frozen server would hold the writers for seconds
  core.end_actors();
  log::info("stopped", {{"clean", committed}});
  return status;
}

} // namespace tradepulse
