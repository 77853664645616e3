#pragma once

#include <span>
#include <string>
#include <vector>

#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// The rows of a range as the array parameters of sql::commit(), in binary form: 12 of
// price_snapshots, 7 of stream_positions, 1 of stream_sources. What is the usual case is absent in
// an array (the home is the partition itself, epoch 1, no flag, the event shown is the last one),
// so that most of them are empty most of the time; the statement puts it back.
// Requires: rows sorted by symbol, one per symbol.
std::vector<std::string> commit_arrays(const topic_partition& source,
                                       std::span<const stream_row> rows);

} // namespace tradepulse
