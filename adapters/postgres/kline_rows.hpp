#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/database_session.hpp"
#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/kline_numbers.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// The newest message of an upstream kline, as market_klines keeps it.
struct kline_row {
  tradepulse::symbol symbol;
  std::string interval; // as in the stream's name: "1m"
  time_ms start{};
  price open, high, low, close;
  std::optional<int128> volume; // units of 10^-8
  std::optional<int128> quote_volume;
  std::optional<bool> closed; // absent: the source does not say
  stream_position position;   // of the engine
  // What clients know it by (klines.missed_numbers): upstream's number where it sent one, or
  // position.seq.
  std::optional<std::int64_t> number;
  // Upstream's greatest of all messages that the row stands for: numbers may go back. Absent: as
  // `number`.
  std::optional<std::int64_t> greatest = {};
};

// In the order of the primary key, of each kline the one with the greatest position; it has the
// greatest of their upstream's numbers.
void keep_newest_of_each(std::vector<kline_row>& rows);

// Where klines go: a connection asks once, again after 42P01 (`tradepulse migrate` has moved the
// table), and now and then while klines wait.
struct kline_target {
  std::string table;
  // A table that another program made has the key (time, symbol): it lets in this interval alone.
  std::optional<std::string> only_interval = {};
  // What would drop that key, for the operator.
  std::string remedy = {};
  // Klines of other intervals are in market_klines_waiting.
  bool waiting = false;
  // What the rows' numbers are; not the database's to say.
  kline_numbers numbers = kline_numbers::engine;
};

// Requires of the database: migrated. Throws: what libpqxx throws.
kline_target ask_kline_target(database_session::call& db);

struct kline_counts {
  std::size_t written = 0; // rows that were new, or older than what was given
  std::size_t waiting =
      0; // of these, in market_klines_waiting: an alarm is due, with target.remedy
};

// Within the transaction that is open; one statement, several where there are more rows than
// rows_per_statement. A row gives way to a greater (epoch, seq) only, and one without an epoch,
// which another program wrote, to any; but by upstream's numbers, which that program had too, not
// before its own number has come: what is read again, and older, is not to undo it. An open kline
// leaves `sequence` alone. Requires: keep_newest_of_each() was called. Throws: pqxx::sql_error,
// pqxx::broken_connection.
kline_counts write_klines(database_session::call& db, const kline_target& target,
                          std::span<const kline_row> rows);

// Brings in the klines that waited, where nothing keeps them out any more; in a transaction of its
// own. Answers how many. Throws: what libpqxx throws.
std::size_t release_klines(database_session::call& db);

namespace sql {

// $1 to $14: the arrays of kline_arrays(). Answers (rows written, rows that wait).
std::string write_klines(const kline_target& target);

} // namespace sql

// symbol, interval, start (ms), open, high, low, close, volume, quote volume, closed (0 or 1),
// epoch (absent: 1), seq, number, greatest number (absent: number); in binary form.
std::vector<std::string> kline_arrays(std::span<const kline_row> rows);

} // namespace tradepulse
