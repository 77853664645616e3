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

// The parameters of a statement, all as text. Absent = NULL.
class parameters {
 public:
  void add(std::string value) { values_.emplace_back(std::move(value)); }
  void add(std::int64_t value) { add(std::to_string(value)); }
  void add(std::optional<std::int64_t> value) {
    value ? add(*value) : values_.emplace_back(std::nullopt).reset();
  }
  void add(std::vector<std::string> more) {
    for (auto& value : more)
      add(std::move(value));
  }
  std::vector<const char*> pointers() const {
    std::vector<const char*> out;
    out.reserve(values_.size());
    for (const auto& value : values_)
      out.push_back(value ? value->c_str() : nullptr);
    return out;
  }

 private:
  std::vector<std::optional<std::string>> values_;
};

parameters commit_parameters(const range_commit& work) {
  parameters out;
  out.add(work.source.topic);
  out.add(std::int64_t{work.source.partition});
  out.add(work.gen.value());
  out.add(work.from.value());
  out.add(work.to.value());
  out.add(work.cluster_id);
  const auto& last = work.last_applied;
  out.add(last ? std::optional(digest_to_stored(last->digest)) : std::nullopt);
  out.add(last ? std::optional(last->offset.value()) : std::nullopt);
  out.add(commit_arrays(work.source, work.rows));
  return out;
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
    parameters values;
    values.add(source_.topic);
    values.add(std::int64_t{source_.partition});
    values.add(commit_arrays(source_, rows));
    std::optional<database_fault> out;
    transaction_.exec("SAVEPOINT attempt");
    try {
      transaction_.exec_params(sql::write_rows(),
                               pqxx::prepare::make_dynamic_params(values.pointers()));
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
    const auto values = commit_parameters(work);
    const auto answer = transaction.exec_prepared1(
        "commit_range", pqxx::prepare::make_dynamic_params(values.pointers()));
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
