#include "adapters/postgres/source_statements.hpp"

#include "adapters/postgres/statement_text.hpp"

namespace tradepulse::sql {
namespace {

// Up to the first condition. Through the journal the bounds are constants when it is planned, and
// no other leaf is opened.
std::string rows_of(std::string_view leaf, leaf_access by) {
  if (by == leaf_access::by_name)
    return join({"journal_klines_", leaf, " WHERE "});
  const auto since = join({"(DATE '", leaf, "' - DATE '1970-01-01') * bigint '86400000'"});
  return join({"journal_klines WHERE commit_time >= ", since, " AND commit_time < ", since,
               " + 86400000 AND "});
}

template <class Each>
std::string for_each_leaf(std::span<const std::string> leaves, Each each) {
  std::string out;
  for (const auto& leaf : leaves)
    out += (out.empty() ? "(" : " UNION ALL (") + each(leaf) + ")";
  return out;
}

// Sorted within: a DISTINCT ON by itself sorts all that is in the range, however few are wanted;
// a subquery's ORDER BY goes along the index and sorts what has the same number.
std::string newest_of_each(std::string_view number, std::string_view newest_first,
                           std::string_view columns, std::string_view from,
                           std::string_view limit) {
  const auto order = join({number, ", ", newest_first});
  return join({"SELECT DISTINCT ON (", number, ") * FROM (SELECT ", columns, " FROM ", from,
               " ORDER BY ", order, ") along ORDER BY ", order, " LIMIT ", limit, "::bigint"});
}

} // namespace

std::string places_of_source() {
  return R"(WITH s AS MATERIALIZED (SELECT stream_id FROM journal_streams
  WHERE symbol = $1 AND stream = $2)
SELECT what, stream_id, epoch, leaf, number FROM (
  SELECT 1 AS what, l.stream_id, l.epoch, to_char(l.leaf, 'YYYYMMDD') AS leaf,
         l.first_seq AS number
    FROM journal_leaves l WHERE l.stream_id = (SELECT stream_id FROM s)
  UNION ALL SELECT 2, 0, p.epoch, '', p.last_sequence FROM stream_positions p
    WHERE p.symbol = $1 AND p.stream = $2
  UNION ALL SELECT 3, s.stream_id, 0, '', 0 FROM s) each
ORDER BY what, epoch, leaf)";
}

std::string source_range_of_leaves(std::span<const std::string> leaves, leaf_access by) {
  return for_each_leaf(leaves, [by](const std::string& leaf) {
    const auto end = [&](std::string_view order) {
      return join({"(SELECT source_sequence FROM ", rows_of(leaf, by),
                   "stream_id = $1::integer AND source_sequence IS NOT NULL "
                   "ORDER BY source_sequence ",
                   order, " LIMIT 1)"});
    };
    return join({"SELECT '", leaf, "', ", end("ASC"), ", ", end("DESC")});
  });
}

std::string source_first_of_leaf(std::string_view leaf, leaf_access by) {
  return join({"SELECT source_sequence FROM ", rows_of(leaf, by),
               "stream_id = $1::integer AND epoch = $2::integer AND source_sequence IS NOT NULL "
               "ORDER BY seq LIMIT 1"});
}

std::string source_klines_of_leaves(std::span<const std::string> leaves, leaf_access by) {
  return for_each_leaf(leaves, [by](const std::string& leaf) {
    return newest_of_each(
        "source_sequence", "epoch DESC, event_time DESC, seq DESC", source_columns,
        join({rows_of(leaf, by), "stream_id = $1::integer AND source_sequence > $2::bigint "
                                 "AND source_sequence <= $3::bigint"}),
        "$4");
  });
}

std::string adopted_klines() {
  return join(
      {"SELECT sequence, usable, CASE WHEN usable THEN (extract(epoch FROM time) * 1000)::bigint "
       "END, open, high, low, close, coalesce(volume, 0) FROM (",
       newest_of_each("sequence", "usable DESC, time DESC",
                      "sequence, usable, time, open, high, low, close, volume",
                      "adopted_klines WHERE symbol = $1 AND interval = $2 "
                      "AND sequence > $3::bigint AND sequence <= $4::bigint",
                      "$5"),
       ") newest"});
}

std::string adopted_around() {
  const auto one = [](std::string_view bound, std::string_view order) {
    return join({"(SELECT 1 FROM adopted_klines WHERE symbol = $1 AND interval = $2 AND sequence ",
                 bound, " ORDER BY sequence ", order, " LIMIT 1)"});
  };
  return join(
      {"SELECT EXISTS ", one("<= $3::bigint", "DESC"), ", EXISTS ", one("> $4::bigint", "ASC")});
}

std::string adopted_any() {
  return "SELECT EXISTS (SELECT FROM adopted_klines WHERE symbol = $1 AND interval = $2)";
}

} // namespace tradepulse::sql
