#include "adapters/postgres/binary_array.hpp"
#include "adapters/postgres/candle_statements.hpp"
#include "adapters/postgres/range_store_implementation.hpp"
#include "adapters/postgres/statements.hpp"
#include "adapters/postgres/stored_candles.hpp"
#include "adapters/postgres/stored_streams.hpp"
#include "protocol/expects.hpp"

// The streams that are stored, whoever has their partitions.
namespace tradepulse {

result<void>
range_store_postgres::for_each_stream(std::size_t slice,
                                      const std::function<void(std::vector<stored_stream>)>& take) {
  TRADEPULSE_EXPECTS(slice > 0);
  // WITH HOLD: sorted once, and no transaction stays open while `take` works, which
  // idle_in_transaction_session_timeout would end.
  // The sort of a very long list may take longer than a statement otherwise is allowed to.
  constexpr std::chrono::seconds longest{60};
  auto opened = impl_->answer<bool>([&](database_session::call& db) {
    pqxx::work transaction(db.connection);
    transaction.exec("SET LOCAL statement_timeout = " +
                     std::to_string(std::chrono::milliseconds(longest).count()));
    db.guard.restart(longest + std::chrono::seconds(1));
    transaction.exec("DECLARE every_stream NO SCROLL CURSOR WITH HOLD FOR " + sql::every_stream());
    transaction.commit();
    return true;
  });
  if (!opened)
    return opened.failure();
  const std::string fetch = "FETCH " + std::to_string(slice) + " FROM every_stream";
  for (bool more = true; more;) {
    result<std::vector<stored_stream>> streams{std::vector<stored_stream>{}};
    auto fetched = impl_->answer<bool>([&](database_session::call& db) {
      pqxx::nontransaction transaction(db.connection);
      const auto rows = transaction.exec(fetch);
      streams = read_streams(rows);
      if (rows.size() == slice)
        return true;
      db.answered();
      transaction.exec("CLOSE every_stream");
      return false;
    });
    if (!fetched)
      return fetched.failure();
    more = *fetched;
    if (!streams)
      return streams.failure();
    if (streams->empty())
      continue;
    try {
      take(std::move(*streams));
    } catch (...) {
      impl_->session_.drop(); // with its cursor
      throw;
    }
  }
  return {};
}

result<std::vector<stored_stream>> range_store_postgres::load(std::span<const stream_key> streams) {
  binary_array symbols(binary_array::type::text);
  binary_array kinds(binary_array::type::text);
  for (const auto& each : streams) {
    symbols.add_text(each.symbol.view());
    kinds.add_text(name_of(each.kind));
  }
  const pqxx::binarystring given_symbols(symbols.take());
  const pqxx::binarystring given_kinds(kinds.take());
  return impl_->answer<std::vector<stored_stream>>([&](database_session::call& db) {
    pqxx::nontransaction transaction(db.connection);
    return read_streams(
        transaction.exec_params(sql::streams_of_keys(), given_symbols, given_kinds));
  });
}

result<std::vector<stored_candle>>
range_store_postgres::load_candles(const stream_key& source, std::span<const candle_key> which) {
  binary_array intervals(binary_array::type::text);
  binary_array starts(binary_array::type::timestamptz);
  for (const auto& each : which) {
    intervals.add_text(name_of(each.interval));
    starts.add_time(each.start);
  }
  const pqxx::binarystring given_intervals(intervals.take());
  const pqxx::binarystring given_starts(starts.take());
  return impl_->answer<std::vector<stored_candle>>([&](database_session::call& db) {
    pqxx::nontransaction transaction(db.connection);
    return read_candles(source, transaction.exec_params(sql::candles_of_keys(), source.symbol.str(),
                                                        name_of(source.kind), given_intervals,
                                                        given_starts));
  });
}

result<void> range_store_postgres::clear_stopped() {
  auto done = impl_->answer<bool>([&](database_session::call& db) {
    pqxx::work transaction(db.connection);
    for (const char* table : {"price_snapshots", "stream_positions"}) {
      transaction.exec("UPDATE " + std::string(table) +
                       " SET state = state & ~2, updated_at = now() "
                       "WHERE state <> 0 AND state & 2 <> 0");
      db.answered();
    }
    transaction.commit();
    return true;
  });
  return done ? result<void>{} : done.failure();
}

} // namespace tradepulse
