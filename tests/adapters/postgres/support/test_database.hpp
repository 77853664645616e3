#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <pqxx/pqxx>

#include "adapters/postgres/migration.hpp"
#include "adapters/postgres/range_store_postgres.hpp"
#include "adapters/postgres/settings.hpp"

namespace tradepulse::test {

// A database of its own for one test, dropped at its end.
// Requires: TRADEPULSE_TEST_POSTGRES, a libpq URL of a superuser. Throws where it is not set: a
// test without its server has failed, it was not skipped.
class test_database {
 public:
  test_database();
  ~test_database();
  test_database(const test_database&) = delete;
  test_database& operator=(const test_database&) = delete;

  postgres_settings settings(const std::string& application_name = "tradepulse-test") const;
  // Runs SQL beside what is tested and answers the rows.
  pqxx::result run(const std::string& statement);
  // The first value as text; "NULL" where it is null.
  std::string value(const std::string& statement);
  // Applies all migrations of the source tree.
  void migrate();
  // Process ids of the backends of this application.
  std::string backend_of(const std::string& application_name);
  // Where the server listens: a host or a socket's folder, and the port.
  std::string host() const;
  std::string port() const;
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::unique_ptr<pqxx::connection> beside_;
};

std::vector<migration> source_migrations();

std::shared_ptr<watchdog> shared_watchdog();

// Polls what can be observed; false after 30 s.
bool eventually(const std::function<bool()>& condition);

} // namespace tradepulse::test
