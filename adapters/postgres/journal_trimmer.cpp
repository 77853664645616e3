#include "adapters/postgres/journal_trimmer.hpp"

#include <algorithm>
#include <utility>

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/trim_statements.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

// What others may wait for us: a step that does not get its lock by then is left to the next run.
constexpr std::chrono::milliseconds longest_wait{500};
// FINALIZE keeps new leaves out while it waits for one snapshot after the other.
constexpr std::chrono::milliseconds finish_limit{1'500};
// DROP TABLE gives back gigabytes, a DELETE goes through all of journal_leaves; DETACH waits for
// each transaction that uses the journal, and holds nobody up meanwhile.
constexpr std::chrono::milliseconds longest_step{60'000};

enum class leaf_state : std::uint8_t { attached, pending, detached };

struct leaf_table {
  std::string name;
  std::string qualified;
  std::string day_text; // "20240801"
  sys_days day;
  leaf_state state;
};

// The text has eight digits. Nothing: no day has this name.
std::optional<sys_days> day_of(const std::string& text) {
  const auto value = static_cast<unsigned>(std::stoul(text));
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(value) / 10'000},
                                         std::chrono::month(value / 100 % 100),
                                         std::chrono::day(value % 100)};
  return date.ok() ? std::optional(sys_days{date}) : std::nullopt;
}

std::string text_of(sys_days day) {
  auto out = to_iso8601(time_ms{day}).substr(0, 10);
  std::erase(out, '-');
  return out;
}

std::string bounds_of(sys_days day) {
  const auto from = time_ms{day}.time_since_epoch();
  return "FOR VALUES FROM ('" + std::to_string(from.count()) + "') TO ('" +
         std::to_string((from + std::chrono::milliseconds{days{1}}).count()) + "')";
}

// A whole day lies between the end of a leaf's rule and its end: a writer that was slow, or whose
// clock is, has long been done with it.
sys_days first_kept(std::chrono::milliseconds keep, time_ms now) {
  return std::chrono::floor<days>(now - keep) - days{1};
}

struct run_failed {
  error why;
};

// What a person can do about it.
std::string remedy(const database_fault& fault, const std::string& leaf) {
  if (fault.sqlstate == "2BP01")
    return " (DROP TABLE " + leaf +
           " in psql names them: drop those, or keep the day with COMMENT ON TABLE " + leaf +
           " IS NULL)";
  return fault.kind == fault_kind::retry ? "" : " (mend that; the next run tries it again)";
}

class trim_run {
 public:
  // `at`: the leaf that is being taken away, for whoever reports how it ended.
  trim_run(database_session::call& db, bool look_only, journal_trim& out, std::string& at)
      : db_(db), look_only_(look_only), out_(out), at_(at) {}

  // Sets the session up. `again`: the one before was ours, and may hold the lock until the server
  // has seen its end. Returns the time as of which leaves are looked at.
  time_ms begin(time_ms now, bool again) {
    // postgres.options may have said otherwise.
    ask("SET lock_timeout = " + std::to_string(longest_wait.count()));
    limit_statements(longest_step);
    if (again && !look_only_ && !out_.elsewhere)
      ask(sql::wait_for_retention());
    else
      out_.elsewhere = !look_only_ && !ask(sql::lock_retention())[0][0].as<bool>();
    return std::min(now, server_clock());
  }

  void trim(const journal_rule& rule, time_ms now) {
    limit_statements(longest_step); // a rule that failed may have left another limit
    trim(rule, first_kept(rule.keep, now));
  }

 private:
  time_ms server_clock() {
    const auto row = ask("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    return time_ms{std::chrono::milliseconds{row[0][0].as<std::int64_t>()}};
  }

  void trim(const journal_rule& rule, sys_days kept_from) {
    const std::string table(find_journal(rule.stream)->name);
    const auto owner = ask(sql::journal_owner(), table);
    if (owner.empty())
      throw run_failed{{errc::configuration, "there is no table " + table}};
    const std::string journal = owner[0][0].c_str();
    auto all = leaves_of(table);
    std::vector<leaf_table> due;
    std::ranges::copy_if(all, std::back_inserter(due),
                         [&](const leaf_table& one) { return one.day < kept_from; });
    if (look_only_) {
      for (const auto& one : due)
        out_.gone.push_back({rule.stream, one.name});
    } else if (!out_.elsewhere && !due.empty()) {
      if (!owner[0][1].as<bool>())
        throw run_failed{may_not(table, owner[0][2].c_str(), owner[0][3].c_str())};
      take_all_away(rule, journal, due);
      // Rows of leaves that somebody has dropped by hand.
      in_transaction([&](auto& tx) { forget(tx, sql::forget_leaves_before(), rule, kept_from); });
      all = leaves_of(table);
    }
    if (look_only_)
      std::erase_if(all, [&](const leaf_table& one) { return one.day < kept_from; });
    std::erase_if(all, [](const leaf_table& one) { return one.state != leaf_state::attached; });
    const auto oldest = std::ranges::min_element(all, {}, &leaf_table::day);
    out_.left.push_back(
        {rule.stream, oldest == all.end() ? std::nullopt : std::optional(oldest->day)});
  }

  static error may_not(const std::string& table, const std::string& role,
                       const std::string& owner) {
    return {errc::forbidden, "role " + role + " may not take leaves of " + table + " away, which " +
                                 owner + " owns: GRANT " + owner + " TO " + role +
                                 ", or connect as " + owner};
  }

  std::vector<leaf_table> leaves_of(const std::string& table) {
    std::vector<leaf_table> out;
    for (const auto& row : ask(sql::leaves_of_journal(), table)) {
      const std::string_view state = row[3].c_str();
      const auto day = day_of(row[2].c_str());
      if (!day || (state != "detached" && bounds_of(*day) != row[4].c_str()))
        continue;
      out.push_back({row[0].c_str(), row[1].c_str(), row[2].c_str(), *day,
                     state == "attached"  ? leaf_state::attached
                     : state == "pending" ? leaf_state::pending
                                          : leaf_state::detached});
    }
    return out;
  }

  // A leaf that is refused stays, and the next one's turn comes: its trouble is its own, and may be
  // there for ever.
  void take_all_away(const journal_rule& rule, const std::string& journal,
                     const std::vector<leaf_table>& due) {
    std::optional<error> why;
    std::string first;
    std::size_t refused = 0;
    for (const auto& one : due) {
      auto fault = attempt([&] { take_away(rule, journal, one); }, one);
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

  // Nothing: it is done. What stops other leaves as well is thrown on. The session stays, and with
  // it the lock.
  template <class Work>
  std::optional<database_fault> attempt(Work&& work, const leaf_table& at) {
    at_ = at.name;
    std::optional<database_fault> out;
    try {
      work();
    } catch (...) {
      out = fault_of(std::current_exception(), db_.connection.is_open() && !db_.guard.cut());
      if (out->kind == fault_kind::lost || out->kind == fault_kind::retry)
        throw;
    }
    at_.clear();
    return out;
  }

  void take_away(const journal_rule& rule, const std::string& journal, const leaf_table& from) {
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

  void detach(const std::string& journal, const leaf_table& from) {
    if (from.state == leaf_state::attached) {
      ask(sql::detach_leaf(journal, from.qualified));
      return;
    }
    limit_statements(finish_limit);
    ask(sql::finish_detach(journal, from.qualified));
    limit_statements(longest_step);
  }

  void forget(pqxx::transaction_base& tx, const std::string& statement, const journal_rule& rule,
              sys_days day) {
    tx.exec_params(statement, rule.stream, text_of(day));
    db_.answered();
  }

  template <class Work>
  void in_transaction(Work&& work) {
    pqxx::work tx(db_.connection);
    work(tx);
    tx.commit();
    db_.answered();
  }

  void limit_statements(std::chrono::milliseconds to) {
    ask("SET statement_timeout = " + std::to_string(to.count()));
  }

  // Outside a transaction, as DETACH CONCURRENTLY has to be.
  pqxx::result ask(const std::string& statement) {
    pqxx::nontransaction tx(db_.connection);
    auto out = tx.exec(statement);
    db_.answered();
    return out;
  }
  pqxx::result ask(const std::string& statement, const std::string& argument) {
    pqxx::nontransaction tx(db_.connection);
    auto out = tx.exec_params(statement, argument);
    db_.answered();
    return out;
  }

  database_session::call& db_;
  bool look_only_;
  journal_trim& out_;
  std::string& at_;
};

} // namespace

journal_trimmer::journal_trimmer(postgres_settings settings, std::shared_ptr<watchdog> dog)
    : settings_(std::move(settings)), dog_(std::move(dog)) {
  settings_.lock_timeout = longest_wait;
  settings_.watchdog_timeout += longest_step;
  settings_.statement_timeout = longest_step;
}

journal_trim journal_trimmer::trim(std::span<const journal_rule> rules, time_ms now) {
  return run(rules, now, false);
}

journal_trim journal_trimmer::look(std::span<const journal_rule> rules, time_ms now) {
  return run(rules, now, true);
}

journal_trim journal_trimmer::run(std::span<const journal_rule> rules, time_ms now,
                                  bool look_only) {
  for (const auto& rule : rules)
    TRADEPULSE_EXPECTS(find_journal(rule.stream) && rule.keep >= days{1} &&
                       rule.keep <= days{10'000});
  journal_trim out;
  database_session session(settings_, dog_);
  auto as_of = now;
  bool begun = false; // by the session that is open
  std::size_t sessions = 0;
  std::size_t lost = 0;
  for (const auto& rule : rules) {
    std::string at;
    const auto fault = session.attempt([&](database_session::call& db) {
      trim_run run(db, look_only, out, at);
      try {
        if (!begun)
          as_of = run.begin(now, sessions++ > 0);
        begun = true;
        run.trim(rule, as_of);
      } catch (const run_failed& stopped) {
        out.failures.push_back(stopped.why);
      }
    });
    if (!fault)
      continue;
    auto why = fault->as_error();
    out.failures.push_back({why.code, at.empty() ? why.detail : at + ": " + why.detail});
    if (fault->kind == fault_kind::lost)
      ++lost;
    if (!begun || lost > 1) // each rule would wait for as long
      break;
    begun = session.connected();
  }
  return out;
}

} // namespace tradepulse
