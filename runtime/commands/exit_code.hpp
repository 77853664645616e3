#pragma once

#include "protocol/result.hpp"

namespace tradepulse {

// What the process says when it ends, in the numbers of sysexits.h.
enum class exit_code : int {
  clean = 0,
  usage = 64,         // the command line
  unavailable = 69,   // a dependency is missing: Kafka, PostgreSQL
  internal = 70,      // a fault of this program
  configuration = 78, // the configuration
};

// log_unavailable, database_* -> unavailable; configuration -> configuration; faults of what the
// operator typed (a number, a symbol, a file, a partition that is not there) -> usage.
exit_code exit_code_of(errc code) noexcept;

// Prints `tradepulse: <what>: <detail>` on standard error. Returns the process's exit status.
int fail(const error& why);
int fail(exit_code status, const std::string& message);

} // namespace tradepulse
