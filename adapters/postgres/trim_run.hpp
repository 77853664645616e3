#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/journal_trimmer.hpp"
#include "adapters/postgres/leaf_tables.hpp"

namespace tradepulse {

// What others may wait for us: a step that does not get its lock by then is left to the next run.
constexpr std::chrono::milliseconds longest_trim_wait{500};
// DROP TABLE gives back gigabytes, a DELETE goes through all of journal_leaves; DETACH waits for
// each transaction that uses the journal, and holds nobody up meanwhile.
constexpr std::chrono::milliseconds longest_trim_step{60'000};

// What stopped a rule, beside what the database says.
struct trim_stopped {
  error why;
};

// What journal_trimmer does by one connection. Private to it.
// Throws: what libpqxx throws, trim_stopped.
class trim_run {
 public:
  // `at`: the leaf that work is under way on, for whoever reports how it ended.
  trim_run(database_session::call& db, bool look_only, journal_trim& out, std::string& at)
      : db_(db), look_only_(look_only), out_(out), at_(at) {}

  // Sets the session up. `again`: the one before was ours, and may hold the lock until the server
  // has seen its end. Returns the time as of which leaves are looked at.
  time_ms begin(time_ms now, bool again);
  void trim(const journal_rule& rule, time_ms now);

 private:
  using leaf_work = std::function<void(const leaf_table&)>;

  time_ms server_clock();
  std::vector<leaf_table> leaves_of(const std::string& table);

  void each(const std::vector<leaf_table>& leaves, const leaf_work& work);
  std::optional<database_fault> attempt(const leaf_table& leaf, const leaf_work& work);

  void take_away(const journal_rule& rule, const std::string& journal, const leaf_table& from);
  void give_back(const std::string& journal, const leaf_table& to);
  void detach(const std::string& journal, const leaf_table& from);
  void forget(pqxx::transaction_base& tx, const std::string& statement, const journal_rule& rule,
              std::chrono::sys_days day);

  template <class Work>
  void in_transaction(Work&& work) {
    pqxx::work tx(db_.connection);
    work(tx);
    tx.commit();
    db_.answered();
  }
  void limit_statements(std::chrono::milliseconds to);
  // Outside a transaction, as DETACH CONCURRENTLY has to be.
  pqxx::result ask(const std::string& statement);
  pqxx::result ask(const std::string& statement, const std::string& argument);

  database_session::call& db_;
  bool look_only_;
  journal_trim& out_;
  std::string& at_;
};

} // namespace tradepulse
