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

// A number without trailing zeros; NULL for what is none.
std::string sum(std::string_view column) {
  return join({"CASE WHEN b.", column, " > '-Infinity' AND b.", column,
               " < 'Infinity' THEN trim_scale(b.", column, ") END"});
}

} // namespace

// Ours; what waits until a key of another program's is dropped; what that program's tables have,
// where they were put aside, or are another table than the one we write.
std::string tables_of_klines() {
  return R"(SELECT t.name::regclass, CASE WHEN t.place > 2 THEN tradepulse_columns(t.name::regclass,
  ARRAY['time', 'symbol', 'interval', 'open', 'high', 'low', 'close', 'volume', 'quote_volume',
        'closed'],
  ARRAY['timestamptz', 'text', 'text', 'numeric', 'numeric', 'numeric', 'numeric', 'numeric',
        'numeric', 'boolean']) END
FROM (SELECT 1 AS place, (tradepulse_kline_target()).target AS name
      UNION ALL SELECT 2, 'market_klines_waiting' WHERE to_regclass('market_klines_waiting') IS NOT NULL
      UNION ALL SELECT 3, name || '_before_tradepulse' FROM adopted_names
        WHERE name IN ('market_klines', 'klines') AND state = 'replaced'
      UNION ALL SELECT 4, name FROM adopted_names WHERE name = 'klines' AND state = 'adopted') t
ORDER BY t.place, t.name DESC)";
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

std::string bars_in(std::string_view table, std::string_view columns, bool newest) {
  return join({"SELECT s.n, floor(extract(epoch FROM b.time) * 1000)::bigint, round(b.open, 8), "
               "round(b.high, 8), round(b.low, 8), round(b.close, 8), ",
               sum("volume"), ", ", sum("quote_volume"), ", ", sum("taker_buy_volume"), ", ",
               sum("taker_buy_quote_volume"),
               ", b.trades, b.first_trade_id, b.last_trade_id, b.closed, b.epoch, b.seq, "
               "b.revision, b.source_epoch, b.first_seq, b.last_seq, b.partial "
               "FROM unnest($1::text[]) WITH ORDINALITY s(symbol, n) CROSS JOIN LATERAL ("
               "SELECT * FROM (SELECT ",
               columns, " FROM ", table,
               " b) b WHERE b.symbol = s.symbol AND b.interval = $2 "
               "AND b.time >= $3::timestamptz AND b.time < $4::timestamptz "
               "AND num_nulls(b.open, b.high, b.low, b.close) = 0 AND isfinite(b.time) "
               "AND least(b.open, b.high, b.low, b.close) >= 0 "
               "AND greatest(b.open, b.high, b.low, b.close) <= 92233720368.54775807 "
               "ORDER BY b.time",
               newest ? " DESC" : "", " LIMIT $5::bigint) b"});
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
