#include <algorithm>
#include <iterator>

#include "adapters/postgres/range_store_implementation.hpp"
#include "adapters/postgres/stalled_copy.hpp"
#include "adapters/postgres/statements.hpp"
#include "adapters/postgres/stored_streams.hpp"

// How a partition becomes this node's, or is moved to another place in its log.
namespace tradepulse {

using range_store_details::nul_in;

namespace {

// Streams that several partitions feed begin a new epoch with each claim of one of them. Their
// rows are locked first: epochs that are read without would be those before a commit under way.
void begin_unordered_epochs(database_session::call& db, pqxx::work& transaction,
                            const topic_partition& source, epoch floor) {
  std::size_t locked = 0;
  for (const auto& statement : {sql::lock_unordered_snapshots(), sql::lock_unordered_positions()}) {
    locked += transaction.exec_params(statement, source.topic, source.partition).size();
    db.answered();
  }
  if (locked == 0)
    return;
  transaction.exec_params(sql::raise_unordered(), source.topic, source.partition, floor.value());
  db.answered();
}

// By a cursor: a partition with very many streams takes many short statements, none of which comes
// near statement_timeout or the watchdog.
result<std::vector<stored_stream>> load_streams(database_session::call& db, pqxx::work& transaction,
                                                const topic_partition& source) {
  transaction.exec(
      "DECLARE claimed NO SCROLL CURSOR FOR " +
      sql::streams_of_partition(transaction.quote(source.topic), std::to_string(source.partition)));
  db.answered();
  constexpr std::size_t slice = 10'000;
  const std::string fetch = "FETCH " + std::to_string(slice) + " FROM claimed";
  std::vector<stored_stream> out;
  for (bool more = true; more;) {
    const auto rows = transaction.exec(fetch);
    db.answered();
    auto streams = read_streams(rows);
    if (!streams)
      return streams.failure();
    std::ranges::move(*streams, std::back_inserter(out));
    more = rows.size() == slice;
  }
  transaction.exec("CLOSE claimed");
  db.answered();
  std::ranges::sort(out, {}, &stored_stream::key);
  return out;
}

claimed_partition as_claimed(partition_row row, std::optional<time_ms> watermark) {
  return {.source = std::move(row.source),
          .gen = row.gen,
          .next = row.next,
          .epoch_floor = row.epoch_floor,
          .cluster_id = std::move(row.cluster_id),
          .last_applied = row.last_applied,
          .journal_time = row.journal_time,
          .watermark = watermark,
          .streams = {}};
}

} // namespace

result<claimed_partition> range_store_postgres::claim(const topic_partition& source,
                                                      std::string_view owner) {
  if (auto bad = nul_in({{"topic", source.topic}, {"owner", owner}}))
    return *bad;
  // A replica that has become the primary may lack the last claim: its generation must not come
  // again, or what is left of that claim would be taken for the new one's.
  const auto known = impl_->granted(source);
  const auto ask = [&](database_session::call& db) -> result<claimed_partition> {
    pqxx::work transaction(db.connection);
    // Waits for an older transaction of the partition, which is over when this has the row.
    const auto row = transaction.exec_params1(
        "INSERT INTO ingest_offsets AS o (topic, partition, generation, owner) "
        "VALUES ($1, $2, $4::bigint + 1, $3) ON CONFLICT (topic, partition) DO UPDATE SET "
        "generation = greatest(o.generation, $4::bigint) + 1, owner = EXCLUDED.owner, "
        "updated_at = now() RETURNING " +
            partition_columns(),
        source.topic, source.partition, std::string(owner), known.value());
    db.answered();
    auto claimed = as_claimed(read_partition(source, row), read_watermark(row));
    begin_unordered_epochs(db, transaction, source, claimed.epoch_floor);
    auto streams = load_streams(db, transaction, source);
    if (!streams)
      return streams.failure();
    claimed.streams = std::move(*streams);
    transaction.commit();
    return claimed;
  };
  auto granted = impl_->answer<claimed_partition>(ask);
  if (!granted && granted.failure().code == errc::database_busy &&
      end_stalled_copy(impl_->session_, source, impl_->idle_limit_))
    granted = impl_->answer<claimed_partition>(ask);
  if (granted)
    impl_->remember(*granted);
  return granted;
}

result<claimed_partition> range_store_postgres::reposition(const repositioning& move) {
  const auto& source = move.source;
  if (auto bad = nul_in({{"topic", source.topic}, {"cluster id", move.cluster_id}}))
    return *bad;
  return impl_->answer<claimed_partition>(
      [&](database_session::call& db) -> result<claimed_partition> {
        pqxx::work transaction(db.connection);
        const auto held = transaction.exec_params(
            "SELECT generation FROM ingest_offsets "
            "WHERE topic = $1 AND partition = $2 AND generation = $3 FOR UPDATE",
            source.topic, source.partition, move.gen.value());
        db.answered();
        if (held.empty())
          return error{errc::database_refused, "fenced: " + source.to_string() +
                                                   " is no longer at generation " +
                                                   std::to_string(move.gen.value())};
        // The digest was of a record before the old place: it says nothing about the new one.
        const auto row = transaction.exec_params1(
            "UPDATE ingest_offsets SET next_offset = $3, cluster_id = $4, digest = NULL, "
            "digest_offset = NULL, updated_at = now(), "
            "watermark = CASE WHEN $5::boolean THEN NULL ELSE watermark END, "
            "epoch_floor = CASE WHEN $5::boolean THEN " +
                sql::raised_floor() +
                " ELSE epoch_floor END WHERE topic = $1 AND partition = $2 RETURNING " +
                partition_columns(),
            source.topic, source.partition, move.next.value(), move.cluster_id, move.new_epoch);
        db.answered();
        auto claimed = as_claimed(read_partition(source, row), read_watermark(row));
        auto streams = load_streams(db, transaction, source);
        if (!streams)
          return streams.failure();
        claimed.streams = std::move(*streams);
        transaction.commit();
        return claimed;
      });
}

} // namespace tradepulse
