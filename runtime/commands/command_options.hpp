#pragma once

#include "runtime/commands/command_line.hpp"

namespace CLI {
class App;
}

namespace tradepulse {

// What each command takes: its options and arguments, with their help and their bounds. Reading
// them fills `into`, which outlives the app.
void add_options(CLI::App& app, serve_options& into);
void add_options(CLI::App& app, check_config_options& into);
void add_options(CLI::App& app, migrate_options& into);
void add_options(CLI::App& app, journal_trim_options& into);
void add_options(CLI::App& app, offsets_show_options& into);
void add_options(CLI::App& app, offsets_set_options& into);
void add_options(CLI::App& app, offsets_clear_unordered_options& into);
void add_options(CLI::App& app, replay_options& into);
void add_options(CLI::App& app, feed_synthetic_options& into);
void add_options(CLI::App& app, embedded_log_options& into);
void add_options(CLI::App& app, version_options& into);

} // namespace tradepulse
