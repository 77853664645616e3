#pragma once

#include <string>

namespace tradepulse::web {

// "Boost.Beast 345", as compiled against.
std::string library_version();

} // namespace tradepulse::web
