#include "adapters/postgres/range_store_postgres.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "adapters/postgres/binary_array.hpp"
#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/range_commit.hpp"
#include "adapters/postgres/statements.hpp"
#include "adapters/postgres/stored_streams.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

std::optional<error> nul_in(std::initializer_list<std::pair<const char*, std::string_view>> texts) {
  for (const auto& [name, text] : texts)
    if (holds_nul(text))
      return error{errc::bad_utf8, std::string(name) + ": holds a NUL character"};
  return std::nullopt;
}

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
std::vector<stored_stream> load_streams(database_session::call& db, pqxx::work& transaction,
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
    std::ranges::move(read_streams(rows), std::back_inserter(out));
    more = rows.size() == slice;
  }
  transaction.exec("CLOSE claimed");
  db.answered();
  std::ranges::sort(out, {}, &stored_stream::symbol);
  return out;
}

claimed_partition as_claimed(partition_row row) {
  return {.source = std::move(row.source),
          .gen = row.gen,
          .next = row.next,
          .epoch_floor = row.epoch_floor,
          .cluster_id = std::move(row.cluster_id),
          .last_applied = row.last_applied,
          .streams = {}};
}

// Every statement here finds its rows by an index. A plan that was made while a table was empty
// would read all of it, and stays until the server has counted the rows anew, up to a minute later
// and 100,000 rows too late. What an operator sets stands behind these and wins.
postgres_settings by_index(postgres_settings settings) {
  settings.options =
      "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off " + settings.options;
  return settings;
}

} // namespace

class range_store_postgres::implementation {
 public:
  implementation(postgres_settings settings, std::shared_ptr<watchdog> dog)
      : session_(by_index(std::move(settings)), std::move(dog)) {
    prepare_commit(session_);
  }

  // Work that answers a value. Where the server only was busy the connection is kept.
  template <class T, class Work>
  result<T> answer(Work&& work) {
    std::optional<T> out;
    if (auto fault = session_.attempt([&](database_session::call& db) { out.emplace(work(db)); })) {
      if (fault->kind != fault_kind::retry)
        session_.drop();
      return fault->as_error();
    }
    return std::move(*out);
  }

  generation granted(const topic_partition& source) const {
    const auto found = granted_.find(source);
    return found == granted_.end() ? generation{0} : found->second;
  }
  void remember(const claimed_partition& claim) { granted_[claim.source] = claim.gen; }

  database_session session_;

 private:
  std::unordered_map<topic_partition, generation> granted_; // the last of each, also if lost
};

range_store_postgres::range_store_postgres(postgres_settings settings,
                                           std::shared_ptr<watchdog> dog)
    : impl_(std::make_unique<implementation>(std::move(settings), std::move(dog))) {}

range_store_postgres::~range_store_postgres() = default;

result<claimed_partition> range_store_postgres::claim(const topic_partition& source,
                                                      std::string_view owner) {
  if (auto bad = nul_in({{"topic", source.topic}, {"owner", owner}}))
    return *bad;
  // A replica that has become the primary may lack the last claim: its generation must not come
  // again, or what is left of that claim would be taken for the new one's.
  const auto known = impl_->granted(source);
  auto granted = impl_->answer<claimed_partition>([&](database_session::call& db) {
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
    auto claimed = as_claimed(read_partition(source, row));
    begin_unordered_epochs(db, transaction, source, claimed.epoch_floor);
    claimed.streams = load_streams(db, transaction, source);
    transaction.commit();
    return claimed;
  });
  if (granted)
    impl_->remember(*granted);
  return granted;
}

result<claimed_partition> range_store_postgres::reposition(const repositioning& move) {
  const auto& source = move.source;
  if (auto bad = nul_in({{"topic", source.topic}, {"cluster id", move.cluster_id}}))
    return *bad;
  auto moved = impl_->answer<std::optional<claimed_partition>>(
      [&](database_session::call& db) -> std::optional<claimed_partition> {
        pqxx::work transaction(db.connection);
        const auto held = transaction.exec_params(
            "SELECT generation FROM ingest_offsets "
            "WHERE topic = $1 AND partition = $2 AND generation = $3 FOR UPDATE",
            source.topic, source.partition, move.gen.value());
        db.answered();
        if (held.empty())
          return std::nullopt;
        // The digest was of a record before the old place: it says nothing about the new one.
        const auto row = transaction.exec_params1(
            "UPDATE ingest_offsets SET next_offset = $3, cluster_id = $4, digest = NULL, "
            "digest_offset = NULL, updated_at = now(), epoch_floor = CASE WHEN $5::boolean THEN " +
                sql::raised_floor() +
                " ELSE epoch_floor END WHERE topic = $1 AND partition = $2 RETURNING " +
                partition_columns(),
            source.topic, source.partition, move.next.value(), move.cluster_id, move.new_epoch);
        db.answered();
        auto claimed = as_claimed(read_partition(source, row));
        claimed.streams = load_streams(db, transaction, source);
        transaction.commit();
        return claimed;
      });
  if (!moved)
    return moved.failure();
  if (!*moved)
    return error{errc::database_refused, "fenced: " + source.to_string() +
                                             " is no longer at generation " +
                                             std::to_string(move.gen.value())};
  return std::move(**moved);
}

commit_outcome range_store_postgres::commit(const range_commit& work) {
  TRADEPULSE_EXPECTS(work.from <= work.to);
  if (auto bad = nul_in({{"topic", work.source.topic}, {"cluster id", work.cluster_id}}))
    return try_again{*bad};
  return commit_range(impl_->session_, work);
}

result<void> range_store_postgres::release(const topic_partition& source, generation gen) {
  if (auto bad = nul_in({{"topic", source.topic}}))
    return *bad;
  auto done = impl_->answer<bool>([&](database_session::call& db) {
    pqxx::nontransaction transaction(db.connection);
    transaction.exec_params("UPDATE ingest_offsets SET owner = NULL, updated_at = now() "
                            "WHERE topic = $1 AND partition = $2 AND generation = $3",
                            source.topic, source.partition, gen.value());
    return true;
  });
  return done ? result<void>{} : done.failure();
}

result<std::optional<partition_row>> range_store_postgres::look_at(const topic_partition& source) {
  if (auto bad = nul_in({{"topic", source.topic}}))
    return *bad;
  return impl_->answer<std::optional<partition_row>>([&](database_session::call& db) {
    pqxx::nontransaction transaction(db.connection);
    const auto rows =
        transaction.exec_params("SELECT " + partition_columns() +
                                    " FROM ingest_offsets WHERE topic = $1 AND partition = $2",
                                source.topic, source.partition);
    return rows.empty() ? std::nullopt : std::optional(read_partition(source, rows[0]));
  });
}

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
    std::vector<stored_stream> streams;
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
    if (streams.empty())
      continue;
    try {
      take(std::move(streams));
    } catch (...) {
      impl_->session_.drop(); // with its cursor
      throw;
    }
  }
  return {};
}

result<std::vector<stored_stream>> range_store_postgres::load(std::span<const symbol> symbols) {
  binary_array names(binary_array::type::text);
  for (const symbol& each : symbols)
    names.add_text(each.view());
  const pqxx::binarystring given(names.take());
  return impl_->answer<std::vector<stored_stream>>([&](database_session::call& db) {
    pqxx::nontransaction transaction(db.connection);
    return read_streams(transaction.exec_params(sql::streams_of_symbols(), given));
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
