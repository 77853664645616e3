#pragma once

#include <memory>

#include "adapters/postgres/settings.hpp"
#include "adapters/postgres/watchdog.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// The durable state in PostgreSQL, by one connection that is made when it is first needed.
// A commit is one statement and one round trip. What the server answers is sorted by SQLSTATE:
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
// A row whose snapshot is absent is stored as a position only.
// Thread: one at a time. The watchdog is shared by all stores.
class range_store_postgres final : public range_store {
 public:
  range_store_postgres(postgres_settings settings, std::shared_ptr<watchdog> dog);
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
  result<std::vector<stored_stream>> load(std::span<const symbol> symbols) override;
  result<void> clear_stopped() override;

 private:
  class implementation;
  std::unique_ptr<implementation> impl_;
};

} // namespace tradepulse
