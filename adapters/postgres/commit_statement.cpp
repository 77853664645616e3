#include <algorithm>
#include <array>

#include "adapters/postgres/statement_text.hpp"
#include "adapters/postgres/statements.hpp"

// How rows are written. Most rows of a commit are of symbols that are stored and replace all that
// is stored of them. An UPDATE takes these: it spares what INSERT ... ON CONFLICT does before it
// finds the conflict (a new id, a lock of the row that is logged) and a choice for each column.
// What it did not take goes through the INSERT: new symbols, and rows that are newer in part only,
// because another partition feeds the stream too.
namespace tradepulse::sql {
namespace {

// Those of price_snapshots but the symbol, in two groups: of the event shown, of the position.
constexpr std::array<std::string_view, 5> event_columns{"price", "volume", "timestamp",
                                                        "price_sequence", "source_sequence"};
constexpr std::array<std::string_view, 6> position_columns{
    "epoch", "last_sequence", "home_topic", "home_partition", "home_moved_at", "state"};

// Within an epoch the newer event, ties: the later one. The first event of an epoch replaces what
// is there whatever its time; price_sequence 0 stands for "none of this epoch".
std::string fresh(std::string_view given) {
  return join({"(", given, ".epoch > t.epoch OR (", given, ".epoch = t.epoch AND ", given,
               ".price_sequence > 0 AND (t.price_sequence = 0 OR (", given, ".timestamp, ", given,
               ".price_sequence) >= (t.timestamp, t.price_sequence))))"});
}

std::string ahead(std::string_view given) {
  return join({"(", given, ".epoch, ", given, ".last_sequence) >= (t.epoch, t.last_sequence)"});
}

// The arrays from parameter `first` on as rows. Sets in a select list run in step, and end with the
// longest; in FROM each of them would be written to a store of its own first. Then the values that
// are usual and therefore absent.
class array_rows {
 public:
  explicit array_rows(int first) : next_(first) {}

  array_rows& column(std::string_view name, std::string_view type, std::string_view usual = "") {
    sets_ += join({sets_.empty() ? "" : ", ", "unnest($", std::to_string(next_++), "::", type,
                   "[]) AS ", name});
    values_ += join({values_.empty() ? "" : ", ", usual.empty() ? "" : "coalesce(", "a.", name});
    if (!usual.empty())
      values_ += join({", ", usual, ") AS ", name});
    return *this;
  }
  array_rows& position() {
    return column("home_topic", "text", "$1::text")
        .column("home_partition", "int", "$2::int")
        .column("home_moved_at", "bigint")
        .column("state", "smallint", "0::smallint");
  }
  // As an item of FROM, named r.
  std::string from() const {
    return join({"(SELECT ", values_, "\n    FROM (SELECT ", sets_, ") a) r"});
  }

