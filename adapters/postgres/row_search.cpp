#include "adapters/postgres/row_search.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "adapters/postgres/candle_statements.hpp"
#include "adapters/postgres/commit_arrays.hpp"
#include "adapters/postgres/row_pieces.hpp"
#include "adapters/postgres/statements.hpp"

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

stream_key stream_of(const stream_row& row) {
  return row.stream.key();
}
stream_key stream_of(const candle_row& row) {
  return row.stream();
}
stream_key stream_of(const kline_row& row) {
  return {row.symbol, stream_kind::kline(parse_kline_interval(row.interval).value())};
}
stream_key stream_of(const tracker_row& row) {
  return {row.symbol, parse_stream_kind(row.stream).value()};
}

} // namespace

row_search::row_search(database_session::call& db, const topic_partition& source)
    : db_(db), transaction_(db.connection), source_(source) {
  // A constraint that waits for the end of the transaction would never speak here.
  transaction_.exec("SET CONSTRAINTS ALL IMMEDIATE");
  db_.answered();
}

void row_search::look_at(std::span<const stream_row> rows) {
  in_pieces(rows, [this](std::span<const stream_row> some) {
    const array_parameters arrays(commit_arrays(source_, some));
    transaction_.exec_params(sql::write_rows(), source_.topic, source_.partition, arrays.all());
  });
}

void row_search::look_at(std::span<const candle_row> rows) {
  in_pieces(rows, [this](std::span<const candle_row> some) {
    const array_parameters arrays(candle_arrays(some));
    transaction_.exec_params(sql::try_candles(), arrays.all());
  });
}

void row_search::look_at(const kline_target& target, std::span<const kline_row> rows) {
  in_pieces(rows, [&](std::span<const kline_row> some) { write_klines(db_, target, some); });
}

void row_search::look_at(const std::string& target, std::span<const tracker_row> rows) {
  in_pieces(rows, [&](std::span<const tracker_row> some) { write_tracker(db_, target, some); });
}

template <class Row, class Write>
void row_search::in_pieces(std::span<const Row> rows, const Write& write) {
  while (!rows.empty())
    halve(take_piece(rows), write);
}

template <class Row, class Write>
void row_search::halve(std::span<const Row> rows, const Write& write) {
  auto refusal = attempt([&] { write(rows); });
  if (!refusal)
    return;
  if (rows.size() == 1) {
    add(stream_of(rows.front()), std::move(*refusal));
    return;
  }
  halve(rows.first(rows.size() / 2), write);
  halve(rows.subspan(rows.size() / 2), write);
}

void row_search::add(const stream_key& stream, database_fault why) {
  if (std::ranges::find(found, stream, &refused_row::stream) == found.end())
    found.push_back({stream, std::move(why.sqlstate), std::move(why.message)});
}

template <class Attempt>
std::optional<database_fault> row_search::attempt(Attempt&& write) {
  std::optional<database_fault> out;
  transaction_.exec("SAVEPOINT attempt");
  try {
    write();
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

} // namespace tradepulse
