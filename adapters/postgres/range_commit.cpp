#include "adapters/postgres/range_commit.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapters/postgres/candle_arrays.hpp"
#include "adapters/postgres/commit_pieces.hpp"
#include "adapters/postgres/journal_commit.hpp"
#include "adapters/postgres/journal_rows.hpp"
#include "adapters/postgres/number_conflict.hpp"
#include "adapters/postgres/raw_calls.hpp"
#include "adapters/postgres/row_search.hpp"

namespace tradepulse {
namespace {

std::optional<error> unfit(const std::vector<journal_part>& parts) {
  for (const auto& part : parts)
    for (const auto& [id, run] : part.runs)
      if (run->epoch > last_journal_epoch)
        return error{errc::out_of_range, label_of(run->key()) + ": epoch " +
                                             std::to_string(run->epoch.value()) +
                                             ", the journal holds at most " +
                                             std::to_string(last_journal_epoch.value())};
  return std::nullopt;
}

commit_outcome commit_once(database_session::call& call, journal_names& names,
                           shared_tables& tables, const range_commit& work,
                           const commit_extras& extras) {
  const commit_pieces pieces(work, !extras.journal.empty());
  pieces.make_ready(call.connection);
  if (!extras.journal.empty() || !extras.shared.empty())
    return commit_in_steps(call, names, tables, work, extras, pieces);
  // A statement alone is a transaction: no BEGIN and COMMIT on the wire.
  if (pieces.is_one_statement()) {
    const auto& [name, given] = pieces.first().front();
    return outcome_of(raw::execute_prepared(call.connection.raw(), name, given));
  }
  raw::transaction transaction(call.connection.raw());
  transaction.send(pieces.first());
  auto outcome = outcome_of(transaction.answered());
  call.answered();
  if (auto* done = std::get_if<committed>(&outcome)) {
    done->rows += pieces.write_others(call);
    transaction.commit();
  }
  return outcome;
}

} // namespace

void prepare_commit(database_session& db) {
  commit_pieces::prepare(db);
}

commit_outcome commit_range(database_session& db, journal_names& names, shared_tables& tables,
                            journal_kinds kept, const range_commit& work) {
  auto parts = journal_parts(work.events, kept);
  if (auto bad = unfit(parts))
    return try_again{std::move(*bad)};
  const auto shared = tables.share_of(work);
  commit_outcome outcome = fenced{};
  number_conflict twice(work);
  auto fault = db.attempt([&](database_session::call& call) {
    try {
      outcome = commit_once(call, names, tables, work, {parts, shared});
    } catch (const pqxx::sql_error& refused) {
      twice.look_at(refused);
      throw;
    }
  });
  if (!fault)
    return outcome;
  if (fault->kind != fault_kind::poison)
    return outcome_of(db, *fault);
  if (twice.found())
    return twice.what_it_means(db, *fault);

  const auto first = *fault;
  std::vector<refused_row> found;
  std::vector<refused_row> untracked;
  fault = db.attempt([&](database_session::call& call) {
    row_search search(call, work.source);
    search.look_at(work.rows);
    search.look_at(candle_rows(work));
    if (search.found.empty())
      search.look_at(tables.klines_go_to(), shared.klines);
    found = std::move(search.found);
    search.found.clear();
    if (found.empty())
      search.look_at(tables.tracker_goes_to(), shared.tracker);
    untracked = std::move(search.found);
  });
  // Nothing of the search can have been committed, but a lost connection means to claim again.
  if (fault)
    return outcome_of(db, *fault);
  // The tracker tells of events and keeps none: they are stored without it.
  if (!untracked.empty()) {
    tables.leave_out(untracked);
    return commit_range(db, names, tables, kept, work);
  }
  // No row is to blame: it went away meanwhile, or a value of the partition's own row is refused.
  if (found.empty())
    return try_again{first.as_error()};
  return rows_refused{std::move(found)};
}

} // namespace tradepulse
