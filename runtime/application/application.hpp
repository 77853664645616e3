#pragma once

#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/stop_signals.hpp"
#include "runtime/config/settings.hpp"

namespace tradepulse {

// The engine behind its listeners: builds, starts and stops in one visible order.
// Blocks: until a stop is requested or something no restart can cure happens.
exit_code run_application(const config::settings& settings, stop_signals& signals);

} // namespace tradepulse
