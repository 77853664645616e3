#include "adapters/postgres/kline_writer.hpp"

#include "protocol/expects.hpp"

namespace tradepulse {

void kline_writer::make_ready(database_session::call& db, clock::time_point now) {
  const bool due = (target_.only_interval || target_.waiting) && now - asked_ >= ask_again_after;
  if (connection_ == db.number && !due)
    return;
  connection_ = 0;
  target_ = ask_kline_target(db);
  target_.numbers = numbers_;
  if (target_.waiting && !target_.only_interval)
    release(db);
  connection_ = db.number;
  asked_ = now;
}

kline_counts kline_writer::write(database_session::call& db, std::span<const kline_row> rows) {
  TRADEPULSE_EXPECTS(connection_ == db.number);
  const auto counts = write_klines(db, target_, rows);
  target_.waiting = target_.waiting || counts.waiting > 0;
  return counts;
}

// Very many that waited may take longer than a statement may; they are no reason to hold back what
// comes now. `tradepulse migrate` brings them in without a limit.
void kline_writer::release(database_session::call& db) {
  try {
    release_klines(db);
    target_.waiting = false;
  } catch (const pqxx::sql_error&) {
    if (!db.connection.is_open())
      throw;
    db.answered();
    target_.remedy = "tradepulse migrate";
  }
}

} // namespace tradepulse
