#include "adapters/postgres/range_commit.hpp"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "adapters/postgres/candle_arrays.hpp"
#include "adapters/postgres/candle_statements.hpp"
#include "adapters/postgres/commit_arrays.hpp"
#include "adapters/postgres/journal_commit.hpp"
#include "adapters/postgres/journal_rows.hpp"
#include "adapters/postgres/number_conflict.hpp"
#include "adapters/postgres/raw_calls.hpp"
#include "adapters/postgres/row_search.hpp"
#include "adapters/postgres/statements.hpp"
#include "adapters/postgres/stored_streams.hpp"

namespace tradepulse {
namespace {

constexpr const char* commit_name = "commit_range";
constexpr const char* states_name = "write_candle_states";
constexpr const char* candles_name = "write_candles";

// Of sql::commit().
raw::parameters commit_parameters(const range_commit& work, bool journalled) {
  const auto& last = work.last_applied;
  std::optional<std::int64_t> digest;
  std::optional<std::int64_t> digest_offset;
  if (last) {
    digest = digest_to_stored(last->digest);
    digest_offset = last->offset.value();
  }
  std::optional<std::int64_t> journal_time;
  if (journalled)
    journal_time = work.commit_time.time_since_epoch().count();
  std::optional<std::int64_t> watermark;
  if (work.watermark)
    watermark = work.watermark->time_since_epoch().count();
  raw::parameters out;
  out.text(work.source.topic)
      .integer(work.source.partition)
      .integer(work.gen.value())
      .integer(work.from.value())
      .integer(work.to.value())
      .text(work.cluster_id)
      .integer_or_null(digest)
      .integer_or_null(digest_offset)
      .integer_or_null(journal_time)
      .integer_or_null(watermark);
  for (auto& array : commit_arrays(work.source, work.rows))
    out.binary(std::move(array));
  return out;
}

// Of sql::write_candle_states() and sql::write_candles().
raw::parameters candle_parameters(const range_commit& work, std::vector<std::string> arrays) {
  raw::parameters out;
  out.text(work.source.topic)
      .integer(work.source.partition)
      .integer(work.gen.value())
      .integer(work.to.value());
  for (auto& array : arrays)
    out.binary(std::move(array));
  return out;
}

// What the transaction begins with, in one round trip: the swap first.
std::vector<raw::prepared_call> calls_of(const range_commit& work, bool journalled) {
  std::vector<raw::prepared_call> out;
  out.push_back({commit_name, commit_parameters(work, journalled)});
  if (work.candles.empty())
    return out;
  out.push_back({states_name, candle_parameters(work, candle_state_arrays(work.candles))});
  if (const auto rows = candle_rows(work); !rows.empty())
    out.push_back({candles_name, candle_parameters(work, candle_arrays(rows))});
  return out;
}

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
  const auto calls = calls_of(work, !extras.journal.empty());
  for (const auto& each : calls)
    call.connection.prepare_now(each.name);
  if (!extras.journal.empty() || !extras.shared.empty())
    return commit_in_steps(call, names, tables, work, extras, calls);
  // A statement alone is a transaction: no BEGIN and COMMIT on the wire.
  if (calls.size() == 1)
    return outcome_of(raw::execute_prepared(call.connection.raw(), commit_name, calls[0].given));
  raw::transaction transaction(call.connection.raw());
  transaction.send(calls);
  auto outcome = outcome_of(transaction.answered());
  call.answered();
  if (!std::holds_alternative<fenced>(outcome))
    transaction.commit();
  return outcome;
}

} // namespace

void prepare_commit(database_session& db) {
  db.prepare(commit_name, sql::commit());
  db.prepare(states_name, sql::write_candle_states());
  db.prepare(candles_name, sql::write_candles());
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
  fault = db.attempt([&](database_session::call& call) {
    row_search search(call, work.source);
    search.look_at(work.rows);
    search.look_at(candle_rows(work));
    if (search.found.empty())
      search.look_at(tables.klines_go_to(), shared.klines);
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