 private:
  int next_;
  std::string sets_;
  std::string values_;
};

// `if_moved`: what must hold besides, or nothing.
std::string write_known(std::string_view rows, std::string_view if_moved) {
  std::string out = "known AS (\n  UPDATE price_snapshots t SET ";
  auto take = [&out](std::string_view column) { out += join({column, " = r.", column, ", "}); };
  std::ranges::for_each(event_columns, take);
  std::ranges::for_each(position_columns, take);
  return out + join({"updated_at = now()\n  FROM ", rows, "\n  WHERE t.symbol = r.symbol AND ",
                     ahead("r"), " AND ", fresh("r"), if_moved, "\n  RETURNING t.symbol),\n"});
}

// NOT IN is a hash, however wrong the number of rows is that the plan was made for.
std::string write_others(std::string_view rows, std::string_view symbols,
                         std::string_view if_moved) {
  std::string out = join({R"(rows AS (
  INSERT INTO price_snapshots AS t (symbol, price, volume, timestamp, epoch, last_sequence,
    price_sequence, source_sequence, home_topic, home_partition, home_moved_at, state)
  SELECT r.symbol, r.price, r.volume, r.timestamp, r.epoch, r.last_sequence, r.price_sequence,
    r.source_sequence, r.home_topic, r.home_partition, r.home_moved_at, r.state
  FROM )",
                          rows, "\n  WHERE (SELECT count(*) FROM known) < cardinality(", symbols,
                          ")\n    AND r.symbol NOT IN (SELECT symbol FROM known)", if_moved,
                          "\n  ON CONFLICT (symbol) DO UPDATE SET "});
  auto choose = [&out](std::string_view condition, std::string_view column) {
    out += join({column, " = CASE WHEN ", condition, " THEN EXCLUDED.", column, " ELSE t.", column,
                 " END, "});
  };
  for (const auto column : event_columns)
    choose(fresh("EXCLUDED"), column);
  for (const auto column : position_columns)
    choose(ahead("EXCLUDED"), column);
  return out + join({"updated_at = now()\n  WHERE ", ahead("EXCLUDED"), " OR ", fresh("EXCLUDED"),
                     "\n  RETURNING 1),\n"});
}

// `first` is the number of the first array's parameter.
std::string writes(int first, std::string_view if_moved) {
  const std::string shown = array_rows(first)
                                .column("symbol", "text")
                                .column("price", "numeric")
                                .column("volume", "numeric")
                                .column("timestamp", "bigint")
                                .column("epoch", "bigint", "1")
                                .column("last_sequence", "bigint")
                                .column("price_sequence", "bigint", "a.last_sequence")
                                .column("source_sequence", "bigint")
                                .position()
                                .from();
  const std::string positions = array_rows(first + 12)
                                    .column("symbol", "text")
                                    .column("epoch", "bigint", "1")
                                    .column("last_sequence", "bigint")
                                    .position()
                                    .column("stream", "text", "'price'")
                                    .column("newest_time", "bigint")
                                    .column("newest_source", "bigint")
                                    .from();
  const std::string sources =
      array_rows(first + 22).column("symbol", "text").column("stream", "text", "'price'").from();
  const std::string symbols = "$" + std::to_string(first) + "::text[]";
  return write_known(shown, if_moved) + write_others(shown, symbols, if_moved) +
         join({R"(positions AS (
  INSERT INTO stream_positions AS t (symbol, stream, epoch, last_sequence, home_topic,
    home_partition, home_moved_at, state, newest_time, newest_source)
  SELECT r.symbol, r.stream, r.epoch, r.last_sequence, r.home_topic, r.home_partition,
    r.home_moved_at, r.state, r.newest_time, r.newest_source
  FROM )",
               positions, "\n  WHERE true", if_moved, R"(
  ON CONFLICT (symbol, stream) DO UPDATE SET epoch = EXCLUDED.epoch,
    last_sequence = EXCLUDED.last_sequence, home_topic = EXCLUDED.home_topic,
    home_partition = EXCLUDED.home_partition, home_moved_at = EXCLUDED.home_moved_at,
    state = EXCLUDED.state, newest_time = EXCLUDED.newest_time,
    newest_source = EXCLUDED.newest_source, updated_at = now()
  WHERE )",
               ahead("EXCLUDED"), R"(
  RETURNING 1),
sources AS (
  INSERT INTO stream_sources (topic, partition, symbol, stream)
  SELECT $1::text, $2::int, r.symbol, r.stream FROM )",
               sources, "\n  WHERE true", if_moved, R"(
  ON CONFLICT DO NOTHING)
)"});
}

constexpr std::string_view rows_written =
    "(SELECT count(*) FROM known) + (SELECT count(*) FROM rows) + (SELECT count(*) FROM positions)";

} // namespace

std::string commit() {
  return join({R"(WITH moved AS (
  UPDATE ingest_offsets SET next_offset = $5, cluster_id = coalesce(nullif($6, ''), cluster_id),
    digest = CASE WHEN $8::bigint IS NULL THEN digest ELSE $7::bigint END,
    digest_offset = coalesce($8::bigint, digest_offset),
    journal_time = coalesce($9::bigint, journal_time),
    watermark = coalesce($10::bigint, watermark), updated_at = now()
  WHERE topic = $1 AND partition = $2 AND generation = $3 AND next_offset = $4
  RETURNING 1),
)",
               writes(11, " AND EXISTS (SELECT FROM moved)"),
               "SELECT (SELECT count(*) FROM moved), ", rows_written});
}

std::string write_rows() {
  return join({"WITH ", writes(3, ""), "SELECT ", rows_written});
}

} // namespace tradepulse::sql
