#pragma once

#include <array>
#include <string_view>

#include "runtime/config/effective.hpp"

namespace tradepulse::config {

// What no key can tell alone. Requires: every key is within its own bounds.
// Faults end a start; warnings are told and accepted.
void cross_check(const settings& s, const effective_values& effective, diagnostics& faults,
                 diagnostics& warnings);

// What describes the two usual listeners, and has no meaning beside a list of listeners.
inline constexpr std::array<std::string_view, 4> usual_listener_keys{"client.host", "client.port",
                                                                     "ops.host", "ops.port"};

// Replaces an empty list of listeners by the two that client.* and ops.* describe.
void complete_listeners(settings& s);

} // namespace tradepulse::config
