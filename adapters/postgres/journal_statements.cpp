#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/statement_text.hpp"
#include "adapters/postgres/statements.hpp"

namespace tradepulse::sql {

// An expression a stream, not a join: that is a look into the index whatever the planner thinks of
// a table that was empty a moment ago. A join of 5,000 took 1.9 s.
// One that somebody else makes meanwhile is not seen by `given`; the INSERT waits for it and finds
// it then. Sorted, so that two that make the same ones do not wait for each other in a circle.
std::string journal_stream_ids() {
  return R"(WITH given AS (
  SELECT n.symbol, n.stream, (SELECT s.stream_id FROM journal_streams s
    WHERE s.symbol = n.symbol AND s.stream = n.stream) AS stream_id
  FROM unnest($1::text[], $2::text[]) AS n(symbol, stream)),
made AS (
  INSERT INTO journal_streams (symbol, stream)
  SELECT symbol, stream FROM given WHERE stream_id IS NULL
  ORDER BY symbol COLLATE "C", stream COLLATE "C"
  ON CONFLICT (symbol, stream) DO UPDATE SET stream = EXCLUDED.stream
  RETURNING symbol, stream, stream_id)
SELECT symbol, stream, stream_id FROM given WHERE stream_id IS NOT NULL
UNION ALL SELECT symbol, stream, stream_id FROM made)";
}

std::string journal_partition_id() {
  return R"(WITH found AS (
  SELECT partition_id FROM journal_partitions WHERE topic = $1::text AND partition = $2::int),
made AS (
  INSERT INTO journal_partitions (topic, partition)
  SELECT $1::text, $2::int WHERE NOT EXISTS (SELECT FROM found)
  ON CONFLICT (topic, partition) DO UPDATE SET topic = EXCLUDED.topic
  RETURNING partition_id)
SELECT partition_id FROM found UNION ALL SELECT partition_id FROM made)";
}

// A row that is there is of an earlier commit: its number is the lower one.
std::string enter_journal_leaf() {
  return R"(INSERT INTO journal_leaves (stream_id, epoch, leaf, first_seq)
SELECT unnest($1::int[]), unnest($2::bigint[]), $3::date, unnest($4::bigint[])
ON CONFLICT DO NOTHING)";
}

std::string journal_leaf() {
  return "SELECT journal_leaf($1::text, $2::date)";
}

std::string copy_into_journal(const std::string& leaf, event_kind of) {
  return join({"COPY ", leaf, " (", journal_of(of).written, ") FROM STDIN (FORMAT binary)"});
}

} // namespace tradepulse::sql
