#include "adapters/postgres/migrator.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>

#include "adapters/postgres/database_session.hpp"
#include "protocol/log.hpp"

namespace tradepulse {
namespace {

// Any fixed number of ours: every version of the program must take the same lock.
constexpr std::int64_t advisory_lock = 0x7472'6164'6550'756c; // "tradePul"

constexpr std::string_view index_comment = "made by tradepulse migrate";

struct applied_migration {
  std::string name;
  std::string checksum;
};
using applied_list = std::map<int, applied_migration>;

// "001_price_snapshots.sql" -> 1; absent for any other form.
std::optional<int> number_of(const std::string& name) {
  const bool formed = name.size() > 8 && name[3] == '_' && name.ends_with(".sql") &&
                      std::all_of(name.begin(), name.begin() + 3,
                                  [](unsigned char c) { return std::isdigit(c) != 0; });
  return formed ? std::optional(std::stoi(name.substr(0, 3))) : std::nullopt;
}

std::optional<error> check_names(const std::vector<migration>& migrations) {
  int expected = 1;
  for (const migration& m : migrations) {
    if (number_of(m.name) != expected)
      return error{errc::configuration, "migration \"" + m.name + "\": expected number " +
                                            std::to_string(expected) + " as NNN_name.sql"};
    if (holds_nul(m.sql))
      return error{errc::configuration, "migration \"" + m.name + "\": holds a NUL character"};
    ++expected;
  }
  return std::nullopt;
}

applied_list read_applied(database_session::call& db) {
  pqxx::nontransaction transaction(db.connection);
  applied_list out;
  for (const auto& row :
       transaction.exec("SELECT number, name, checksum FROM tradepulse_migrations"))
    out.emplace(row[0].as<int>(), applied_migration{row[1].c_str(), row[2].c_str()});
  db.answered();
  return out;
}

// SHA-256 by the server, so that `sha256sum migrations/*.sql` shows the same.
std::vector<std::string> checksums_of(database_session::call& db,
                                      const std::vector<migration>& migrations) {
  pqxx::nontransaction transaction(db.connection);
  std::vector<std::string> out;
  for (const migration& m : migrations) {
    const auto row =
        transaction.exec_params1("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", m.sql);
    out.emplace_back(row[0].c_str());
    db.answered();
  }
  return out;
}

std::optional<error> compare(const applied_list& applied, const std::vector<migration>& migrations,
                             const std::vector<std::string>& checksums) {
  const int known = static_cast<int>(migrations.size());
  for (const auto& [number, was] : applied) {
    if (number > known)
      return error{errc::configuration,
                   "the database is newer than this program: it has migration \"" + was.name +
                       "\", this program knows " + std::to_string(known) +
                       "; use the version that applied it, or a later one"};
    const auto index = static_cast<std::size_t>(number - 1);
    if (was.name != migrations[index].name || was.checksum != checksums[index])
      return error{errc::configuration,
                   "migration \"" + migrations[index].name +
                       "\" was changed after it was applied (as \"" + was.name + "\", sha256 " +
                       was.checksum + ", now " + checksums[index] +
                       "): restore the file and put the change into a new migration"};
  }
  // Forward only, and without holes: each applied number has all those before it.
  if (!applied.empty() && static_cast<int>(applied.size()) != applied.rbegin()->first)
    return error{errc::configuration, "tradepulse_migrations misses a number below " +
                                          std::to_string(applied.rbegin()->first)};
  return std::nullopt;
}

// Some end with the call that looks at the names of other programs. Only the last of them does it:
// the functions of those before it have been put right since.
std::string text_of(const std::vector<migration>& all, std::size_t i) {
  const auto call = [&](std::size_t n) {
    return all[n].sql.find("\nSELECT tradepulse_settle_names(");
  };
  for (auto later = i + 1; later < all.size(); ++later)
    if (call(later) != std::string::npos)
      return all[i].sql.substr(0, call(i));
  return all[i].sql;
}

void apply(database_session::call& db, const migration& m, const std::string& sql, int number,
           const std::string& checksum) {
  pqxx::work transaction(db.connection);
  transaction.exec(sql);
  db.answered();
  transaction.exec_params("INSERT INTO tradepulse_migrations (number, name, checksum) "
                          "VALUES ($1, $2, $3)",
                          number, m.name, checksum);
  db.answered();
  transaction.commit();
  log::info("migration_applied", {{"name", m.name}});
}

void settle_timestamp_index(database_session::call& db, bool wanted, migration_report& report) {
  pqxx::work transaction(db.connection);
  const auto found = transaction.exec(
      "SELECT coalesce(obj_description(to_regclass('idx_price_snapshots_timestamp'), 'pg_class'), "
      "'')"
      " WHERE to_regclass('idx_price_snapshots_timestamp') IS NOT NULL");
  db.answered();
  const bool exists = !found.empty();
  const bool ours = exists && found[0][0].c_str() == index_comment;
  if (wanted && !exists) {
    transaction.exec("CREATE INDEX idx_price_snapshots_timestamp ON price_snapshots (timestamp)");
    db.answered();
    transaction.exec("COMMENT ON INDEX idx_price_snapshots_timestamp IS '" +
                     std::string(index_comment) + "'");
    report.timestamp_index_created = true;
  } else if (!wanted && ours) {
    transaction.exec("DROP INDEX idx_price_snapshots_timestamp");
    report.timestamp_index_dropped = true;
  }
  report.timestamp_index_is_foreign = !wanted && exists && !ours;
  transaction.commit();
}

// A refusal of the schema's own SQL concerns a person: the detail begins with the file's name.
error refusal(const std::string& during, const database_fault& fault) {
  auto out = fault.as_error();
  if (!during.empty())
    out.detail = "migration \"" + during + "\": " + out.detail;
  return out;
}

} // namespace

result<migration_report> migrate(const postgres_settings& settings,
                                 const std::vector<migration>& migrations,
                                 const migration_options& options) {
  if (auto bad = check_names(migrations))
    return *bad;
  auto own = settings;
  own.statement_timeout = options.statement_timeout;
  own.lock_timeout = options.lock_timeout;
  own.watchdog_timeout = options.statement_timeout + settings.watchdog_timeout;
  database_session db(own, std::make_shared<watchdog>());

  migration_report report;
  std::optional<error> wrong;
  std::string during;
  const auto fault = db.attempt([&](database_session::call& call) {
    {
      // Held until the connection ends.
      pqxx::nontransaction transaction(call.connection);
      transaction.exec_params("SELECT pg_advisory_lock($1)", advisory_lock);
      call.answered();
      transaction.exec("CREATE TABLE IF NOT EXISTS tradepulse_migrations ("
                       "number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "
                       "applied_at TIMESTAMPTZ NOT NULL DEFAULT now())");
      call.answered();
    }
    const auto checksums = checksums_of(call, migrations);
    const auto applied = read_applied(call);
    wrong = compare(applied, migrations, checksums);
    if (wrong)
      return;
    choose_replaced_names(call, options.adopt_replace);
    for (std::size_t i = applied.size(); i < migrations.size(); ++i) {
      during = migrations[i].name;
      apply(call, migrations[i], text_of(migrations, i), static_cast<int>(i + 1), checksums[i]);
      report.applied.push_back(during);
    }
    during = "idx_price_snapshots_timestamp";
    settle_timestamp_index(call, options.snapshot_timestamp_index, report);
    during = "shared names";
    report.names = settle_shared_names(call);
  });
  if (fault)
    return refusal(during, *fault);
  if (wrong)
    return *wrong;
  return report;
}

result<bool> schema_is_current(const postgres_settings& settings,
                               const std::vector<migration>& migrations) {
  if (auto bad = check_names(migrations))
    return *bad;
  database_session db(settings, std::make_shared<watchdog>());
  std::optional<error> wrong;
  bool current = false;
  const auto fault = db.attempt([&](database_session::call& call) {
    {
      pqxx::nontransaction transaction(call.connection);
      if (transaction.exec1("SELECT to_regclass('tradepulse_migrations') IS NULL")[0].as<bool>())
        return;
    }
    call.answered();
    const auto checksums = checksums_of(call, migrations);
    const auto applied = read_applied(call);
    wrong = compare(applied, migrations, checksums);
    current = !wrong && applied.size() == migrations.size();
  });
  if (fault)
    return refusal("", *fault);
  if (wrong)
    return *wrong;
  return current;
}

} // namespace tradepulse
