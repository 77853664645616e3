#include "runtime/commands/version.hpp"

#include <cstdio>

#include <caf/config.hpp>

#include "adapters/jemalloc/library_version.hpp"
#include "adapters/json/library_version.hpp"
#include "adapters/kafka/library_version.hpp"
#include "adapters/postgres/library_version.hpp"
#include "adapters/spdlog/library_version.hpp"
#include "adapters/web/library_version.hpp"
#include "adapters/zlib/library_version.hpp"
#include "runtime/commands/command_line.hpp"

namespace tradepulse {
namespace {

constexpr const char* build_kind =
#ifdef TRADEPULSE_HARD_ASSERTIONS
    "sanitizers"
#elif defined(NDEBUG)
    "release"
#else
    "development"
#endif
    ;

std::string caf_version() {
  return "CAF " + std::to_string(CAF_VERSION / 10000) + "." +
         std::to_string(CAF_VERSION / 100 % 100) + "." + std::to_string(CAF_VERSION % 100);
}

} // namespace

std::string version_text() {
  std::string out = "tradepulse " TRADEPULSE_VERSION "\n";
  out.append("build: ").append(build_kind).append(", g++ " __VERSION__ "\n");
  for (const auto& library :
       {caf_version(), kafka::library_version(), postgres_library_version(), web::library_version(),
        json::library_version(), log::library_version(), zlib_library_version(),
        allocator_version(), command_line_library_version()})
    out.append(library).append("\n");
  return out;
}

int run_version() {
  std::fputs(version_text().c_str(), stdout);
  return 0;
}

} // namespace tradepulse
