#pragma once

#include <string>

namespace tradepulse::kafka {

// "librdkafka 2.0.2": the one that runs.
std::string library_version();

} // namespace tradepulse::kafka
