#pragma once

#include <string>

namespace tradepulse {

// "libpqxx 6.4.5, libpq 15.5": the first as compiled against, the second as it runs.
std::string postgres_library_version();

} // namespace tradepulse
