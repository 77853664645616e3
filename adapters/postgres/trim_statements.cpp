#include "adapters/postgres/trim_statements.hpp"

#include "adapters/postgres/statement_text.hpp"

namespace tradepulse::sql {
namespace {

constexpr std::string_view mark = "'tradepulse: beyond journal.retention'";

std::string forget(std::string_view which) {
  return join({"DELETE FROM journal_leaves l USING journal_streams s WHERE "
               "s.stream_id = l.stream_id AND split_part(s.stream, '_', 1) = $1 AND l.leaf ",
               which, " to_date($2, 'YYYYMMDD')"});
}

} // namespace

std::string lock_retention() {
  return "SELECT pg_try_advisory_lock(hashtext('tradepulse journal_retention ' || "
         "current_schema()))";
}

std::string wait_for_retention() {
  return "SELECT pg_advisory_lock(hashtext('tradepulse journal_retention ' || current_schema()))";
}

std::string journal_owner() {
  return "SELECT format('%I.%I', n.nspname, c.relname), pg_has_role(c.relowner, 'USAGE'), "
         "quote_ident(current_user), quote_ident(pg_get_userbyid(c.relowner)) FROM pg_class c "
         "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)";
}

std::string leaves_of_journal() {
  return join({R"(SELECT c.relname, format('%I.%I', n.nspname, c.relname), right(c.relname, 8),
  CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'pending'
    ELSE 'attached' END, coalesce(pg_get_expr(c.relpartbound, c.oid), ''),
  coalesce(obj_description(c.oid, 'pg_class') = )",
               mark, R"(, false)
FROM pg_class p
JOIN pg_namespace n ON n.oid = p.relnamespace
JOIN pg_class c ON c.relnamespace = p.relnamespace AND c.relkind = 'r'
  AND c.relname ~ ('^' || p.relname || '_[0-9]{8}$')
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = p.oid
WHERE p.oid = to_regclass($1) AND (i.inhrelid IS NOT NULL
  OR NOT c.relispartition AND obj_description(c.oid, 'pg_class') = )",
               mark, R"()
ORDER BY coalesce(i.inhdetachpending, false) DESC, c.relname)"});
}

std::string mark_leaf(std::string_view leaf) {
  return join({"COMMENT ON TABLE ", leaf, " IS ", mark});
}

std::string unmark_leaf(std::string_view leaf) {
  return join({"COMMENT ON TABLE ", leaf, " IS NULL"});
}

std::string remember_leaf(std::string_view leaf) {
  return join({R"(WITH RECURSIVE firsts AS (
  (SELECT stream_id, epoch, seq FROM )",
               leaf, R"( ORDER BY stream_id, epoch, seq LIMIT 1)
UNION ALL
  SELECT n.* FROM firsts f CROSS JOIN LATERAL (SELECT stream_id, epoch, seq FROM )",
               leaf, R"(
    WHERE (stream_id, epoch) > (f.stream_id, f.epoch)
    ORDER BY stream_id, epoch, seq LIMIT 1) n)
INSERT INTO journal_leaves AS l (stream_id, epoch, leaf, first_seq)
  SELECT stream_id, epoch, to_date($1, 'YYYYMMDD'), seq FROM firsts
ON CONFLICT (stream_id, epoch, leaf)
  DO UPDATE SET first_seq = least(l.first_seq, excluded.first_seq))"});
}

std::string attach_leaf(std::string_view journal, std::string_view leaf, std::string_view bounds) {
  return join({"ALTER TABLE ", journal, " ATTACH PARTITION ", leaf, " ", bounds});
}

std::string forget_leaf() {
  return forget("=");
}

std::string forget_leaves_before() {
  return forget("<");
}

std::string detach_leaf(std::string_view journal, std::string_view leaf) {
  return join({"ALTER TABLE ", journal, " DETACH PARTITION ", leaf, " CONCURRENTLY"});
}

std::string finish_detach(std::string_view journal, std::string_view leaf) {
  return join({"ALTER TABLE ", journal, " DETACH PARTITION ", leaf, " FINALIZE"});
}

std::string lock_leaf(std::string_view leaf) {
  return join({"LOCK TABLE ", leaf, " IN ACCESS EXCLUSIVE MODE"});
}

std::string drop_leaf(std::string_view leaf) {
  return join({"DROP TABLE ", leaf});
}

} // namespace tradepulse::sql
