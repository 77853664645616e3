#pragma once

#include <optional>
#include <string>
#include <vector>

#include <pqxx/pqxx>

#include "protocol/ports/range_store.hpp"

// How our types stand in PostgreSQL, both ways. Private to this folder: it shows libpqxx.
namespace tradepulse {

// Reads rows with the columns of sql::every_stream(). A row that another program left and that we
// cannot hold (a symbol against the rule, a kind of stream that is unknown) is skipped; one whose
// price is out of our range loses its snapshot and keeps its position. Both are logged, as a number
// and one example. Errors: those of read_candle_state; without its candles a stream must not go on.
result<std::vector<stored_stream>> read_streams(const pqxx::result& rows);

// What both kinds of answer begin with: columns generation, next_offset, owner, epoch_floor,
// cluster_id, digest, digest_offset, updated_at in ms, journal_time, watermark.
std::string partition_columns();
partition_row read_partition(const topic_partition& source, const pqxx::row& row, int first = 0);
std::optional<time_ms> read_watermark(const pqxx::row& row, int first = 0);

// 64 bits as PostgreSQL's signed integer and back.
std::int64_t digest_to_stored(std::uint64_t digest) noexcept;

} // namespace tradepulse
