#pragma once

#include "runtime/config/effective.hpp"

namespace tradepulse::config {

// Replaces the decoder `by-name` by the one that a topic of such a name has everywhere, also in
// what is printed. Faults: topics of whose name nothing is known.
void complete_topics(settings& s, effective_values& effective, diagnostics& faults);

// What the topics say together. Requires: complete_topics.
void check_topics(const settings& s, const effective_values& effective, diagnostics& faults,
                  diagnostics& warnings);

} // namespace tradepulse::config
