#include "adapters/postgres/stalled_copy.hpp"

#include "protocol/log.hpp"

namespace tradepulse {
namespace {

// The newest version of the row names the transaction that holds it. Only COPY reads from its
// client while it is active.
constexpr const char* holder_that_stands_still = R"(
SELECT pid, (extract(epoch FROM clock_timestamp() - state_change) * 1000)::bigint AS stood,
       pg_terminate_backend(pid) AS ended
  FROM pg_stat_activity
 WHERE backend_xid = (SELECT xmax FROM ingest_offsets WHERE topic = $1 AND partition = $2)
   AND state = 'active' AND wait_event = 'ClientRead'
   AND clock_timestamp() - state_change > $3 * interval '1 millisecond')";

} // namespace

bool end_stalled_copy(database_session& session, const topic_partition& source,
                      std::chrono::milliseconds limit) {
  bool ended = false;
  const auto fault = session.attempt([&](database_session::call& db) {
    pqxx::nontransaction look(db.connection);
    for (const auto& row : look.exec_params(holder_that_stands_still, source.topic,
                                            source.partition, limit.count())) {
      ended = row["ended"].as<bool>();
      log::warning("stalled_session_ended", {{"partition", source.to_string()},
                                             {"pid", row["pid"].as<std::int64_t>()},
                                             {"stood_ms", row["stood"].as<std::int64_t>()},
                                             {"reason", "a COPY that held the partition"}});
    }
  });
  if (fault && fault->kind == fault_kind::lost)
    session.drop();
  return ended;
}

} // namespace tradepulse
