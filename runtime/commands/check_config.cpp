#include "runtime/commands/check_config.hpp"

#include <cstdio>

#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/loaded_config.hpp"
#include "runtime/config/print.hpp"

namespace tradepulse {

int run_check_config(const check_config_options& options) {
  const auto loaded = load_or_report(options.config, options.overrides);
  if (!loaded)
    return static_cast<int>(exit_code::configuration);
  if (options.print)
    std::fputs(config::print_effective(*loaded).c_str(), stdout);
  else
    std::printf("%s: good\n", options.config.c_str());
  return static_cast<int>(exit_code::clean);
}

} // namespace tradepulse
