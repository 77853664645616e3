#pragma once

#include <string>
#include <vector>

#include "protocol/metrics.hpp"

namespace tradepulse::metrics {

// What Prometheus, promtool or our own conventions object to, one sentence each, empty where all
// is well:
//   - names are [a-zA-Z_][a-zA-Z0-9_]*; counters end in `_total` and nothing else does; histograms
//     are latencies and end in `_seconds`; no name ends in `_count`, `_sum`, `_bucket`, `_info` is
//     a gauge; no unit but `_seconds` and `_bytes`
//   - help is there, one line, without a backslash (the text format would need it escaped, and
//     prometheus-cpp 1.0.1 does not escape help)
//   - labels are [a-zA-Z_][a-zA-Z0-9_]* without `__` in front, `le` and `quantile` are reserved;
//     the samples of a family have the same label names and no two the same values
//   - each sample has exactly one source, of the kind of its family
// A fault is a programmer's mistake: a test over the whole registry finds it.
std::vector<std::string> naming_faults(const std::vector<family>& families);

} // namespace tradepulse::metrics
