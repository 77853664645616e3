#include <csignal>
#include <cstdio>
#include <exception>

#include "runtime/commands/command_line.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/version.hpp"

namespace {

using namespace tradepulse;

struct runner {
  int operator()(const serve_options& o) const { return run_serve(o); }
  int operator()(const check_config_options& o) const { return run_check_config(o); }
  int operator()(const migrate_options& o) const { return run_migrate(o); }
  int operator()(const journal_trim_options& o) const { return run_journal_trim(o); }
  int operator()(const offsets_show_options& o) const { return run_offsets_show(o); }
  int operator()(const offsets_set_options& o) const { return run_offsets_set(o); }
  int operator()(const offsets_clear_unordered_options& o) const {
    return run_offsets_clear_unordered(o);
  }
  int operator()(const replay_options& o) const { return run_replay(o); }
  int operator()(const feed_synthetic_options& o) const { return run_feed_synthetic(o); }
  int operator()(const embedded_log_options& o) const { return run_embedded_log(o); }
  int operator()(const version_options&) const { return run_version(); }
};

} // namespace

int main(int argc, char** argv) {
  // A peer or a reader that goes away is a failed write, never the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const auto read = read_command_line(argc, argv);
    if (const auto* nothing = std::get_if<nothing_to_run>(&read)) {
      std::fputs(nothing->output.c_str(), stdout);
      std::fputs(nothing->errors.c_str(), stderr);
      return nothing->exit_status;
    }
    return std::visit(runner{}, std::get<command>(read));
  } catch (const std::exception& fault) {
    return fail(exit_code::internal, std::string("internal fault: ") + fault.what());
  }
}
