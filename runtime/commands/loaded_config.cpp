#include "runtime/commands/loaded_config.hpp"

#include <cstdio>

namespace tradepulse {

std::optional<config::configuration> load_or_report(const std::string& file,
                                                    const std::vector<std::string>& overrides) {
  auto loaded = config::load(file, overrides, config::process_environment());
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.failure().detail.c_str());
    return std::nullopt;
  }
  for (const auto& warning : loaded->warnings)
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  return std::move(*loaded);
}

} // namespace tradepulse
