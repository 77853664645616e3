#pragma once

#include <string>
#include <vector>

namespace tradepulse {

struct serve_options {
  std::string config;                 // a file
  std::vector<std::string> overrides; // key=value, stronger than the file
};

// Runs the engine until SIGTERM or SIGINT. Returns the process's exit status (exit_code).
int run_serve(const serve_options& options);

} // namespace tradepulse
