#pragma once

#include <string>

#include "runtime/config/check_config.hpp"

namespace tradepulse::config {

// Every key with its value and where that came from, as HOCON: `ops.port = 9091 # default`.
// Secrets are masked as "***".
std::string print_effective(const configuration& all);

// config/reference.conf: every key of the schema with its help, type, unit, bounds and default.
// Itself a configuration: read as one it changes nothing.
std::string reference_conf();

} // namespace tradepulse::config
