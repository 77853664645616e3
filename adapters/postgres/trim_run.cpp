#include "adapters/postgres/trim_run.hpp"

#include <algorithm>

#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/trim_statements.hpp"

namespace tradepulse {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

// FINALIZE keeps new leaves out while it waits for one snapshot after the other.
constexpr std::chrono::milliseconds finish_limit{1'500};

// A whole day lies between the end of a leaf's rule and its end: a writer that was slow, or whose
// clock is, has long been done with it.
sys_days first_kept(std::chrono::milliseconds keep, time_ms now) {
  return std::chrono::floor<days>(now - keep) - days{1};
}

error may_not(const std::string& table, const std::string& role, const std::string& owner) {
  return {errc::forbidden, "role " + role + " may not take leaves of " + table + " away, which " +
                               owner + " owns: GRANT " + owner + " TO " + role +
                               ", or connect as " + owner};
}

// What a person can do about it.
std::string remedy(const database_fault& fault, const std::string& leaf) {
  if (fault.sqlstate == "2BP01")
    return " (DROP TABLE " + leaf +
           " in psql names them: drop those, or keep the day with COMMENT ON TABLE " + leaf +
           " IS NULL)";
  return " (mend that; the next run tries it again)";
}

std::vector<leaf_table> those(const std::vector<leaf_table>& all, auto&& predicate) {
  std::vector<leaf_table> out;
  std::ranges::copy_if(all, std::back_inserter(out), predicate);
  return out;
}

} // namespace

time_ms trim_run::begin(time_ms now, bool again) {
  // postgres.options may have said otherwise.
  ask("SET lock_timeout = " + std::to_string(longest_trim_wait.count()));
  limit_statements(longest_trim_step);
  if (again && !look_only_ && !out_.elsewhere)
    ask(sql::wait_for_retention());
  else
    out_.elsewhere = !look_only_ && !ask(sql::lock_retention())[0][0].as<bool>();
  return std::min(now, server_clock());
}

time_ms trim_run::server_clock() {
  const auto row = ask("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
  return time_ms{std::chrono::milliseconds{row[0][0].as<std::int64_t>()}};
}

void trim_run::trim(const journal_rule& rule, time_ms now) {
  limit_statements(longest_trim_step); // a rule that failed may have left another limit
  const auto kept_from = first_kept(rule.keep, now);
  const std::string table(find_journal(rule.stream)->name);
  const auto owner = ask(sql::journal_owner(), table);
  if (owner.empty())
    throw trim_stopped{{errc::configuration, "there is no table " + table}};
  const std::string journal = owner[0][0].c_str();
  auto all = leaves_of(table);
  const auto due = those(all, [&](const leaf_table& one) { return one.day < kept_from; });
  // It was due by a rule that was shorter.
  const auto early = those(all, [&](const leaf_table& one) {
    return one.day >= kept_from && one.marked && one.state != leaf_state::detached;
  });
  if (look_only_) {
    for (const auto& one : due)
      out_.gone.push_back({rule.stream, one.name});
    std::erase_if(all, [&](const leaf_table& one) { return one.day < kept_from; });
  } else if (!out_.elsewhere && !(due.empty() && early.empty())) {
    if (!owner[0][1].as<bool>())
      throw trim_stopped{may_not(table, owner[0][2].c_str(), owner[0][3].c_str())};
    each(early, [&](const leaf_table& one) {
      give_back(journal, one);
      out_.given_back.push_back({rule.stream, one.name});
    });
    each(due, [&](const leaf_table& one) { take_away(rule, journal, one); });
    // Rows of leaves that somebody has dropped by hand.
    if (!due.empty())
      in_transaction([&](auto& tx) { forget(tx, sql::forget_leaves_before(), rule, kept_from); });
    all = leaves_of(table);
  }
  std::erase_if(all, [](const leaf_table& one) { return one.state != leaf_state::attached; });
  const auto oldest = std::ranges::min_element(all, {}, &leaf_table::day);
  out_.left.push_back(
      {rule.stream, oldest == all.end() ? std::nullopt : std::optional(oldest->day)});
}

std::vector<leaf_table> trim_run::leaves_of(const std::string& table) {
  std::vector<leaf_table> out;
  for (const auto& row : ask(sql::leaves_of_journal(), table)) {
    const std::string_view state = row[3].c_str();
    const auto day = day_of(row[2].c_str());
    if (!day || (state != "detached" && bounds_of(*day) != row[4].c_str()))
      continue;
    out.push_back({row[0].c_str(), row[1].c_str(), *day,
                   state == "attached"  ? leaf_state::attached
                   : state == "pending" ? leaf_state::pending
                                        : leaf_state::detached,
                   row[5].as<bool>()});
  }
  return out;
}

// A leaf that is refused stays, and the next one's turn comes: its trouble is its own, and may be
// there for ever.
void trim_run::each(const std::vector<leaf_table>& leaves, const leaf_work& work) {
  std::optional<error> why;
  std::string first;
  std::size_t refused = 0;
  for (const auto& one : leaves) {
    const auto fault = attempt(one, work);
    if (!fault)
      continue;
    if (refused++ == 0) {
      why = fault->as_error();
      why->detail += remedy(*fault, one.qualified);
      first = one.name;
    }
    if (one.state == leaf_state::pending)
      break; // while it is, the server detaches no other
  }
  if (why)
    out_.failures.push_back(
        {why->code, first + (refused > 1 ? " and " + std::to_string(refused - 1) + " more" : "") +
                        ": " + why->detail});
}

// Nothing: it is done. What stops other leaves as well is thrown on. The session stays, and with it
// the lock.
std::optional<database_fault> trim_run::attempt(const leaf_table& leaf, const leaf_work& work) {
  at_ = leaf.name;
  std::optional<database_fault> out;
  try {
    work(leaf);
  } catch (...) {
    out = fault_of(std::current_exception(), db_.connection.is_open() && !db_.guard.cut());
    if (out->kind == fault_kind::lost || out->kind == fault_kind::retry)
      throw;
  }
  at_.clear();
  return out;
}

void trim_run::take_away(const journal_rule& rule, const std::string& journal,
                         const leaf_table& from) {
  if (from.state == leaf_state::pending && !from.marked) {
    detach(journal, from); // somebody's own, to be kept: it is in the way of every other
    return;
  }
  if (from.state != leaf_state::detached) {
    in_transaction([&](auto& tx) {
      tx.exec(sql::mark_leaf(from.qualified));
      db_.answered();
      forget(tx, sql::forget_leaf(), rule, from.day);
    });
    detach(journal, from);
  }
  in_transaction([&](auto& tx) {
    tx.exec(sql::lock_leaf(from.qualified));
    db_.answered();
    forget(tx, sql::forget_leaf(), rule, from.day);
    tx.exec(sql::drop_leaf(from.qualified));
    db_.answered();
  });
  out_.gone.push_back({rule.stream, from.name});
}

// A DETACH that has begun cannot be undone, only be finished; what it leaves behind holds the
// server's word for the bounds, so that coming back reads none of its rows.
void trim_run::give_back(const std::string& journal, const leaf_table& to) {
  if (to.state == leaf_state::pending)
    detach(journal, to);
  in_transaction([&](auto& tx) {
    if (to.state == leaf_state::pending) {
      tx.exec(sql::attach_leaf(journal, to.qualified, bounds_of(to.day)));
      db_.answered();
    }
    tx.exec_params(sql::remember_leaf(to.qualified), text_of(to.day));
    db_.answered();
    tx.exec(sql::unmark_leaf(to.qualified));
    db_.answered();
  });
}

void trim_run::detach(const std::string& journal, const leaf_table& from) {
  if (from.state == leaf_state::attached) {
    ask(sql::detach_leaf(journal, from.qualified));
    return;
  }
  limit_statements(finish_limit);
  ask(sql::finish_detach(journal, from.qualified));
  limit_statements(longest_trim_step);
}

void trim_run::forget(pqxx::transaction_base& tx, const std::string& statement,
                      const journal_rule& rule, sys_days day) {
  tx.exec_params(statement, rule.stream, text_of(day));
  db_.answered();
}

void trim_run::limit_statements(std::chrono::milliseconds to) {
  ask("SET statement_timeout = " + std::to_string(to.count()));
}

pqxx::result trim_run::ask(const std::string& statement) {
  pqxx::nontransaction tx(db_.connection);
  auto out = tx.exec(statement);
  db_.answered();
  return out;
}

pqxx::result trim_run::ask(const std::string& statement, const std::string& argument) {
  pqxx::nontransaction tx(db_.connection);
  auto out = tx.exec_params(statement, argument);
  db_.answered();
  return out;
}

} // namespace tradepulse
