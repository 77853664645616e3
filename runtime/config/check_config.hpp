#pragma once

#include <span>
#include <string>
#include <vector>

#include "protocol/result.hpp"
#include "runtime/config/effective.hpp"
#include "runtime/config/hocon_resolver.hpp"
#include "runtime/config/settings.hpp"

namespace tradepulse::config {

struct configuration {
  settings values;
  effective_values effective;        // for print_effective
  std::vector<std::string> warnings; // a line each, with its place
};

// Reads a file (empty: none, all defaults) with what it includes, then each `KEY=VALUE` of
// `overrides` as if it stood at the end of it, looks up substitutions, and checks everything.
// Errors: configuration; the detail is a line for each fault, all that were found. A syntax error
// hides what stands behind it, an error of a substitution hides no other.
// Blocks: reads files.
result<configuration> load(const std::string& file, std::span<const std::string> overrides,
                           const environment& variables);

// The variables of this process. Thread: while nobody changes them.
environment process_environment();

// Every key at its default.
settings default_settings();

} // namespace tradepulse::config
