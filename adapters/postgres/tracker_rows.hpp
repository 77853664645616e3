#pragma once

#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/database_session.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse {

// The engine's own rows of sequence_tracker, for programs that look a stream's newest number up
// there.
struct tracker_row {
  tradepulse::symbol symbol;
  std::string stream; // "price", "kline_1m"
  stream_position position;
};

// The table that they go to; a connection asks once, and again after 42P01.
// Throws: what libpqxx throws.
std::string ask_tracker_target(database_session::call& db);

// Within the transaction that is open; one statement, several where there are more rows than
// rows_per_statement. A row gives way to a greater (epoch, sequence) only; one without an epoch,
// which another program counted, to any, and is the engine's from then on. Answers how many were
// written. Requires: no stream twice. Throws: pqxx::sql_error, pqxx::broken_connection.
std::size_t write_tracker(database_session::call& db, const std::string& target,
                          std::span<const tracker_row> rows);

namespace sql {

// $1 to $4: arrays of symbols, streams, sequences and epochs (absent: 1). Answers the rows written.
std::string write_tracker(const std::string& target);

} // namespace sql
} // namespace tradepulse
