#pragma once

#include <string>
#include <vector>

namespace tradepulse {

struct check_config_options {
  std::string config;
  std::vector<std::string> overrides;
  bool print = false; // the effective configuration, each value with its origin, secrets masked
};

// Reads and judges a configuration without starting anything. Findings go to standard error, one a
// line; 0 where there are none, else exit_code::configuration.
int run_check_config(const check_config_options& options);

} // namespace tradepulse
