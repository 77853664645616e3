#include "adapters/postgres/commit_pieces.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "adapters/postgres/candle_statements.hpp"
#include "adapters/postgres/commit_arrays.hpp"
#include "adapters/postgres/row_pieces.hpp"
#include "adapters/postgres/statements.hpp"
#include "adapters/postgres/stored_streams.hpp"

namespace tradepulse {
namespace {

constexpr const char* commit_name = "commit_range";
constexpr const char* streams_name = "write_streams";
constexpr const char* states_name = "write_candle_states";
constexpr const char* candles_name = "write_candles";

void add_arrays(raw::parameters& to, std::vector<std::string> arrays) {
  for (auto& array : arrays)
    to.binary(std::move(array));
}

// Of sql::commit().
raw::parameters commit_parameters(const range_commit& work, std::span<const stream_row> rows,
                                  bool journalled) {
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
  add_arrays(out, commit_arrays(work.source, rows));
  return out;
}

} // namespace

void commit_pieces::prepare(database_session& db) {
  db.prepare(commit_name, sql::commit());
  db.prepare(streams_name, sql::write_rows());
  db.prepare(states_name, sql::write_candle_states());
  db.prepare(candles_name, sql::write_candles());
}

commit_pieces::commit_pieces(const range_commit& work, bool journalled)
    : work_(work), candles_(candle_rows(work)) {
  std::span<const stream_row> streams(work.rows);
  std::span<const candle_update> states(work.candles);
  std::span<const candle_row> candles(candles_);
  const auto with_the_swap = take_piece(streams);
  first_.push_back({commit_name, commit_parameters(work, with_the_swap, journalled)});
  while (!streams.empty())
    others_.push_back({.streams = take_piece(streams)});
  while (!states.empty())
    others_.push_back({.states = take_piece(states)});
  while (!candles.empty())
    others_.push_back({.candles = take_piece(candles)});
  // Rows of streams look at no row of the partition, and wait for the answer of the swap.
  std::size_t fit = 0;
  for (auto rows = with_the_swap.size(); fit < others_.size() && others_[fit].streams.empty();
       ++fit) {
    rows += others_[fit].rows();
    if (rows > rows_per_statement)
      break;
    first_.push_back({others_[fit].name(), parameters_of(others_[fit])});
  }
  others_.erase(others_.begin(), others_.begin() + static_cast<std::ptrdiff_t>(fit));
}

void commit_pieces::make_ready(open_connection& connection) const {
  for (const auto& each : first_)
    connection.prepare_now(each.name);
  for (const auto& each : others_)
    connection.prepare_now(each.name());
}

std::size_t commit_pieces::write_others(database_session::call& db) const {
  std::size_t written = 0;
  for (const auto& each : others_) {
    const auto answer =
        raw::execute_prepared(db.connection.raw(), each.name(), parameters_of(each));
    db.answered();
    if (!each.streams.empty())
      written += static_cast<std::size_t>(raw::integer(answer, 0, 0));
  }
  return written;
}

const char* commit_pieces::piece::name() const noexcept {
  return !streams.empty() ? streams_name : !states.empty() ? states_name : candles_name;
}

raw::parameters commit_pieces::parameters_of(const piece& some) const {
  raw::parameters out;
  out.text(work_.source.topic).integer(work_.source.partition);
  if (!some.streams.empty()) {
    add_arrays(out, commit_arrays(work_.source, some.streams));
    return out;
  }
  out.integer(work_.gen.value()).integer(work_.to.value());
  add_arrays(out, !some.states.empty() ? candle_state_arrays(some.states)
                                       : candle_arrays(some.candles));
  return out;
}

} // namespace tradepulse
