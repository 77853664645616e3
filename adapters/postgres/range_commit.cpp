#include "adapters/postgres/range_commit.hpp"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "adapters/postgres/commit_arrays.hpp"
#include "adapters/postgres/statements.hpp"
#include "adapters/postgres/stored_streams.hpp"

namespace tradepulse {
namespace {

// Passed to a statement after its other parameters: libpqxx 6 sends these in binary form.
class array_parameters {
 public:
  explicit array_parameters(const std::vector<std::string>& arrays)
      : arrays_(arrays.begin(), arrays.end()) {}

  auto all() const { return pqxx::prepare::make_dynamic_params(arrays_); }

 private:
  std::vector<pqxx::binarystring> arrays_;
};

std::optional<std::string> text_of(std::optional<std::int64_t> value) {
  return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

const char* or_null(const std::optional<std::string>& value) {
  return value ? value->c_str() : nullptr;
}

// Finds the rows that the database refuses, in one transaction that is rolled back: what goes
// through stays, so that a row is judged together with those before it. Savepoints carry each
// attempt; halving costs about 2 log2(n) statements a bad row.
class row_search {
 public:
  row_search(database_session::call& db, const topic_partition& source)
      : db_(db), transaction_(db.connection), source_(source) {
    // A constraint that waits for the end of the transaction would never speak here.
    transaction_.exec("SET CONSTRAINTS ALL IMMEDIATE");
    db_.answered();
  }

  void look_at(std::span<const stream_row> rows) {
    if (rows.empty())
      return;
    auto refusal = refused(rows);
    if (!refusal)
      return;
    if (rows.size() == 1) {
      found.push_back(
          {rows.front().stream.symbol, std::move(refusal->sqlstate), std::move(refusal->message)});
      return;
    }
    look_at(rows.first(rows.size() / 2));
    look_at(rows.subspan(rows.size() / 2));
  }

  std::vector<refused_row> found;

 private:
  std::optional<database_fault> refused(std::span<const stream_row> rows) {
    const array_parameters arrays(commit_arrays(source_, rows));
    std::optional<database_fault> out;
    transaction_.exec("SAVEPOINT attempt");
    try {
      transaction_.exec_params(sql::write_rows(), source_.topic, source_.partition, arrays.all());
    } catch (const pqxx::sql_error&) {
      out = fault_of(std::current_exception(), db_.connection.is_open());
      if (out->kind != fault_kind::poison)
        throw;
    }
    // pqxx::subtransaction leaves the transaction aborted here when its statement fails.
    transaction_.exec(out ? "ROLLBACK TO SAVEPOINT attempt" : "RELEASE SAVEPOINT attempt");
    db_.answered();
    return out;
  }

  database_session::call& db_;
  pqxx::work transaction_;
  const topic_partition& source_;
};

commit_outcome outcome_of(const database_session& db, const database_fault& fault) {
  if (fault.kind == fault_kind::lost || !db.connected())
    // `refused` drops the connection too, but that one has said clearly that nothing was done.
    return fault.kind == fault_kind::refused ? commit_outcome{try_again{fault.as_error()}}
                                             : commit_outcome{outcome_unknown{fault.as_error()}};
  return try_again{fault.as_error()};
}

} // namespace

void prepare_commit(database_session& db) {
  db.prepare("commit_range", sql::commit());
}

commit_outcome commit_range(database_session& db, const range_commit& work) {
  commit_outcome outcome = fenced{};
  auto fault = db.attempt([&](database_session::call& call) {
    // A statement alone is a transaction: no BEGIN and COMMIT on the wire.
    pqxx::nontransaction transaction(call.connection);
    const auto& last = work.last_applied;
    const auto digest =
        text_of(last ? std::optional(digest_to_stored(last->digest)) : std::nullopt);
    const auto offset = text_of(last ? std::optional(last->offset.value()) : std::nullopt);
    const array_parameters arrays(commit_arrays(work.source, work.rows));
    const auto answer =
        transaction.exec_prepared1("commit_range", work.source.topic, work.source.partition,
                                   work.gen.value(), work.from.value(), work.to.value(),
                                   work.cluster_id, or_null(digest), or_null(offset), arrays.all());
    if (answer[0].as<int>() == 1)
      outcome = committed{answer[1].as<std::size_t>()};
  });
  if (!fault)
    return outcome;
  if (fault->kind != fault_kind::poison)
    return outcome_of(db, *fault);

  const auto first = *fault;
  std::vector<refused_row> found;
  fault = db.attempt([&](database_session::call& call) {
    row_search search(call, work.source);
    search.look_at(work.rows);
    found = std::move(search.found);
  });
  // Nothing of the search can have been committed, but a lost connection means to claim again.
  if (fault)
    return outcome_of(db, *fault);
  // No row is to blame: it went away meanwhile, or a value of the partition's own row is refused.
  if (found.empty())
    return try_again{first.as_error()};
  return rows_refused{std::move(found)};
}

} // namespace tradepulse
