#include "runtime/commands/exit_code.hpp"

#include <cstdio>

namespace tradepulse {

exit_code exit_code_of(errc code) noexcept {
  switch (code) {
  case errc::database_unavailable:
  case errc::database_busy:
  case errc::database_refused:
  case errc::log_unavailable:
    return exit_code::unavailable;
  case errc::configuration:
    return exit_code::configuration;
  case errc::internal:
    return exit_code::internal;
  default:
    return exit_code::usage;
  }
}

int fail(exit_code status, const std::string& message) {
  std::fflush(stdout);
  std::fprintf(stderr, "tradepulse: %s\n", message.c_str());
  return static_cast<int>(status);
}

int fail(const error& why) {
  return fail(exit_code_of(why.code), std::string(to_string(why.code)) + ": " + why.detail);
}

} // namespace tradepulse
