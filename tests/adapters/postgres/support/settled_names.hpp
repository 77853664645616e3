#pragma once

#include <string>
#include <vector>

#include "adapters/postgres/migrator.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"

namespace tradepulse::test {

// Migrates beside what stands there; what was said of the shared names, a line for each.
inline std::string migrated(test_database& db, std::vector<std::string> replace = {}) {
  const auto done =
      migrate(db.settings(), source_migrations(), {.adopt_replace = std::move(replace)});
  if (!done)
    return done.failure().detail;
  std::string out;
  for (const auto& each : done->names)
    out += each.state + " " + each.name + ": " + each.detail + "\n";
  return out;
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// What the server says to a statement that it refuses, with its hint.
inline std::string refusal(test_database& db, const std::string& statement) {
  try {
    db.run(statement);
  } catch (const pqxx::sql_error& refused) {
    return refused.sqlstate() + ": " + refused.what();
  }
  return "done";
}

} // namespace tradepulse::test
