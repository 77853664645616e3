#pragma once

#include <string>
#include <vector>

#include "runtime/commands/values.hpp"

namespace tradepulse {

struct embedded_log_options {
  std::vector<commands::topic_layout> topics;
  std::string port_file; // gets the port number; empty: none
  bool die_with_parent = false;
};

// A log for a first run: librdkafka's in-process cluster, loopback only, in memory, not for
// production. Prints `bootstrap=127.0.0.1:PORT` and runs until SIGTERM or SIGINT.
int run_embedded_log(const embedded_log_options& options);

} // namespace tradepulse
