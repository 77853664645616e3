#pragma once

#include <span>
#include <string_view>

namespace tradepulse::config {

// The name with the fewest inserted, removed, changed or swapped characters away from `wrong`; the
// first of equals. Requires: names is not empty.
std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> names);

} // namespace tradepulse::config
