#pragma once

#include <string>

namespace tradepulse {

// "jemalloc 5.3.0": the one that runs. Builds with a sanitizer keep the sanitizer's allocator.
std::string allocator_version();

} // namespace tradepulse
