#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <pqxx/pqxx>

#include "adapters/postgres/candle_arrays.hpp"
#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/kline_rows.hpp"
#include "adapters/postgres/tracker_rows.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// Finds the rows that the database refuses, in one transaction that is rolled back: what goes
// through stays, so that a row is judged together with those before it. Savepoints carry each
// attempt; halving costs about 2 log2(n) statements a bad row, and begins with as many rows as a
// commit has in a statement.
class row_search {
 public:
  row_search(database_session::call& db, const topic_partition& source);

  // Throws: what libpqxx throws, where it does not blame the data.
  void look_at(std::span<const stream_row> rows);
  // A candle is found as its stream (candle_<interval>), once, whatever the number of its rows.
  void look_at(std::span<const candle_row> rows);
  // The same of klines, by their streams: a table that another program made may have rules of its
  // own. Requires: sorted by symbol and interval.
  void look_at(const kline_target& target, std::span<const kline_row> rows);

  // And of the tracker, by their streams.
  void look_at(const std::string& target, std::span<const tracker_row> rows);

  std::vector<refused_row> found;

 private:
  template <class Row, class Write>
  void in_pieces(std::span<const Row> rows, const Write& write);
  template <class Row, class Write>
  void halve(std::span<const Row> rows, const Write& write);
  template <class Attempt>
  std::optional<database_fault> attempt(Attempt&& write);
  void add(const stream_key& stream, database_fault why);

  database_session::call& db_;
  pqxx::work transaction_;
  const topic_partition& source_;
};

} // namespace tradepulse
