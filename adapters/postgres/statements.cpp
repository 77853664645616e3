#include "adapters/postgres/statements.hpp"

#include <string_view>

#include "adapters/postgres/statement_text.hpp"

namespace tradepulse::sql {
namespace {

// Where both tables know a stream the greater position holds, with its home and state. The event
// shown is the row's; price_sequence 0 says that it is older than the epoch. Streams of other kinds
// than price stand in stream_positions (p) alone; newest_* of a price are of rows that were refused,
// and count as long as its epoch does.
constexpr std::string_view stream_columns = R"(
SELECT coalesce(s.symbol, p.symbol) AS symbol, s.price::text, s.volume::text,
       s.timestamp,
       CASE WHEN n.newer AND p.epoch > s.epoch THEN 0 ELSE s.price_sequence END,
       s.source_sequence,
       CASE WHEN n.newer THEN p.epoch ELSE s.epoch END,
       CASE WHEN n.newer THEN p.last_sequence ELSE s.last_sequence END,
       h.topic, h.partition,
       CASE WHEN n.newer THEN p.home_moved_at ELSE s.home_moved_at END,
       h.state, coalesce(p.stream, 'price') AS stream, n.newest_time, n.newest_source)";

// Of candles: no column of theirs, or the state of the stream before.
constexpr std::string_view no_candles = ", NULL::bytea AS candles\n";

// A look into the index a row, whatever the planner thinks of a table that was empty a moment ago.
std::string candles_of(std::string_view symbol, std::string_view stream) {
  return join({", (SELECT c.state FROM candle_states c WHERE c.symbol = ", symbol,
               " AND c.stream = ", stream, ") AS candles\n"});
}

// The condition of the index that a claim goes by, which lacks the many streams of candles.
std::string not_of_candles(std::string_view alias) {
  return join({alias, ".stream NOT LIKE 'candle\\_%'"});
}

constexpr std::string_view stream_choice = R"(
CROSS JOIN LATERAL (SELECT p.symbol IS NOT NULL
    AND (s.symbol IS NULL OR (p.epoch, p.last_sequence) > (s.epoch, s.last_sequence)),
  CASE WHEN s.symbol IS NULL OR p.epoch >= s.epoch THEN p.newest_time END,
  CASE WHEN s.symbol IS NULL OR p.epoch >= s.epoch THEN p.newest_source END)
  AS n(newer, newest_time, newest_source)
CROSS JOIN LATERAL (SELECT CASE WHEN n.newer THEN p.home_topic ELSE s.home_topic END,
                           CASE WHEN n.newer THEN p.home_partition ELSE s.home_partition END,
                           CASE WHEN n.newer THEN p.state ELSE s.state END)
  AS h(topic, partition, state)
)";

// The same columns of a row p of stream_positions whose stream is not price.
constexpr std::string_view other_columns = R"(
SELECT p.symbol, NULL, NULL, NULL::bigint, NULL::bigint, NULL::bigint, p.epoch, p.last_sequence,
       p.home_topic, p.home_partition, p.home_moved_at, p.state, p.stream, p.newest_time,
       p.newest_source)";

// The unordered streams that the partition feeds.
constexpr std::string_view unordered_streams = R"(
SELECT symbol, stream FROM stream_sources
  WHERE topic = $1 AND partition = $2 AND stream NOT LIKE 'candle\_%'
UNION SELECT symbol, 'price' FROM price_snapshots
  WHERE home_topic = $1 AND home_partition = $2 AND state <> 0 AND state & 1 <> 0
UNION SELECT symbol, stream FROM stream_positions
  WHERE home_topic = $1 AND home_partition = $2 AND state & 1 <> 0
    AND stream NOT LIKE 'candle\_%'
)";

std::string is_ours(std::string_view alias, std::string_view prefix, std::string_view topic,
                    std::string_view partition) {
  return join({alias, ".", prefix, "topic = ", topic, " AND ", alias, ".", prefix,
               "partition = ", partition});
}

// First those with a row of this home; then the few others that may have to do with us.
std::string prices_of_partition(std::string_view topic, std::string_view partition) {
  const auto ours = [&](std::string_view alias, std::string_view prefix) {
    return is_ours(alias, prefix, topic, partition);
  };
  const std::string columns =
      join({stream_columns, candles_of("coalesce(s.symbol, p.symbol)", "'price'")});
  return join({columns,
               "FROM price_snapshots s\n"
               "LEFT JOIN stream_positions p ON p.symbol = s.symbol AND p.stream = 'price'",
               stream_choice,
               "WHERE ",
               ours("s", "home_"),
               " AND (",
               ours("h", ""),
               " OR h.state & 1 <> 0)\nUNION ALL",
               columns,
               "FROM (\n  SELECT symbol FROM stream_positions o WHERE o.stream = 'price' AND ",
               not_of_candles("o"),
               " AND ",
               ours("o", "home_"),
               "\n  UNION SELECT symbol FROM stream_sources f WHERE f.stream = 'price' AND ",
               ours("f", ""),
               R"() k
LEFT JOIN price_snapshots s ON s.symbol = k.symbol
LEFT JOIN stream_positions p ON p.symbol = k.symbol AND p.stream = 'price')",
               stream_choice,
               "WHERE (",
               ours("s", "home_"),
               ") IS NOT TRUE AND ((",
               ours("h", ""),
               R"()
  OR (h.state & 1 <> 0 AND EXISTS (SELECT FROM stream_sources f WHERE f.stream = 'price'
    AND f.symbol = k.symbol AND )",
               ours("f", ""),
               ")))"});
}

