#include "tests/adapters/postgres/support/test_database.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <libpq-fe.h>

#include "adapters/postgres/migrator.hpp"

namespace tradepulse::test {
namespace {

std::string server_url() {
  const char* url = std::getenv("TRADEPULSE_TEST_POSTGRES");
  if (url == nullptr || *url == '\0')
    throw std::runtime_error("TRADEPULSE_TEST_POSTGRES is not set: these tests need a libpq URL "
                             "of a superuser on a private PostgreSQL");
  return url;
}

std::string keyword_string(const std::string& url, const std::string& database) {
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed{
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree};
  if (!parsed)
    throw std::runtime_error("TRADEPULSE_TEST_POSTGRES is not a libpq URL");
  std::string out;
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr && std::string(option->keyword) != "dbname")
      out += std::string(option->keyword) + "='" + option->val + "' ";
  return out + "dbname='" + database + "'";
}

std::unique_ptr<pqxx::connection> connect(const std::string& database) {
  auto out = std::make_unique<pqxx::connection>(keyword_string(server_url(), database));
  out->set_verbosity(pqxx::connection_base::terse);
  return out;
}

} // namespace

test_database::test_database() {
  static std::atomic<int> counter{0};
  name_ = "tradepulse_test_" + std::to_string(::getpid()) + "_" + std::to_string(++counter);
  auto server = connect("postgres");
  pqxx::nontransaction(*server).exec("CREATE DATABASE " + name_);
  beside_ = connect(name_);
}

test_database::~test_database() {
  try {
    beside_.reset();
    auto server = connect("postgres");
    pqxx::nontransaction(*server).exec("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
  } catch (const std::exception&) { // a server that is gone has nothing to drop
  }
}

postgres_settings test_database::settings(const std::string& application_name) const {
  postgres_settings out;
  out.url = keyword_string(server_url(), name_);
  out.application_name = application_name;
  return out;
}

pqxx::result test_database::run(const std::string& statement) {
  pqxx::nontransaction transaction(*beside_);
  return transaction.exec(statement);
}

std::string test_database::value(const std::string& statement) {
  const auto rows = run(statement);
  return rows.empty() ? "no row" : rows[0][0].is_null() ? "NULL" : rows[0][0].c_str();
}

void test_database::migrate() {
  auto done = tradepulse::migrate(settings(), source_migrations());
  if (!done)
    throw std::runtime_error(done.failure().detail);
}

std::string test_database::backend_of(const std::string& application_name) {
  return value("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND "
               "application_name = '" +
               application_name + "'");
}

std::string test_database::host() const {
  return beside_->hostname();
}
std::string test_database::port() const {
  return beside_->port();
}

std::vector<migration> source_migrations() {
  const auto root = std::filesystem::path(TRADEPULSE_SOURCE_DIR) / "migrations";
  auto read = read_migrations(root.lexically_normal().string());
  if (!read || read->empty())
    throw std::runtime_error("no migrations in " + root.string());
  return *read;
}

std::shared_ptr<watchdog> shared_watchdog() {
  static const auto dog = std::make_shared<watchdog>();
  return dog;
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

} // namespace tradepulse::test
