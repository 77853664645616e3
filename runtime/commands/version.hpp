#pragma once

#include <string>

namespace tradepulse {

// The version, how it was built and the libraries it runs with, a line each.
std::string version_text();

int run_version();

} // namespace tradepulse
