#pragma once

#include <string>
#include <vector>

namespace tradepulse {

struct migrate_options {
  std::string config;
  std::vector<std::string> overrides;
};

// Brings the database's schema up to date and says what it did.
int run_migrate(const migrate_options& options);

} // namespace tradepulse
