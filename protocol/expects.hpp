#pragma once

namespace tradepulse {

[[noreturn]] void contract_violated(const char* condition, const char* file, int line);

} // namespace tradepulse

// A programmer's mistake: throws std::logic_error, which ends the actor it happens in and is the
// supervisor's business. Under the sanitizers (TRADEPULSE_HARD_ASSERTIONS) it aborts at once.
#define TRADEPULSE_EXPECTS(condition)                                                              \
  (static_cast<bool>(condition) ? void(0)                                                          \
                                : ::tradepulse::contract_violated(#condition, __FILE__, __LINE__))
