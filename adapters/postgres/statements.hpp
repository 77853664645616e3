#pragma once

#include <string>

// The SQL of this folder, as text.
namespace tradepulse::sql {

// The price streams of price_snapshots and stream_positions as one list, sorted by symbol (bytes).
// Columns, in order: symbol, price, volume, timestamp, price_sequence, source_sequence, epoch,
// last_sequence, home_topic, home_partition, home_moved_at, state.
std::string every_stream();

// The streams whose home the partition is, and the unordered ones that it feeds, in no order: rows
// come as soon as they are asked for, so that a cursor needs no long statement for many of them.
// The arguments are SQL literals, because DECLARE takes no parameters.
std::string streams_of_partition(const std::string& topic, const std::string& partition);

// $1: an array of symbols. The streams of these, sorted the same.
std::string streams_of_symbols();

// $1 topic, $2 partition: their unordered streams, locked in the order of commits.
std::string lock_unordered_snapshots();
std::string lock_unordered_positions();
// $1 topic, $2 partition, $3 floor: a new epoch for each of them. Requires: locked before, so that
// the epochs that are read are the last ones.
std::string raise_unordered();

// $1 topic, $2 partition; an expression beside a row of ingest_offsets: 1 + the greatest of the
// old floor and of the epochs of the streams that the partition feeds.
std::string raised_floor();

// One round trip: compares and swaps the row of the partition; writes rows, positions and sources
// only if that matched. Answers (partitions moved: 0 or 1, rows written).
// $1 topic, $2 partition, $3 generation, $4 from, $5 to, $6 cluster id ('' keeps the old one),
// $7 digest, $8 its offset (NULL keeps the old pair), then the arrays of commit_arrays, whose
// absent elements stand for what is usual.
std::string commit();
// The same writes without the swap, for a look at which row is refused. $1 topic, $2 partition,
// then the arrays, from $3 on.
std::string write_rows();

} // namespace tradepulse::sql
