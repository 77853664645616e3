#include "adapters/postgres/bar_statements.hpp"

#include "adapters/postgres/statement_text.hpp"

namespace tradepulse::sql {
namespace {

constexpr std::string_view of_candles_alone =
    "NULL::integer AS revision, NULL::bigint AS source_epoch, NULL::bigint AS first_seq, "
    "NULL::bigint AS last_seq, NULL::boolean AS partial";
constexpr std::string_view of_the_journal =
    "NULL::numeric AS taker_buy_volume, NULL::numeric AS taker_buy_quote_volume, "
    "NULL::bigint AS trades, NULL::bigint AS first_trade_id, NULL::bigint AS last_trade_id";

// What another program's tables have, where they were put aside, or are another table than the one
// we write, as long as they are there.
constexpr std::string_view foreign_places =
    R"(SELECT 3 AS place, name || '_before_tradepulse' AS name FROM adopted_names
        WHERE name IN ('market_klines', 'klines') AND state = 'replaced'
          AND to_regclass(name || '_before_tradepulse') IS NOT NULL
      UNION ALL SELECT 4, name FROM adopted_names
        WHERE name = 'klines' AND state = 'adopted' AND to_regclass(name) IS NOT NULL)";

// A number without trailing zeros; NULL for what is none.
std::string sum(std::string_view column) {
  return join({"CASE WHEN b.", column, " > '-Infinity' AND b.", column,
               " < 'Infinity' THEN trim_scale(b.", column, ") END"});
}

std::string usable_rows(const bar_table& in, std::string_view of_interval) {
  return join({"SELECT * FROM (SELECT ", in.columns, " FROM ", in.name,
               " b) b WHERE b.symbol = s.symbol AND ", of_interval,
               " AND b.time >= $3::timestamptz AND b.time < $4::timestamptz "
               "AND num_nulls(b.open, b.high, b.low, b.close) = 0 AND isfinite(b.time) "
               "AND least(b.open, b.high, b.low, b.close) >= 0 "
               "AND greatest(b.open, b.high, b.low, b.close) <= 92233720368.54775807"});
}

// Of several rows of a bar the one that adoption would keep. Sorted within, too: a DISTINCT ON by
// itself sorts all that is in the range, a subquery's ORDER BY goes along the index and sorts what
// has the same time. `along`: a column that is the same in all, with the direction in which an
// index has it before the time: without it the planner does not see that order.
std::string row_of_each(std::string_view rows, std::string_view down,
                        std::string_view along = {}) {
  const auto order = join({" ORDER BY ", along, "b.time", down,
                           ", b.given_number DESC NULLS LAST, b.place DESC"});
  return join({"SELECT DISTINCT ON (", along.empty() ? "" : "b.interval, ", "b.time) * FROM (",
               rows, order, ") b", order, " LIMIT $5::bigint"});
}

// `down`: " DESC" for the newest.
std::string bars_of_symbol(const bar_table& in, std::string_view down) {
  constexpr std::string_view named = "b.interval = $2";
  constexpr std::string_view unnamed = "b.interval IS NULL AND $2 = '1m'";
  switch (in.rows) {
  case bar_rows::one:
    return join({usable_rows(in, named), " ORDER BY b.time", down, " LIMIT $5::bigint"});
  case bar_rows::several:
    return row_of_each(usable_rows(in, named), down);
  case bar_rows::without_interval:
    return row_of_each(usable_rows(in, join({"(", named, " OR ", unnamed, ")"})), down);
  case bar_rows::without_interval_along:
  case bar_rows::without_interval_against:
    break;
  }
  const bool falls = down.empty() == (in.rows == bar_rows::without_interval_against);
  return row_of_each(join({"SELECT * FROM ((", row_of_each(usable_rows(in, named), down),
                           ") UNION ALL (",
                           row_of_each(usable_rows(in, unnamed), down,
                                       falls ? "b.interval DESC, " : "b.interval, "),
                           ")) b"}),
                     down);
}

} // namespace

