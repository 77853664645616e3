#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "adapters/postgres/candle_arrays.hpp"
#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/raw_calls.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// The statements of a commit that are prepared: rows of streams, states of candles and candles, in
// the order in which each session locks them. None has more rows than rows_per_statement, and of
// most commits all go in one round trip.
class commit_pieces {
 public:
  // Tells the session these statements.
  static void prepare(database_session& db);

  // Refers to `work`. `journalled`: events of it go into the journal.
  commit_pieces(const range_commit& work, bool journalled);

  // Before the transaction: the connection knows the statements that are used. Throws: what libpqxx
  // throws.
  void make_ready(open_connection& connection) const;
  // What the transaction begins with, in one round trip: the swap, whose answer is that of
  // sql::commit(), and what fits behind it.
  std::span<const raw::prepared_call> first() const noexcept { return first_; }
  // There is nothing else.
  bool is_one_statement() const noexcept { return first_.size() == 1 && others_.empty(); }
  // The other ones, each a round trip, within the transaction. Answers how many rows of streams
  // they wrote. Requires: first() has moved the partition. Throws: pqxx::sql_error,
  // pqxx::broken_connection.
  std::size_t write_others(database_session::call& db) const;

 private:
  // Some of the rows of one of the three.
  struct piece {
    std::span<const stream_row> streams = {};
    std::span<const candle_update> states = {};
    std::span<const candle_row> candles = {};

    std::size_t rows() const noexcept { return streams.size() + states.size() + candles.size(); }
    const char* name() const noexcept;
  };
  raw::parameters parameters_of(const piece& some) const;

  const range_commit& work_;
  std::vector<candle_row> candles_;
  std::vector<raw::prepared_call> first_;
  std::vector<piece> others_;
};

} // namespace tradepulse
