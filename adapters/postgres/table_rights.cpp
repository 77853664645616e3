#include "adapters/postgres/table_rights.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/postgres/bar_statements.hpp"
#include "adapters/postgres/database_session.hpp"
#include "protocol/log.hpp"

namespace tradepulse {
namespace {

struct wanted_rights {
  std::string table;
  std::string_view rights;
};

constexpr std::array all_kinds{event_kind::price, event_kind::trade, event_kind::quote,
                               event_kind::kline, event_kind::candle};
constexpr std::string_view upserted = "SELECT, INSERT, UPDATE";

std::vector<wanted_rights> for_writing(journal_kinds kept) {
  std::vector<wanted_rights> out{{"price_snapshots", upserted},
                                 {"ingest_offsets", upserted},
                                 {"stream_positions", upserted},
                                 {"stream_sources", "SELECT, INSERT"},
                                 {"candle_states", upserted},
                                 {"candles", upserted}};
  if (kept.empty())
    return out;
  out.insert(out.end(), {{"journal_streams", upserted},
                         {"journal_partitions", upserted},
                         {"journal_leaves", "INSERT"}});
  for (const auto kind : all_kinds)
    if (kept.contains(kind))
      out.push_back({std::string(journal_of(kind).name), "INSERT"});
  return out;
}

std::vector<wanted_rights> for_reading(journal_kinds kept) {
  std::vector<wanted_rights> out;
  if (!kept.empty())
    out.push_back({"journal_leaves", "SELECT"});
  for (const auto kind : all_kinds)
    if (kept.contains(kind))
      out.push_back({std::string(journal_of(kind).name), "SELECT"});
  return out;
}

struct missing_rights {
  std::string tables; // "INSERT on journal_trades, SELECT on ..."; empty: nothing is missing
  std::string grants;
  std::string role;
};

// By name, in the snapshot of the statement: to_regclass may remember that there was no such table.
missing_rights missing(pqxx::nontransaction& transaction,
                       const std::vector<wanted_rights>& wanted) {
  missing_rights out;
  if (wanted.empty())
    return out;
  std::string values;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    values += i == 0 ? "(" : ", (";
    values += std::to_string(i) + ", '" + wanted[i].table + "', '" +
              std::string(wanted[i].rights) + "')";
  }
  const auto rows = transaction.exec(
      "SELECT w.name, string_agg(r.what, ', ' ORDER BY r.place), quote_ident(current_user) "
      "FROM (VALUES " +
      values +
      ") AS w(place, name, rights) "
      "JOIN pg_class c ON c.relname = w.name AND pg_table_is_visible(c.oid) "
      "CROSS JOIN LATERAL unnest(string_to_array(w.rights, ', ')) WITH ORDINALITY r(what, place) "
      "WHERE NOT has_table_privilege(c.oid, r.what) GROUP BY w.place, w.name ORDER BY w.place");
  for (const auto& row : rows) {
    const std::string table = row[0].c_str();
    const std::string rights = row[1].c_str();
    out.role = row[2].c_str();
    out.tables += (out.tables.empty() ? "" : "; ") + rights + " on " + table;
    out.grants += (out.grants.empty() ? "" : " ") +
                  ("GRANT " + rights + " ON " + table + " TO " + out.role + ";");
  }
  return out;
}

// Which tables of another program's bars are read is written in one that has to be read first.
missing_rights missing_for_bars(pqxx::nontransaction& transaction) {
  auto out = missing(transaction, {{"adopted_names", "SELECT"}});
  if (!out.tables.empty())
    return out;
  std::vector<wanted_rights> wanted;
  for (const auto& row : transaction.exec(sql::names_of_foreign_klines()))
    wanted.push_back({row[0].c_str(), "SELECT"});
  return missing(transaction, wanted);
}

void warn(std::string_view event, const missing_rights& of, std::string_view effect) {
  if (!of.tables.empty())
    log::warning(event, {{"role", of.role},
                         {"missing", of.tables},
                         {"effect", effect},
                         {"command", of.grants}});
}

} // namespace

result<void> check_table_rights(const postgres_settings& settings, journal_kinds kept) {
  database_session session(settings, std::make_shared<watchdog>());
  missing_rights to_write;
  missing_rights to_read;
  missing_rights for_bars;
  if (const auto fault = session.attempt([&](database_session::call& db) {
        pqxx::nontransaction transaction(db.connection);
        to_write = missing(transaction, for_writing(kept));
        db.answered();
        to_read = missing(transaction, for_reading(kept));
        db.answered();
        for_bars = missing_for_bars(transaction);
      }))
    return fault->as_error();
  if (!to_write.tables.empty())
    return error{errc::configuration, "the database's role " + to_write.role + " lacks " +
                                          to_write.tables + ": let the owner of the tables run " +
                                          to_write.grants};
  warn("journal_unreadable", to_read, "what clients have missed cannot be read");
  warn("bars_unreadable", for_bars, "/bars and /api/v3/klines answer 500 for every symbol");
  return {};
}

} // namespace tradepulse
