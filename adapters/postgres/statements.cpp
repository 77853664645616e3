#include "adapters/postgres/statements.hpp"

#include <initializer_list>
#include <string_view>

namespace tradepulse::sql {
namespace {

std::string join(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts)
    out += part;
  return out;
}

// Where both tables know a stream the greater position holds, with its home and state. The event
// shown is the row's; price_sequence 0 says that it is older than the epoch.
constexpr std::string_view stream_columns = R"(
SELECT coalesce(s.symbol, p.symbol) AS symbol, s.price::text, s.volume::text, s.timestamp,
       CASE WHEN n.newer AND p.epoch > s.epoch THEN 0 ELSE s.price_sequence END,
       s.source_sequence,
       CASE WHEN n.newer THEN p.epoch ELSE s.epoch END,
       CASE WHEN n.newer THEN p.last_sequence ELSE s.last_sequence END,
       h.topic, h.partition,
       CASE WHEN n.newer THEN p.home_moved_at ELSE s.home_moved_at END,
       h.state
)";

constexpr std::string_view stream_choice = R"(
CROSS JOIN LATERAL (SELECT p.symbol IS NOT NULL
  AND (s.symbol IS NULL OR (p.epoch, p.last_sequence) > (s.epoch, s.last_sequence))) AS n(newer)
CROSS JOIN LATERAL (SELECT CASE WHEN n.newer THEN p.home_topic ELSE s.home_topic END,
                           CASE WHEN n.newer THEN p.home_partition ELSE s.home_partition END,
                           CASE WHEN n.newer THEN p.state ELSE s.state END)
  AS h(topic, partition, state)
)";

// Symbols of the unordered streams that the partition feeds.
constexpr std::string_view unordered_symbols = R"(
SELECT symbol FROM stream_sources WHERE topic = $1 AND partition = $2 AND stream = 'price'
UNION SELECT symbol FROM price_snapshots
  WHERE home_topic = $1 AND home_partition = $2 AND state <> 0 AND state & 1 <> 0
UNION SELECT symbol FROM stream_positions
  WHERE home_topic = $1 AND home_partition = $2 AND state & 1 <> 0 AND stream = 'price'
)";

// `first` is the number of the first array's parameter.
std::string writes(int first, std::string_view guard) {
  auto each = [first](int index, std::string_view type, std::string_view column,
                      std::string_view then = ", ") {
    return join({"unnest($", std::to_string(first + index), "::", type, "[]) AS ", column, then});
  };
  // Within an epoch the newer event, ties: the later one. The first event of an epoch replaces
  // what is there whatever its time; price_sequence 0 stands for "none of this epoch".
  constexpr std::string_view fresh =
      "(EXCLUDED.epoch > t.epoch OR (EXCLUDED.epoch = t.epoch AND EXCLUDED.price_sequence > 0 AND "
      "(t.price_sequence = 0 OR (EXCLUDED.timestamp, EXCLUDED.price_sequence) >= "
      "(t.timestamp, t.price_sequence))))";
  constexpr std::string_view ahead =
      "(EXCLUDED.epoch, EXCLUDED.last_sequence) >= (t.epoch, t.last_sequence)";
  auto keep_unless = [](std::string_view condition, std::string_view column) {
    return join({column, " = CASE WHEN ", condition, " THEN EXCLUDED.", column, " ELSE t.", column,
                 " END, "});
  };
  // Sets in the select list run in step, and end with the longest (the symbols'); in FROM each one
  // would be written to a store of its own first. The inner query keeps them apart from the guard.
  std::string out =
      join({R"(
rows AS (
  INSERT INTO price_snapshots AS t (symbol, price, volume, timestamp, epoch, last_sequence,
    price_sequence, source_sequence, home_topic, home_partition, home_moved_at, state)
  SELECT r.symbol, r.price, r.volume, r.timestamp, coalesce(r.epoch, 1), r.last_sequence,
    coalesce(r.price_sequence, r.last_sequence), r.source_sequence, coalesce(r.home_topic, $1::text),
    coalesce(r.home_partition, $2::int), r.home_moved_at, coalesce(r.state, 0::smallint)
  FROM (SELECT )",
            each(0, "text", "symbol"), each(1, "numeric", "price"), each(2, "numeric", "volume"),
            each(3, "bigint", "timestamp"), each(4, "bigint", "epoch"),
            each(5, "bigint", "last_sequence"), each(6, "bigint", "price_sequence"),
            each(7, "bigint", "source_sequence"), each(8, "text", "home_topic"),
            each(9, "int", "home_partition"), each(10, "bigint", "home_moved_at"),
            each(11, "smallint", "state", ") r"), guard, R"(
  ON CONFLICT (symbol) DO UPDATE SET )"});
  for (const auto column : {"price", "volume", "timestamp", "price_sequence", "source_sequence"})
    out += keep_unless(fresh, column);
  for (const auto column :
       {"epoch", "last_sequence", "home_topic", "home_partition", "home_moved_at", "state"})
    out += keep_unless(ahead, column);
  out += join({"updated_at = now()\n  WHERE ", ahead, " OR ", fresh,
               R"(
  RETURNING 1),
positions AS (
  INSERT INTO stream_positions AS t (symbol, stream, epoch, last_sequence, home_topic,
    home_partition, home_moved_at, state)
  SELECT r.symbol, 'price', coalesce(r.epoch, 1), r.last_sequence, coalesce(r.home_topic, $1::text),
    coalesce(r.home_partition, $2::int), r.home_moved_at, coalesce(r.state, 0::smallint)
  FROM (SELECT )",
               each(12, "text", "symbol"), each(13, "bigint", "epoch"),
               each(14, "bigint", "last_sequence"), each(15, "text", "home_topic"),
               each(16, "int", "home_partition"), each(17, "bigint", "home_moved_at"),
               each(18, "smallint", "state", ") r"), guard, R"(
  ON CONFLICT (symbol, stream) DO UPDATE SET epoch = EXCLUDED.epoch,
    last_sequence = EXCLUDED.last_sequence, home_topic = EXCLUDED.home_topic,
    home_partition = EXCLUDED.home_partition, home_moved_at = EXCLUDED.home_moved_at,
    state = EXCLUDED.state, updated_at = now()
  WHERE )",
               ahead,
               R"(
  RETURNING 1),
sources AS (
  INSERT INTO stream_sources (topic, partition, symbol, stream)
  SELECT $1::text, $2::int, r.symbol, 'price' FROM (SELECT )",
               each(19, "text", "symbol", ") r"), guard,
               R"(
  ON CONFLICT DO NOTHING)
)"});
  return out;
}

} // namespace

