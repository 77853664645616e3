#include "adapters/postgres/tracker_rows.hpp"

#include "adapters/postgres/binary_array.hpp"
#include "adapters/postgres/raw_calls.hpp"
#include "adapters/postgres/row_pieces.hpp"
#include "adapters/postgres/statement_text.hpp"

namespace tradepulse {
namespace {

// Of sql::write_tracker().
raw::parameters arrays_of(std::span<const tracker_row> rows) {
  using type = binary_array::type;
  binary_array symbols{type::text};
  binary_array streams{type::text};
  binary_array sequences{type::int8};
  binary_array epochs{type::int8};
  for (const auto& row : rows) {
    symbols.add_text(row.symbol.view());
    streams.add_text(row.stream);
    sequences.add_integer(row.position.seq.value());
    row.position.epoch == epoch{1} ? epochs.add_absent()
                                   : epochs.add_integer(row.position.epoch.value());
  }
  raw::parameters out;
  out.binary(symbols.take())
      .binary(streams.take())
      .binary(sequences.take())
      .binary(epochs.take());
  return out;
}

} // namespace

namespace sql {

// The INSERT comes to those alone that have no row: an id that an upsert takes and does not use
// would be gone, and of a few hundred streams ten times a second the ids would end within days.
std::string write_tracker(const std::string& target) {
  return join({R"(WITH r AS MATERIALIZED (
  SELECT a.symbol, a.stream, a.sequence, coalesce(a.epoch, 1) AS epoch
  FROM (SELECT unnest($1::text[]) AS symbol, unnest($2::text[]) AS stream,
    unnest($3::bigint[]) AS sequence, unnest($4::bigint[]) AS epoch) a),
known AS (
  UPDATE )",
               target, R"( t SET last_sequence = r.sequence, epoch = r.epoch, updated_at = now()
  FROM r WHERE t.symbol = r.symbol AND t.stream = r.stream
    AND (t.epoch IS NULL OR (r.epoch, r.sequence) > (t.epoch, t.last_sequence))
  RETURNING 1),
others AS (
  INSERT INTO )",
               target, R"( AS t (id, symbol, stream, last_sequence, epoch)
    OVERRIDING SYSTEM VALUE
  SELECT nextval('tradepulse_tracker_ids'), r.symbol, r.stream, r.sequence, r.epoch FROM r
  WHERE (SELECT count(*) FROM known) < cardinality($1::text[])
    AND NOT EXISTS (SELECT FROM )",
               target, R"( e WHERE e.symbol = r.symbol AND e.stream = r.stream)
  ON CONFLICT (symbol, stream) DO UPDATE SET last_sequence = EXCLUDED.last_sequence,
    epoch = EXCLUDED.epoch, updated_at = now()
  WHERE t.epoch IS NULL OR (EXCLUDED.epoch, EXCLUDED.last_sequence) > (t.epoch, t.last_sequence)
  RETURNING 1)
SELECT (SELECT count(*) FROM known) + (SELECT count(*) FROM others))"});
}

} // namespace sql

std::string ask_tracker_target(database_session::call& db) {
  const auto asked = raw::execute(db.connection.raw(), "SELECT tradepulse_tracker_target()", {});
  db.answered();
  return std::string(raw::value(asked, 0, 0));
}

std::size_t write_tracker(database_session::call& db, const std::string& target,
                          std::span<const tracker_row> rows) {
  std::size_t written = 0;
  while (!rows.empty()) {
    const auto answer =
        raw::execute(db.connection.raw(), sql::write_tracker(target), arrays_of(take_piece(rows)));
    db.answered();
    written += static_cast<std::size_t>(raw::integer(answer, 0, 0));
  }
  return written;
}

} // namespace tradepulse
