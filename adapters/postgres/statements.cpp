#include "adapters/postgres/statements.hpp"

#include <string_view>

#include "adapters/postgres/statement_text.hpp"

namespace tradepulse::sql {
namespace {

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

} // namespace tradepulse::sql
