#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "adapters/postgres/migration.hpp"
#include "adapters/postgres/settings.hpp"
#include "adapters/postgres/shared_names.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

struct migration_options {
  // postgres.snapshot_timestamp_index: whether idx_price_snapshots_timestamp shall exist. It costs
  // each HOT update. false drops the index only where we made it (a comment on it says so); one
  // that was adopted with its table stays, and is reported.
  bool snapshot_timestamp_index = false;
  // adopt.replace: tables of other programs that shall make room for a view of theirs and ours.
  std::vector<std::string> adopt_replace = {};
  // A table that is adopted may be large: these replace the settings of a session.
  std::chrono::milliseconds statement_timeout{std::chrono::hours(1)};
  // For the migrator that is at work elsewhere, and for readers of a table that is adopted.
  std::chrono::milliseconds lock_timeout{std::chrono::minutes(1)};
};

struct migration_report {
  std::vector<std::string> applied;        // by this call, in order
  bool timestamp_index_created = false;    // by this call
  bool timestamp_index_dropped = false;    // by this call
  bool timestamp_index_is_foreign = false; // not wanted, not ours, so it stays: updates are not HOT
  std::vector<shared_name> names;          // what is new or hinders
};

// Brings the schema up to the last migration, each in a transaction of its own, all under one
// advisory lock, so that several processes may start at once. Nothing is done twice.
// Errors: configuration for a changed file, a missing one, or a database newer than this program;
// database_refused with the file's name where the database says no; database_unavailable.
// Blocks: up to the timeouts in options.
result<migration_report> migrate(const postgres_settings& settings,
                                 const std::vector<migration>& migrations,
                                 const migration_options& options = {});

// Whether every migration is applied. Errors: those of migrate().
result<bool> schema_is_current(const postgres_settings& settings,
                               const std::vector<migration>& migrations);

} // namespace tradepulse
