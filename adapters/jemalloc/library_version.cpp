#include "adapters/jemalloc/library_version.hpp"

#if !defined(__SANITIZE_ADDRESS__)
#include <jemalloc/jemalloc.h>

// Read by jemalloc before main. Pages that nobody uses go back to the machine within 5 s, also of a
// process that has nothing to do (by a thread of jemalloc's own): idle symbols and a passed peak
// must not stay in the process's size. MALLOC_CONF in the environment is stronger.
extern "C" {
const char* malloc_conf = "background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:0";
}
#endif

namespace tradepulse {

std::string allocator_version() {
#if defined(__SANITIZE_ADDRESS__)
  return "sanitizer's allocator";
#else
  const std::string text = JEMALLOC_VERSION; // "5.3.0-0-g54eaed1d8b56"
  return "jemalloc " + text.substr(0, text.find('-'));
#endif
}

} // namespace tradepulse
