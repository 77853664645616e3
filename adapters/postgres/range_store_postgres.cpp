#include "adapters/postgres/range_store_postgres.hpp"

#include "adapters/postgres/range_store_implementation.hpp"
#include "adapters/postgres/stored_streams.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {

using range_store_details::nul_in;

range_store_postgres::range_store_postgres(postgres_settings settings,
                                           std::shared_ptr<watchdog> dog, journal_kinds kept,
                                           shared_table_options shared)
    : impl_(std::make_unique<implementation>(std::move(settings), std::move(dog), kept, shared)) {}

range_store_postgres::~range_store_postgres() = default;

commit_outcome range_store_postgres::commit(const range_commit& work) {
  TRADEPULSE_EXPECTS(work.from <= work.to);
  if (auto bad = nul_in({{"topic", work.source.topic}, {"cluster id", work.cluster_id}}))
    return try_again{*bad};
  TRADEPULSE_EXPECTS(work.events.empty() || work.commit_time > time_ms{});
  return commit_range(impl_->session_, impl_->names_, impl_->shared_tables_, impl_->kept_, work);
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

} // namespace tradepulse
