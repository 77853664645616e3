#include "adapters/spdlog/library_version.hpp"

#include <spdlog/version.h>

namespace tradepulse::log {

std::string library_version() {
  return "spdlog " + std::to_string(SPDLOG_VER_MAJOR) + "." + std::to_string(SPDLOG_VER_MINOR) +
         "." + std::to_string(SPDLOG_VER_PATCH);
}

} // namespace tradepulse::log
