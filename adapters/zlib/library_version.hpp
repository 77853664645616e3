#pragma once

#include <string>

namespace tradepulse {

// "zlib 1.2.13": the one that runs.
std::string zlib_library_version();

} // namespace tradepulse
