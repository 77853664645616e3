#include "adapters/postgres/journal_commit.hpp"

#include <optional>
#include <string>
#include <vector>

#include "adapters/postgres/row_pieces.hpp"
#include "adapters/postgres/statements.hpp"

namespace tradepulse {
namespace {

class journal_commit {
 public:
  journal_commit(database_session::call& call, journal_names& names, shared_tables& tables,
                 const range_commit& work, commit_extras extras)
      : call_(call), names_(names), tables_(tables), work_(work), extras_(extras) {}

  // The swap comes first: whoever is fenced has written nothing else, and it is known before the
  // first COPY, the last of which commits in its own round trip. While the server works on it the
  // first rows are made.
  commit_outcome run(const commit_pieces& pieces, const std::vector<std::string>& leaves) {
    raw::transaction transaction(call_.connection.raw());
    transaction.send(pieces.first());
    const auto parts = extras_.journal;
    std::optional<journal_rows> rows;
    const bool known = parts.empty() || names_.knows(work_.source, parts, work_.commit_time);
    if (known && !parts.empty())
      begin(rows, parts.front());
    auto outcome = outcome_of(transaction.answered());
    call_.answered();
    if (std::holds_alternative<fenced>(outcome))
      return outcome;
    if (!known) {
      names_.learn(call_, work_.source, parts, work_.commit_time);
      begin(rows, parts.front());
    }
    auto& done = std::get<committed>(outcome);
    done.rows += pieces.write_others(call_);
    done.klines = tables_.write(call_, extras_.shared);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0)
        begin(rows, parts[i]);
      const auto copy = sql::copy_into_journal(leaves[i], parts[i].kind);
      for (bool more = true; more;) {
        more = rows->more();
        transaction.copy(copy, piece_, !more && i + 1 == parts.size());
        call_.answered();
        if (more)
          rows->write(piece_, rows_per_statement);
      }
    }
    if (parts.empty()) {
      transaction.commit();
      call_.answered();
    }
    return outcome;
  }

 private:
  void begin(std::optional<journal_rows>& rows, journal_part& part) {
    names_.locate(part);
    rows.emplace(part.runs, names_.partition_id(work_.source), work_.commit_time);
    rows->write(piece_, rows_per_statement);
  }

  database_session::call& call_;
  journal_names& names_;
  shared_tables& tables_;
  const range_commit& work_;
  commit_extras extras_;
  std::string piece_;
};

// A table is not there any more, or is a view now: another name stands for it.
bool is_moved(const std::string& sqlstate) {
  return sqlstate.starts_with("42") || sqlstate.starts_with("0A");
}

} // namespace

commit_outcome commit_in_steps(database_session::call& call, journal_names& names,
                               shared_tables& tables, const range_commit& work,
                               commit_extras extras, const commit_pieces& pieces) {
  names.of_connection(call.number);
  // Twice: a leaf that somebody has taken away is asked for again, and so is a table's name.
  for (bool again = false;; again = true) {
    std::vector<std::string> leaves;
    for (const auto& part : extras.journal)
      leaves.push_back(names.leaf(call, part.kind, work.commit_time));
    tables.make_ready(call, extras.shared, shared_tables::clock::now());
    try {
      return journal_commit(call, names, tables, work, extras).run(pieces, leaves);
    } catch (const pqxx::sql_error& refused) {
      names.unlearn();
      if (again || !is_moved(refused.sqlstate()))
        throw;
      names.forget_leaves(work.commit_time);
      tables.forget();
    } catch (...) {
      names.unlearn();
      throw;
    }
  }
}

commit_outcome outcome_of(const raw::answer& answer) {
  if (raw::integer(answer, 0, 0) != 1)
    return fenced{};
  return committed{static_cast<std::size_t>(raw::integer(answer, 0, 1))};
}

} // namespace tradepulse
