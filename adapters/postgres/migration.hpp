#pragma once

#include <string>
#include <vector>

#include "protocol/result.hpp"

namespace tradepulse {

// One forward step of the schema. `name` is its file's: NNN_name.sql, NNN from 001 without holes.
struct migration {
  std::string name;
  std::string sql;
};

// Those of the source tree, built into the binary (cmake/EmbedMigrations.cmake).
std::vector<migration> embedded_migrations();

// Those of a folder, sorted by name. Errors: io.
result<std::vector<migration>> read_migrations(const std::string& folder);

} // namespace tradepulse
