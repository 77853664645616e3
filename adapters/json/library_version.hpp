#pragma once

#include <string>

namespace tradepulse::json {

// "RapidJSON 1.1.0", as compiled against.
std::string library_version();

} // namespace tradepulse::json
