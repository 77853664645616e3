#pragma once

#include <string>

namespace tradepulse::log {

// "spdlog 1.10.0", as compiled against.
std::string library_version();

} // namespace tradepulse::log
