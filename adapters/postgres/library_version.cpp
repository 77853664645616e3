#include "adapters/postgres/library_version.hpp"

#include <libpq-fe.h>
#include <pqxx/version>

namespace tradepulse {

std::string postgres_library_version() {
  const int libpq = PQlibVersion(); // 150005
  return "libpqxx " PQXX_VERSION ", libpq " + std::to_string(libpq / 10000) + "." +
         std::to_string(libpq % 10000);
}

} // namespace tradepulse
