#pragma once

#include <string>
#include <variant>

#include "runtime/commands/check_config.hpp"
#include "runtime/commands/embedded_log.hpp"
#include "runtime/commands/feed_synthetic.hpp"
#include "runtime/commands/journal_trim.hpp"
#include "runtime/commands/migrate.hpp"
#include "runtime/commands/offsets.hpp"
#include "runtime/commands/replay.hpp"
#include "runtime/commands/serve.hpp"

namespace tradepulse {

struct version_options {};

using command =
    std::variant<serve_options, check_config_options, migrate_options, journal_trim_options,
                 offsets_show_options, offsets_set_options, offsets_clear_unordered_options,
                 replay_options, feed_synthetic_options, embedded_log_options, version_options>;

// Nothing is to be run: help was asked for, or the command line is wrong.
struct nothing_to_run {
  int exit_status = 0;
  std::string output; // for standard output
  std::string errors; // for standard error
};

// Reads the command line; touches nothing but the environment (KAFKA_BROKERS, as the default of
// --brokers).
std::variant<command, nothing_to_run> read_command_line(int argc, const char* const* argv);

// "CLI11 2.1.2": the library that reads it.
std::string command_line_library_version();

} // namespace tradepulse
