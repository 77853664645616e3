#pragma once

#include <string>
#include <vector>

namespace tradepulse::config::hocon {

// The elements of a dotted key: a."b.c".d is {"a", "b.c", "d"}.
using path = std::vector<std::string>;

// Dotted again, with quotes where an element needs them.
std::string to_string(const path& elements);

} // namespace tradepulse::config::hocon
