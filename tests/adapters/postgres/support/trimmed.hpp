#pragma once

#include <string>
#include <vector>

#include "adapters/postgres/journal_trimmer.hpp"
#include "tests/adapters/postgres/support/journal.hpp"

// A run of retention, and what is left of the journal, as words.
namespace tradepulse::test {

inline time_ms at_time(const std::string& text) {
  return parse_time(text).value();
}

inline journal_trim trim(const postgres_settings& settings, const std::string& now, int keep_days) {
  const std::vector<journal_rule> rules{{"price", std::chrono::days{keep_days}}};
  return journal_trimmer(settings, shared_watchdog()).trim(rules, at_time(now));
}

// "; the first failure; the second"
inline std::string words_of_failures(const journal_trim& done) {
  std::string out;
  for (const auto& each : done.failures)
    out += "; " + each.detail;
  return out;
}

// "journal_prices_20240801 +journal_prices_20240802; oldest 2024-08-02": the second was given back.
inline std::string words(const journal_trim& done) {
  std::string out = done.elsewhere ? "elsewhere" : "";
  for (const auto& leaf : done.gone)
    out += (out.empty() ? "" : " ") + leaf.name;
  for (const auto& leaf : done.given_back)
    out += (out.empty() ? "+" : " +") + leaf.name;
  for (const auto& left : done.left)
    out += "; oldest " +
           (left.oldest ? to_iso8601(time_ms{*left.oldest}).substr(0, 10) : std::string("none"));
  return out + words_of_failures(done);
}

// "20240801 20240802(detached)": tables that have a leaf's name.
inline std::string leaves(test_database& db) {
  return db.value("SELECT coalesce(string_agg(right(relname, 8) || CASE WHEN i.inhrelid IS NULL "
                  "THEN '(detached)' WHEN inhdetachpending THEN '(pending)' ELSE '' END, ' ' ORDER "
                  "BY relname), '') FROM pg_class c LEFT JOIN pg_inherits i ON inhrelid = c.oid "
                  "WHERE relkind = 'r' AND relname ~ '^journal_prices_[0-9]{8}$'");
}

// "2024-08-01 2024-08-02": days that streams are told to be in.
inline std::string told(test_database& db) {
  return db.value("SELECT coalesce(string_agg(DISTINCT leaf::text, ' '), '') FROM journal_leaves");
}

} // namespace tradepulse::test