// Ours; what waits until a key of another program's is dropped; that program's. A view has no ctid.
std::string tables_of_klines() {
  return join({R"(SELECT t.name::regclass, f.columns, f.rows
FROM (SELECT 1 AS place, (tradepulse_kline_target()).target AS name
      UNION ALL SELECT 2, 'market_klines_waiting'
        WHERE to_regclass('market_klines_waiting') IS NOT NULL
      UNION ALL )",
               foreign_places, R"() t
LEFT JOIN LATERAL (
  SELECT tradepulse_columns(c.oid, ARRAY['time', 'symbol', 'interval', 'open', 'high', 'low',
      'close', 'volume', 'quote_volume', 'closed'], ARRAY['timestamptz', 'text', 'text', 'numeric',
      'numeric', 'numeric', 'numeric', 'numeric', 'numeric', 'boolean'])
    || CASE WHEN EXISTS (SELECT FROM pg_attribute n
         WHERE n.attrelid = c.oid AND n.attname = 'sequence' AND n.atttypid IN ('int8'::regtype,
           'int4'::regtype, 'int2'::regtype, 'numeric'::regtype, 'float8'::regtype,
           'float4'::regtype))
       THEN ', b.sequence' ELSE ', NULL::bigint' END || ' AS given_number, '
    || CASE WHEN c.relkind IN ('r', 'p', 'm') THEN 'b.ctid' ELSE 'b::text' END || ' AS place'
      AS columns,
    CASE WHEN i.attnotnull IS NOT FALSE THEN 1 ELSE coalesce((
      SELECT min(3 + ((x.indoption[p.interval] # x.indoption[p.time]) & 1)) FROM pg_index x
        JOIN pg_attribute w ON w.attrelid = c.oid AND w.attname = 'time'
        CROSS JOIN LATERAL (SELECT array_position(x.indkey::int2[], i.attnum) AS interval,
                                   array_position(x.indkey::int2[], w.attnum) AS time) p
       WHERE x.indrelid = c.oid AND p.interval < p.time), 2) END AS rows
  FROM pg_class c LEFT JOIN pg_attribute i ON i.attrelid = c.oid AND i.attname = 'interval'
  WHERE c.oid = t.name::regclass) f ON t.place > 2
ORDER BY t.place, t.name DESC)"});
}

std::string names_of_foreign_klines() {
  return join({"SELECT t.name FROM (", foreign_places, ") t ORDER BY t.place, t.name DESC"});
}

std::string our_klines() {
  return join({"b.time, b.symbol, b.interval, b.open, b.high, b.low, b.close, b.volume, "
               "b.quote_volume, ",
               of_the_journal, ", b.closed, b.epoch, b.engine_seq AS seq, ", of_candles_alone});
}

std::string candles() {
  return "b.time, b.symbol, b.interval, b.open, b.high, b.low, b.close, b.volume, b.quote_volume, "
         "b.taker_buy_volume, b.taker_buy_quote_volume, b.trades, b.first_trade_id, "
         "b.last_trade_id, true AS closed, b.epoch, b.sequence AS seq, b.revision, b.source_epoch, "
         "b.first_seq, b.last_seq, b.partial";
}

std::string foreign_bars(std::string_view columns) {
  return join({columns, ", ", of_the_journal, ", NULL::bigint AS epoch, NULL::bigint AS seq, ",
               of_candles_alone});
}

std::string bars_in(const bar_table& in, bool newest) {
  return join({"SELECT s.n, floor(extract(epoch FROM b.time) * 1000)::bigint, round(b.open, 8), "
               "round(b.high, 8), round(b.low, 8), round(b.close, 8), ",
               sum("volume"), ", ", sum("quote_volume"), ", ", sum("taker_buy_volume"), ", ",
               sum("taker_buy_quote_volume"),
               ", b.trades, b.first_trade_id, b.last_trade_id, b.closed, b.epoch, b.seq, "
               "b.revision, b.source_epoch, b.first_seq, b.last_seq, b.partial "
               "FROM unnest($1::text[]) WITH ORDINALITY s(symbol, n) CROSS JOIN LATERAL (",
               bars_of_symbol(in, newest ? " DESC" : ""), ") b"});
}

std::string committed_positions() {
  return "SELECT s.n, p.epoch, p.last_sequence FROM unnest($1::text[]) WITH ORDINALITY s(symbol, "
         "n) "
         "JOIN stream_positions p ON p.symbol = s.symbol AND p.stream = $2";
}

std::string leaves_of_epochs() {
  return "SELECT stream_id, epoch, to_char(leaf, 'YYYYMMDD'), first_seq FROM journal_leaves "
         "WHERE stream_id = (SELECT stream_id FROM journal_streams WHERE symbol = $1 "
         "AND stream = $2) AND epoch >= $3::bigint AND epoch <= $4::bigint ORDER BY epoch, leaf";
}

// One look into the index for each number: with `seq = ANY (...)` the planner may read all of the
// epoch and sort out what it does not want.
std::string kline_details(std::string_view leaf, leaf_access by) {
  return join({"SELECT e.* FROM unnest($3::bigint[]) n CROSS JOIN LATERAL (SELECT seq, "
               "trim_scale(taker_buy_volume), trim_scale(taker_buy_quote_volume), trades, "
               "first_trade_id, last_trade_id FROM ",
               rows_of_leaf(leaf, by, event_kind::kline),
               "stream_id = $1::integer AND epoch = $2::bigint AND seq = n LIMIT 1) e"});
}

} // namespace tradepulse::sql
