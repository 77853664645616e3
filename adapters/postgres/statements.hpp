#pragma once

#include <string>

#include "protocol/stream_kind.hpp"

// The SQL of this folder, as text.
namespace tradepulse::sql {

// The streams of price_snapshots and stream_positions as one list, sorted by symbol and the name of
// their kind (bytes).
// Columns, in order: symbol, price, volume, timestamp, price_sequence, source_sequence, epoch,
// last_sequence, home_topic, home_partition, home_moved_at, state, stream, state of its candles. Of
// other kinds than price, timestamp and source_sequence are the newest of the epoch. The state of
// candles is NULL here: it is a claim's business.
std::string every_stream();

// The streams whose home the partition is, and the unordered ones that it feeds, in no order; those
// of candles are left out, and are in the state of the stream that they are made from. Rows
// come as soon as they are asked for, so that a cursor needs no long statement for many of them.
// The arguments are SQL literals, because DECLARE takes no parameters.
std::string streams_of_partition(const std::string& topic, const std::string& partition);

// $1 symbols, $2 names of kinds: arrays. These streams, sorted the same, with the state of candles.
std::string streams_of_keys();

// $1 topic, $2 partition: their unordered streams, locked in the order of commits. Those of candles
// are left out here as well: they begin an epoch with the first event of their source's.
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
// $7 digest, $8 its offset (NULL keeps the old pair), $9 commit time of its events (NULL: none is
// journalled), $10 watermark (NULL keeps the old one), then the arrays of commit_arrays, whose
// absent elements stand for what is usual.
std::string commit();
// The same writes without the swap, for a look at which row is refused. $1 topic, $2 partition,
// then the arrays, from $3 on.
std::string write_rows();

// --- the journal ---

// $1 symbols, $2 names of kinds: arrays of streams, none twice. Answers (symbol, stream, stream_id)
// of each; one that has no id gets one.
std::string journal_stream_ids();
// $1 topic, $2 partition. Answers its id, and makes it where it has none.
std::string journal_partition_id();
// $1, $2, $4: arrays of stream ids, epochs and first numbers that enter the leaf of day $3.
std::string enter_journal_leaf();
// $1 a journal, $2 a day. Answers the name of its leaf, which is made where it is missing.
std::string journal_leaf();
// Then come journal_rows of that kind.
std::string copy_into_journal(const std::string& leaf, event_kind of = event_kind::price);

} // namespace tradepulse::sql
