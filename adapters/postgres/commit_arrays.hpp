#pragma once

#include <span>
#include <string>
#include <vector>

#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// The rows of a range as the array parameters of sql::commit(), in binary form: 12 of
// price_snapshots, 10 of stream_positions, 2 of stream_sources. What is the usual case is absent in
// an array (the home is the partition itself, epoch 1, no flag, the event shown is the last one, a
// position is that of a price stream), so that most of them are empty most of the time; the
// statement puts it back. Streams of other kinds than price have a position alone, with the newest
// that their epoch has shown; of a price that is position_only the price is left out.
// Requires: rows sorted by symbol, one a stream.
std::vector<std::string> commit_arrays(const topic_partition& source,
                                       std::span<const stream_row> rows);

} // namespace tradepulse
