#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/postgres/settings.hpp"
#include "adapters/postgres/watchdog.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

struct database_statistics {
  std::uint64_t snapshot_rows = 0; // exact
  std::optional<time_ms> newest_update;
  std::uint64_t database_bytes = 0;
  std::uint64_t snapshot_table_bytes = 0; // with its indexes
  std::string server_version;             // "15.5"
};

// What an operator and GET /api/stats ask of the database, by a connection of its own that is made
// when it is needed.
// Thread: one at a time. Blocks: every call, up to the statement and watchdog deadlines.
class postgres_admin {
 public:
  postgres_admin(postgres_settings settings, std::shared_ptr<watchdog> dog);
  ~postgres_admin();

  result<database_statistics> statistics();

  // Every partition that was ever claimed, sorted by topic and partition.
  result<std::vector<partition_row>> partitions();

  // Moves a partition to another place in its log: a new epoch floor, the next generation, no
  // owner, no digest and no cluster id (the operator has decided that this log is the one).
  // Errors: not_found where the partition was never claimed; forbidden, naming the owner, while
  // one holds the claim, unless `force`: it is fenced by its next commit then.
  result<partition_row> set_offset(const topic_partition& source, next_offset to, bool force);

  // Takes the mark `unordered` from a stream, or from all (absent), and forgets which partitions
  // feed them. Their partitions get the next generation, so that owners claim again and read the
  // cleared state. Returns how many streams were cleared.
  result<std::size_t> clear_unordered(std::optional<symbol> which);

 private:
  class implementation;
  std::unique_ptr<implementation> impl_;
};

} // namespace tradepulse
