#pragma once

#include <cstdint>

namespace tradepulse {

// Where the dead-letter topic cannot be written: wait until it can, or count the record and give it
// up (kafka.dead_letter.on_failure).
enum class dead_letter_policy : std::uint8_t { pause, count };

} // namespace tradepulse
