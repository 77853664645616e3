#include "runtime/commands/serve.hpp"

#include <csignal>
#include <cstdio>

#include "adapters/spdlog/spdlog_sink.hpp"
#include "runtime/application/application.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/stop_signals.hpp"
#include "runtime/config/check_config.hpp"

namespace tradepulse {

int run_serve(const serve_options& options) {
  auto loaded = config::load(options.config, options.overrides, config::process_environment());
  if (!loaded)
    return fail(loaded.failure());
  const auto& settings = loaded->values;
  stop_signals signals; // before any thread, so that all of them leave the signals to us
  std::signal(SIGPIPE, SIG_IGN);

  log::sink_options lines;
  lines.format = settings.log.format == config::log_format::json ? log::line_format::json
                                                                 : log::line_format::key_value;
  lines.file = settings.log.file;
  auto sink = log::spdlog_sink::open(lines);
  if (!sink)
    return fail(sink.failure());
  log::set_sink(sink->get(), settings.log.level);
  for (const auto& warning : loaded->warnings)
    log::warning("configuration", {{"warning", warning}});
  const auto status = run_application(settings, signals);
  log::set_sink(nullptr, log::level::off);
  return static_cast<int>(status);
}

} // namespace tradepulse
