#include "adapters/postgres/kline_rows.hpp"
#include "adapters/postgres/statement_text.hpp"

// Most klines of a transaction are open ones that are stored already: an UPDATE takes these, which
// spares what INSERT ... ON CONFLICT does before it finds the conflict. What it did not take goes
// through the INSERT, with the same guard: new klines, and rows that are newer than what was given.
namespace tradepulse::sql {
namespace {

constexpr std::string_view given_rows = R"(WITH r AS MATERIALIZED (
  SELECT a.symbol, a.interval, timestamptz 'epoch' + a.start * interval '1 millisecond' AS time,
    a.open, a.high, a.low, a.close, a.volume, a.quote_volume, a.closed = 1 AS closed,
    coalesce(a.epoch, 1) AS epoch, a.seq, a.number, coalesce(a.greatest, a.number) AS greatest
  FROM (SELECT unnest($1::text[]) AS symbol, unnest($2::text[]) AS interval,
    unnest($3::bigint[]) AS start, unnest($4::numeric[]) AS open, unnest($5::numeric[]) AS high,
    unnest($6::numeric[]) AS low, unnest($7::numeric[]) AS close, unnest($8::numeric[]) AS volume,
    unnest($9::numeric[]) AS quote_volume, unnest($10::smallint[]) AS closed,
    unnest($11::bigint[]) AS epoch, unnest($12::bigint[]) AS seq,
    unnest($13::bigint[]) AS number, unnest($14::bigint[]) AS greatest) a),
)";

constexpr std::string_view columns =
    "time, symbol, interval, open, high, low, close, volume, quote_volume, closed, epoch, "
    "engine_seq, last_sequence, sequence";

// `sequence` is in an index, so it stands still while a kline is open: updates stay HOT. A row that
// has one keeps up with it, and a message without a number leaves the last one.
std::string settings(std::string_view given, std::string_view seq, std::string_view number) {
  std::string out;
  for (const std::string_view column :
       {"open", "high", "low", "close", "volume", "quote_volume", "closed", "epoch"})
    out += join({column, " = ", given, ".", column, ", "});
  return out + join({"engine_seq = ", given, ".", seq, ", last_sequence = coalesce(", given, ".",
                     number, ", t.last_sequence), sequence = CASE WHEN ", given,
                     ".closed IS NOT FALSE OR t.sequence IS NOT NULL THEN coalesce(", given, ".",
                     number, ", t.last_sequence, t.sequence) END"});
}

// Another program's row says how far it had come only where its numbers are upstream's and so are
// ours. Where the log is read again from before that, the row is newer than what comes first.
std::string older(kline_numbers numbers, std::string_view given, std::string_view seq,
                  std::string_view number) {
  const auto theirs =
      numbers == kline_numbers::engine
          ? std::string("t.epoch IS NULL")
          : join({"t.epoch IS NULL AND (t.sequence IS NULL OR ", given, ".", number,
                  " >= t.sequence)"});
  return join({"(", theirs, " OR (", given, ".epoch, ", given, ".", seq,
               ") > (t.epoch, t.engine_seq))"});
}

// Two steps of the WITH, `known` and `others` with that suffix.
std::string writes(kline_numbers numbers, std::string_view table, std::string_view from,
                   std::string_view suffix) {
  return join(
      {"known",
       suffix,
       " AS (\n  UPDATE ",
       table,
       " t SET ",
       settings("r", "seq", "number"),
       "\n  FROM ",
       from,
       " r WHERE t.symbol = r.symbol AND t.interval = r.interval AND t.time = r.time AND ",
       older(numbers, "r", "seq", "greatest"),
       "\n  RETURNING t.symbol, t.interval, t.time),\nothers",
       suffix,
       " AS (\n  INSERT INTO ",
       table,
       " AS t (",
       columns,
       ")\n  SELECT r.time, r.symbol, r.interval, r.open, r.high, r.low, r.close, r.volume, "
       "r.quote_volume, r.closed, r.epoch, r.seq, r.number, "
       "CASE WHEN r.closed IS NOT FALSE THEN r.number END\n  FROM ",
       from,
       " r WHERE (r.symbol, r.interval, r.time) NOT IN (SELECT symbol, interval, time FROM known",
       suffix,
       ")\n  ON CONFLICT (symbol, interval, time) DO UPDATE SET ",
       settings("EXCLUDED", "engine_seq", "last_sequence"),
       "\n  WHERE ",
       older(numbers, "EXCLUDED", "engine_seq", "last_sequence"),
       "\n  RETURNING 1)"});
}

std::string written(std::string_view suffix) {
  return join(
      {"(SELECT count(*) FROM known", suffix, ") + (SELECT count(*) FROM others", suffix, ")"});
}

// As a literal of SQL.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

} // namespace

std::string write_klines(const kline_target& target) {
  if (!target.only_interval)
    return join({given_rows, writes(target.numbers, target.table, "r", ""), "\nSELECT ",
                 written(""), ", 0"});
  // One that another interval has taken the place of would be refused, and the transaction with it.
  return join({given_rows, "fits AS MATERIALIZED (\n  SELECT * FROM r WHERE interval = ",
               quoted(*target.only_interval), "\n    AND NOT EXISTS (SELECT FROM ", target.table,
               " t WHERE t.symbol = r.symbol AND t.time = r.time AND t.interval <> r.interval)),\n"
               "waits AS MATERIALIZED (\n  SELECT * FROM r WHERE (symbol, interval, time) NOT IN "
               "(SELECT symbol, interval, time FROM fits)),\n",
               writes(target.numbers, target.table, "fits", "_here"), ",\n",
               writes(target.numbers, "market_klines_waiting", "waits", "_there"), "\nSELECT ",
               written("_here"), " + ", written("_there"), ", ", written("_there")});
}

} // namespace tradepulse::sql
