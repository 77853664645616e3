#pragma once

#include <memory>

#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/settings.hpp"
#include "adapters/postgres/shared_table_options.hpp"
#include "adapters/postgres/watchdog.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// The durable state in PostgreSQL, by one connection that is made when it is first needed.
// A commit is one statement and one round trip, whatever the kinds of its streams; one with events
// for the journal takes three, and two more for each further kind of event (a COPY each), one more
// with klines, and a few more where names are new (a day, a symbol, an epoch). Candles are two
// statements more at most, in the first round trip; where nothing is journalled COMMIT then takes
// one. What the server answers is sorted by SQLSTATE:
//   40, 53, 57, 58, 55P03           try_again (database_busy elsewhere)
//   22, 23                          rows_refused, after a bisection that is rolled back
//   25006, 57P.., 08, none, in doubt   the connection is destroyed: outcome_unknown
//   anything else                   try_again with database_refused: a schema or a privilege is
//                                   wrong, and no row is to blame
// Numbers travel as exact decimals, never as double. Texts with NUL are refused (bad_utf8).
// claim() also returns unordered streams that the partition feeds and whose home is another one:
// they have begun a new epoch (position {epoch, 0}).
// A snapshot's price_seq 0 says that the event shown is older than the stream's epoch: the next
// event replaces it, whatever its time.
// A row whose snapshot is absent is stored as a position only; one of another kind than price is a
// position with the newest event's time and source number, which position_only leaves out.
// Candles: the state of a source stream is one packed row (candle_states); closed ones are rows of
// the users' table `candles`. One that is refused there is reported as its stream, candle_<interval>:
// its records are good. With that stream's row marked position_only its closed candles are left out
// of the table, and nothing else is.
// Thread: one at a time. The watchdog is shared by all stores.
class range_store_postgres final : public range_store {
 public:
  // `kept`: events of other kinds are numbered and sent, and not journalled. Klines that a commit
  // has are written to market_klines in any case, and stream numbers to sequence_tracker where
  // `shared` says so.
  range_store_postgres(postgres_settings settings, std::shared_ptr<watchdog> dog,
                       journal_kinds kept = journal_kinds::all(), shared_table_options shared = {});
  ~range_store_postgres() override;

  result<claimed_partition> claim(const topic_partition& source, std::string_view owner) override;
  result<claimed_partition> reposition(const repositioning& move) override;
  commit_outcome commit(const range_commit& work) override;
  result<void> release(const topic_partition& source, generation gen) override;
  result<std::optional<partition_row>> look_at(const topic_partition& source) override;
  // The list is made as of one moment (up to 60 s for a very long one) and kept by the server:
  // `take` may be slow. What `take`
  // throws comes out of here.
  result<void>
  for_each_stream(std::size_t slice,
                  const std::function<void(std::vector<stored_stream>)>& take) override;
  result<std::vector<stored_stream>> load(std::span<const stream_key> streams) override;
  result<std::vector<stored_candle>> load_candles(const stream_key& source,
                                                  std::span<const candle_key> which) override;
  result<void> clear_stopped() override;

 private:
  class implementation;
  std::unique_ptr<implementation> impl_;
};

} // namespace tradepulse
