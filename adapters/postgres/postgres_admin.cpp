#include "adapters/postgres/postgres_admin.hpp"

#include <utility>

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/statements.hpp"
#include "adapters/postgres/stored_streams.hpp"

namespace tradepulse {

class postgres_admin::implementation {
 public:
  implementation(postgres_settings settings, std::shared_ptr<watchdog> dog)
      : session_(std::move(settings), std::move(dog)) {}

  template <class T, class Work>
  result<T> answer(Work&& work) {
    std::optional<T> out;
    if (auto fault = session_.attempt([&](database_session::call& db) { out.emplace(work(db)); })) {
      session_.drop();
      return fault->as_error();
    }
    return std::move(*out);
  }

 private:
  database_session session_;
};

postgres_admin::postgres_admin(postgres_settings settings, std::shared_ptr<watchdog> dog)
    : impl_(std::make_unique<implementation>(std::move(settings), std::move(dog))) {}

postgres_admin::~postgres_admin() = default;

result<database_statistics> postgres_admin::statistics() {
  return impl_->answer<database_statistics>([](database_session::call& db) {
    pqxx::nontransaction transaction(db.connection);
    const auto row = transaction.exec1(
        "SELECT count(*), (extract(epoch FROM max(updated_at)) * 1000)::bigint, "
        "pg_database_size(current_database()), pg_total_relation_size('price_snapshots'), "
        "current_setting('server_version') FROM price_snapshots");
    database_statistics out;
    out.snapshot_rows = row[0].as<std::uint64_t>();
    if (!row[1].is_null())
      out.newest_update = time_ms{std::chrono::milliseconds{row[1].as<std::int64_t>()}};
    out.database_bytes = row[2].as<std::uint64_t>();
    out.snapshot_table_bytes = row[3].as<std::uint64_t>();
    out.server_version = row[4].c_str();
    return out;
  });
}

result<std::vector<partition_row>> postgres_admin::partitions() {
  return impl_->answer<std::vector<partition_row>>([](database_session::call& db) {
    pqxx::nontransaction transaction(db.connection);
    const auto rows = transaction.exec("SELECT topic, partition, " + partition_columns() +
                                       " FROM ingest_offsets ORDER BY topic COLLATE \"C\", "
                                       "partition");
    std::vector<partition_row> out;
    out.reserve(rows.size());
    for (const auto& row : rows)
      out.push_back(read_partition({row[0].c_str(), row[1].as<std::int32_t>()}, row, 2));
    return out;
  });
}

result<partition_row> postgres_admin::set_offset(const topic_partition& source, next_offset to,
                                                 bool force) {
  if (holds_nul(source.topic))
    return error{errc::bad_utf8, "topic: holds a NUL character"};
  if (to < next_offset{0})
    return error{errc::out_of_range, "offset " + std::to_string(to.value()) + ": at least 0"};
  using answer = std::pair<std::optional<partition_row>, bool>; // the row, and whether it was moved
  auto done = impl_->answer<answer>([&](database_session::call& db) -> answer {
    pqxx::work transaction(db.connection);
    const auto held = transaction.exec_params("SELECT " + partition_columns() +
                                                  " FROM ingest_offsets WHERE topic = $1 AND "
                                                  "partition = $2 FOR UPDATE",
                                              source.topic, source.partition);
    db.answered();
    if (held.empty())
      return {std::nullopt, false};
    auto before = read_partition(source, held[0]);
    if (before.owner && !force)
      return {std::move(before), false};
    const auto row = transaction.exec_params1(
        "UPDATE ingest_offsets SET next_offset = $3, generation = generation + 1, owner = NULL, "
        "cluster_id = '', digest = NULL, digest_offset = NULL, watermark = NULL, "
        "updated_at = now(), epoch_floor = " +
            sql::raised_floor() + " WHERE topic = $1 AND partition = $2 RETURNING " +
            partition_columns(),
        source.topic, source.partition, to.value());
    db.answered();
    auto after = read_partition(source, row);
    transaction.commit();
    return {std::move(after), true};
  });
  if (!done)
    return done.failure();
  auto& [row, moved] = *done;
  if (!row)
    return error{errc::not_found, source.to_string() + ": no stored position; a partition gets " +
                                      "one when it is assigned for the first time"};
  if (!moved)
    return error{errc::forbidden, source.to_string() + " is held by \"" + *row->owner +
                                      "\" (generation " + std::to_string(row->gen.value()) +
                                      "): stop it, or use --force"};
  return std::move(*row);
}

result<std::size_t> postgres_admin::clear_unordered(std::optional<symbol> which) {
  return impl_->answer<std::size_t>([&](database_session::call& db) {
    const std::string name = which ? which->str() : std::string{};
    pqxx::work transaction(db.connection);
    // The partitions first, as a commit does, so that neither waits for the other in a circle.
    transaction.exec_params(R"(
      WITH fed AS (
        SELECT topic, partition FROM stream_sources WHERE $1 = '' OR symbol = $1
        UNION SELECT home_topic, home_partition FROM price_snapshots
          WHERE state & 1 <> 0 AND ($1 = '' OR symbol = $1)
        UNION SELECT home_topic, home_partition FROM stream_positions
          WHERE state & 1 <> 0 AND ($1 = '' OR symbol = $1)),
      locked AS (SELECT o.topic, o.partition FROM ingest_offsets o JOIN fed USING (topic, partition)
        ORDER BY o.topic COLLATE "C", o.partition FOR UPDATE OF o)
      UPDATE ingest_offsets o SET generation = o.generation + 1, updated_at = now()
      FROM locked l WHERE o.topic = l.topic AND o.partition = l.partition)",
                            name);
    db.answered();
    const auto cleared = transaction.exec_params1(R"(
      WITH snapshots AS (UPDATE price_snapshots SET state = state & ~1, updated_at = now()
             WHERE state & 1 <> 0 AND ($1 = '' OR symbol = $1) RETURNING symbol),
           positions AS (UPDATE stream_positions SET state = state & ~1, updated_at = now()
             WHERE state & 1 <> 0 AND ($1 = '' OR symbol = $1) RETURNING symbol),
           forgotten AS (DELETE FROM stream_sources WHERE $1 = '' OR symbol = $1)
      SELECT count(*) FROM (SELECT symbol FROM snapshots UNION SELECT symbol FROM positions) s)",
                                                  name);
    db.answered();
    const auto count = cleared[0].as<std::size_t>();
    transaction.commit();
    return count;
  });
}

} // namespace tradepulse
