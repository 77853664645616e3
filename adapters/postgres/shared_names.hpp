#pragma once

#include <string>
#include <vector>

#include "adapters/postgres/database_session.hpp"

namespace tradepulse {

// What became of a name that TradePulse shares with other programs (adopted_names in the database).
struct shared_name {
  std::string name;
  std::string state;  // adopted, kept, replaced or missing
  std::string detail; // for a person
};

// What the migrations and settle_shared_names() are to put a view in the place of.
// Requires: names without commas.
void choose_replaced_names(database_session::call& db, const std::vector<std::string>& names);

// Makes, adopts, keeps or replaces what stands under the shared names, after the migrations, which
// have done so once. Answers what was not said before, and what hinders each time.
// Throws: what libpqxx throws. Blocks: as long as it takes to write an adopted table anew.
std::vector<shared_name> settle_shared_names(database_session::call& db);

} // namespace tradepulse