std::string others_of_partition(std::string_view topic, std::string_view partition) {
  const auto home = is_ours("p", "home_", topic, partition);
  const std::string columns = join({other_columns, candles_of("p.symbol", "p.stream")});
  return join({columns, "FROM stream_positions p WHERE p.stream <> 'price' AND ",
               not_of_candles("p"), " AND ", home, "\nUNION ALL", columns, R"(FROM stream_sources f
JOIN stream_positions p ON p.symbol = f.symbol AND p.stream = f.stream
WHERE f.stream <> 'price' AND p.state & 1 <> 0 AND )",
               not_of_candles("p"), " AND ", is_ours("f", "", topic, partition), " AND (", home,
               ") IS NOT TRUE"});
}

} // namespace

std::string every_stream() {
  return join({"SELECT * FROM (", stream_columns, no_candles, R"(FROM price_snapshots s
FULL JOIN (SELECT * FROM stream_positions WHERE stream = 'price') p ON p.symbol = s.symbol
)",
               stream_choice, "UNION ALL", other_columns, no_candles,
               "FROM stream_positions p WHERE p.stream <> 'price') every\n"
               "ORDER BY symbol COLLATE \"C\", stream COLLATE \"C\""});
}

std::string streams_of_partition(const std::string& topic, const std::string& partition) {
  return join({prices_of_partition(topic, partition), "\nUNION ALL",
               others_of_partition(topic, partition)});
}

std::string streams_of_keys() {
  return join({stream_columns, candles_of("k.symbol", "k.kind"),
               R"(FROM unnest($1::text[], $2::text[]) AS k(symbol, kind)
LEFT JOIN price_snapshots s ON s.symbol = k.symbol AND k.kind = 'price'
LEFT JOIN stream_positions p ON p.symbol = k.symbol AND p.stream = k.kind)",
               stream_choice, R"(
WHERE s.symbol IS NOT NULL OR p.symbol IS NOT NULL
ORDER BY k.symbol COLLATE "C", k.kind COLLATE "C")"});
}

std::string lock_unordered_snapshots() {
  return join({"SELECT symbol FROM price_snapshots WHERE symbol IN (SELECT u.symbol FROM (",
               unordered_streams,
               ") u WHERE u.stream = 'price') ORDER BY symbol COLLATE \"C\" FOR UPDATE"});
}

std::string lock_unordered_positions() {
  return join({"SELECT symbol FROM stream_positions WHERE (symbol, stream) IN (", unordered_streams,
               ") ORDER BY symbol COLLATE \"C\", stream COLLATE \"C\" FOR UPDATE"});
}

std::string raise_unordered() {
  return join({"WITH unordered AS (", unordered_streams, R"(),
raised AS (SELECT k.symbol, GREATEST(s.epoch + 1, p.epoch + 1, $3) AS epoch
  FROM (SELECT symbol FROM unordered WHERE stream = 'price') k
  LEFT JOIN price_snapshots s ON s.symbol = k.symbol
  LEFT JOIN stream_positions p ON p.symbol = k.symbol AND p.stream = 'price')",
               stream_choice, R"(WHERE h.state & 1 <> 0),
snapshots AS (
  UPDATE price_snapshots t SET epoch = r.epoch, last_sequence = 0, price_sequence = 0,
    updated_at = now() FROM raised r WHERE t.symbol = r.symbol),
others AS (
  UPDATE stream_positions t SET epoch = GREATEST(t.epoch + 1, $3), last_sequence = 0,
    newest_time = NULL, newest_source = NULL, updated_at = now()
  FROM unordered u WHERE u.stream <> 'price' AND t.symbol = u.symbol AND t.stream = u.stream
    AND t.state & 1 <> 0)
UPDATE stream_positions t SET epoch = r.epoch, last_sequence = 0, newest_time = NULL,
  newest_source = NULL, updated_at = now()
FROM raised r WHERE t.symbol = r.symbol AND t.stream = 'price')"});
}

std::string raised_floor() {
  return R"(1 + GREATEST(epoch_floor, (SELECT max(e.epoch) FROM (
  SELECT epoch FROM price_snapshots WHERE home_topic = $1 AND home_partition = $2
  UNION ALL SELECT epoch FROM stream_positions WHERE home_topic = $1 AND home_partition = $2
  UNION ALL SELECT s.epoch FROM stream_sources f JOIN price_snapshots s ON s.symbol = f.symbol
    WHERE f.topic = $1 AND f.partition = $2 AND f.stream = 'price'
  UNION ALL SELECT p.epoch FROM stream_sources f
    JOIN stream_positions p ON p.symbol = f.symbol AND p.stream = f.stream
    WHERE f.topic = $1 AND f.partition = $2) e)))";
}

} // namespace tradepulse::sql
