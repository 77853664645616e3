#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/metrics.hpp"

namespace tradepulse::metrics {

// The Content-Type of what to_prometheus_text() writes.
inline constexpr std::string_view prometheus_content_type =
    "text/plain; version=0.0.4; charset=utf-8";

// The body of GET /metrics. Served by our own listener: the library's own server has two threads
// and two half-sent requests block it.
// Requires: naming_faults(families) is empty.
// Thread: any. Values are read as they are when their line is made, each on its own.
std::string to_prometheus_text(const std::vector<family>& families);

} // namespace tradepulse::metrics
