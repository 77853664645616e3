#include "adapters/postgres/history_statements.hpp"

#include "adapters/postgres/journal_decoding.hpp"
#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/statement_text.hpp"

namespace tradepulse::sql {
namespace {

// Within an epoch a stream has one home, whose commit time never goes back: (epoch, leaf) is the
// order of its positions, and that of the table's key.
std::string leaves(std::string_view what, std::string_view where, std::string_view order,
                   std::string_view limit) {
  return join({"(SELECT ", what,
               ", l.stream_id, l.epoch, to_char(l.leaf, 'YYYYMMDD'), l.first_seq "
               "FROM journal_leaves l WHERE l.stream_id = (SELECT stream_id FROM s)",
               where, " ORDER BY ", order, " LIMIT ", limit, ")"});
}

constexpr std::string_view up = "l.epoch, l.leaf";
constexpr std::string_view down = "l.epoch DESC, l.leaf DESC";
constexpr std::string_view stream_of_symbol =
    "WITH s AS MATERIALIZED (SELECT stream_id FROM journal_streams "
    "WHERE symbol = $1 AND stream = $2) ";
constexpr std::string_view committed = " UNION ALL (SELECT 6, 0, epoch, '', last_sequence "
                                       "FROM price_snapshots WHERE symbol = $1 AND $2 = 'price')"
                                       " UNION ALL (SELECT 6, 0, epoch, '', last_sequence "
                                       "FROM stream_positions WHERE symbol = $1 AND stream = $2)";

} // namespace

// The bounds are constants when it is planned.
std::string rows_of_leaf(std::string_view leaf, leaf_access by, event_kind of) {
  const auto journal = journal_of(of).name;
  if (by == leaf_access::by_name)
    return join({journal, "_", leaf, " WHERE "});
  const auto since = join({"(DATE '", leaf, "' - DATE '1970-01-01') * bigint '86400000'"});
  return join(
      {journal, " WHERE commit_time >= ", since, " AND commit_time < ", since, " + 86400000 AND "});
}

std::string places_in_journal() {
  const std::string of_epoch = " AND l.epoch = $3::bigint";
  const std::string from =
      " AND (l.epoch, l.leaf) >= (SELECT b.epoch, b.leaf FROM journal_leaves b "
      "WHERE b.stream_id = (SELECT stream_id FROM s) AND b.epoch <= $3::bigint "
      "AND (b.epoch < $3::bigint OR b.first_seq <= $4::bigint) "
      "ORDER BY b.epoch DESC, b.leaf DESC LIMIT 1)";
  return join({stream_of_symbol, leaves("1", "", up, "1"), " UNION ALL ",
               leaves("2", "", down, "1"), " UNION ALL ", leaves("3", of_epoch, up, "1"),
               " UNION ALL ", leaves("4", of_epoch, down, "1"), " UNION ALL ",
               leaves("5", from, up, std::to_string(leaves_at_a_time)), committed});
}

// Not in the order of days: an epoch that is over may have been committed later than the next one
// began, where its home had another writer.
std::string places_of_time() {
  return join(
      {stream_of_symbol, leaves("1", "", up, "1"), " UNION ALL ", leaves("2", "", down, "1"),
       " UNION ALL ",
       leaves("5", " AND l.leaf >= to_date($3, 'YYYYMMDD')", up, std::to_string(leaves_of_a_time)),
       committed});
}

std::string journal_leaf_before() {
  return "SELECT stream_id, epoch, to_char(leaf, 'YYYYMMDD'), first_seq FROM journal_leaves "
         "WHERE stream_id = $1::integer "
         "AND (epoch, leaf) < ($2::bigint, to_date($3, 'YYYYMMDD')) "
         "ORDER BY epoch DESC, leaf DESC LIMIT 1";
}

std::string journal_leaves_behind() {
  return join({"SELECT stream_id, epoch, to_char(leaf, 'YYYYMMDD'), first_seq FROM journal_leaves "
               "WHERE stream_id = $1::integer "
               "AND (epoch, leaf) > ($2::bigint, to_date($3, 'YYYYMMDD')) "
               "ORDER BY epoch, leaf LIMIT ",
               std::to_string(leaves_at_a_time)});
}

std::string lowest_in_journal() {
  return "SELECT epoch, first_seq FROM journal_leaves WHERE stream_id = (SELECT stream_id "
         "FROM journal_streams WHERE symbol = $1 AND stream = $2) ORDER BY epoch, leaf LIMIT 1";
}

std::string events_of_leaf(std::string_view leaf, leaf_access by, event_kind of) {
  return join({"SELECT ", common_columns, ", ", journal_of(of).read, " FROM ",
               rows_of_leaf(leaf, by, of),
               "stream_id = $1::integer AND epoch = $2::bigint AND seq > $3::bigint "
               "AND seq <= $4::bigint ORDER BY seq LIMIT $5::bigint"});
}

std::string last_of_leaf(std::string_view leaf, leaf_access by, event_kind of) {
  return join({"SELECT seq FROM ", rows_of_leaf(leaf, by, of),
               "stream_id = $1::integer AND epoch = $2::bigint ORDER BY seq DESC LIMIT 1"});
}

std::string newest_of_leaf(std::string_view leaf, leaf_access by, event_kind of) {
  return join({"SELECT seq, commit_time FROM ", rows_of_leaf(leaf, by, of),
               "stream_id = $1::integer AND epoch = $2::bigint ORDER BY seq DESC LIMIT 1"});
}

// Where numbers are missing the first one behind stands for them.
std::string since_of_leaf(std::string_view leaf, leaf_access by, event_kind of) {
  return join({R"(WITH RECURSIVE halves (below, at) AS (
  SELECT $3::bigint, $4::bigint
UNION ALL
  SELECT CASE WHEN e.commit_time < $5::bigint THEN m.middle ELSE h.below END,
         CASE WHEN e.commit_time < $5::bigint THEN h.at ELSE m.middle END
    FROM halves h
    CROSS JOIN LATERAL (SELECT h.below + (h.at - h.below) / 2 AS middle) m
    CROSS JOIN LATERAL (SELECT commit_time FROM )",
               rows_of_leaf(leaf, by, of),
               R"(stream_id = $1::integer AND epoch = $2::bigint AND seq >= m.middle
      ORDER BY seq LIMIT 1) e
   WHERE h.at - h.below > 1)
SELECT min(at) FROM halves)"});
}

} // namespace tradepulse::sql