std::string every_stream() {
  return join({stream_columns, R"(FROM price_snapshots s
FULL JOIN (SELECT * FROM stream_positions WHERE stream = 'price') p ON p.symbol = s.symbol
)",
               stream_choice, "ORDER BY coalesce(s.symbol, p.symbol) COLLATE \"C\""});
}

std::string streams_of_partition(const std::string& topic, const std::string& partition) {
  auto is_ours = [&](std::string_view alias, std::string_view prefix) {
    return join({alias, ".", prefix, "topic = ", topic, " AND ", alias, ".", prefix,
                 "partition = ", partition});
  };
  // First those with a row of this home; then the few others that may have to do with us.
  return join({stream_columns,
               "FROM price_snapshots s\n"
               "LEFT JOIN stream_positions p ON p.symbol = s.symbol AND p.stream = 'price'",
               stream_choice,
               "WHERE ",
               is_ours("s", "home_"),
               " AND (",
               is_ours("h", ""),
               " OR h.state & 1 <> 0)\nUNION ALL",
               stream_columns,
               "FROM (\n  SELECT symbol FROM stream_positions o WHERE o.stream = 'price' AND ",
               is_ours("o", "home_"),
               "\n  UNION SELECT symbol FROM stream_sources f WHERE f.stream = 'price' AND ",
               is_ours("f", ""),
               R"() k
LEFT JOIN price_snapshots s ON s.symbol = k.symbol
LEFT JOIN stream_positions p ON p.symbol = k.symbol AND p.stream = 'price')",
               stream_choice,
               "WHERE (",
               is_ours("s", "home_"),
               ") IS NOT TRUE AND ((",
               is_ours("h", ""),
               R"()
  OR (h.state & 1 <> 0 AND EXISTS (SELECT FROM stream_sources f WHERE f.stream = 'price'
    AND f.symbol = k.symbol AND )",
               is_ours("f", ""),
               ")))"});
}

std::string streams_of_symbols() {
  return join({stream_columns, R"(FROM unnest($1::text[]) AS k(symbol)
LEFT JOIN price_snapshots s ON s.symbol = k.symbol
LEFT JOIN stream_positions p ON p.symbol = k.symbol AND p.stream = 'price')",
               stream_choice, R"(
WHERE s.symbol IS NOT NULL OR p.symbol IS NOT NULL ORDER BY k.symbol COLLATE "C")"});
}

std::string lock_unordered_snapshots() {
  return join({"SELECT symbol FROM price_snapshots WHERE symbol IN (", unordered_symbols,
               ") ORDER BY symbol COLLATE \"C\" FOR UPDATE"});
}

std::string lock_unordered_positions() {
  return join({"SELECT symbol FROM stream_positions WHERE stream = 'price' AND symbol IN (",
               unordered_symbols, ") ORDER BY symbol COLLATE \"C\" FOR UPDATE"});
}

std::string raise_unordered() {
  return join({"WITH raised AS (SELECT k.symbol, GREATEST(s.epoch + 1, p.epoch + 1, $3) AS epoch "
               "FROM (",
               unordered_symbols, R"() k
  LEFT JOIN price_snapshots s ON s.symbol = k.symbol
  LEFT JOIN stream_positions p ON p.symbol = k.symbol AND p.stream = 'price')",
               stream_choice, R"(WHERE h.state & 1 <> 0),
snapshots AS (
  UPDATE price_snapshots t SET epoch = r.epoch, last_sequence = 0, price_sequence = 0,
    updated_at = now() FROM raised r WHERE t.symbol = r.symbol)
UPDATE stream_positions t SET epoch = r.epoch, last_sequence = 0, updated_at = now()
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

std::string commit() {
  return join({R"(WITH moved AS (
  UPDATE ingest_offsets SET next_offset = $5, cluster_id = coalesce(nullif($6, ''), cluster_id),
    digest = CASE WHEN $8::bigint IS NULL THEN digest ELSE $7::bigint END,
    digest_offset = coalesce($8::bigint, digest_offset), updated_at = now()
  WHERE topic = $1 AND partition = $2 AND generation = $3 AND next_offset = $4
  RETURNING 1),)",
               writes(9, " WHERE EXISTS (SELECT FROM moved)"), R"(
SELECT (SELECT count(*) FROM moved),
       (SELECT count(*) FROM rows) + (SELECT count(*) FROM positions))"});
}

std::string write_rows() {
  return join({"WITH ", writes(3, ""),
               "SELECT (SELECT count(*) FROM rows) + (SELECT count(*) FROM positions)"});
}

} // namespace tradepulse::sql
