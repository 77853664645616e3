#include "adapters/zlib/library_version.hpp"

#include <zlib.h>

namespace tradepulse {

std::string zlib_library_version() {
  return std::string("zlib ") + zlibVersion();
}

} // namespace tradepulse
