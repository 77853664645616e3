#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/config/check_config.hpp"

namespace tradepulse {

// Reads and checks a configuration for a command; faults and warnings go to standard error, one a
// line. Nothing: end with exit_code::configuration.
std::optional<config::configuration> load_or_report(const std::string& file,
                                                    const std::vector<std::string>& overrides);

} // namespace tradepulse
