#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/journal_rows.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// What a connection knows of the journal's names: the leaf of a kind and a day, the id of a stream
// and of a partition, and which epochs have entered which leaf. All of it is of one connection: the
// next one may reach another server, which lacks what was committed last.
class journal_names {
 public:
  using day = std::chrono::sys_days;

  // Begins anew where the connection is another one than before.
  void of_connection(std::uint64_t number);

  // The leaf that takes events of this kind and time; made, in a transaction of its own, where it
  // is missing. In the last hour of a day the next day's is made as well, so that midnight is no
  // commit's business; where that is refused it is tried again a minute later.
  const std::string& leaf(database_session::call& db, event_kind of, time_ms commit_time);
  // One of that day is gone: they will be asked for again.
  void forget_leaves(time_ms commit_time);

  // Whether locate() has to ask the database for something.
  bool knows(const topic_partition& source, std::span<const journal_part> parts,
             time_ms commit_time) const;
  // Writes what is missing, within a transaction; what was learned is good once it has committed.
  void learn(database_session::call& db, const topic_partition& source,
             std::span<const journal_part> parts, time_ms commit_time);
  // The transaction was rolled back: ids that it made are nobody's.
  void unlearn() noexcept;

  // Gives each run the id of its stream, and puts them into the order of the leaf's index.
  // Requires: knows().
  void locate(journal_part& part) const;
  std::int32_t partition_id(const topic_partition& source) const { return partitions_.at(source); }

 private:
  struct known_stream {
    std::int32_t id;
    epoch entered{0}; // the newest epoch of it that is in the leaf
    day leaf{};
  };
  static day day_of(time_ms time) { return std::chrono::floor<std::chrono::days>(time); }
  struct known_leaves {
    std::map<day, std::string> names;
    time_ms ahead_not_before{}; // of the next attempt at tomorrow's leaf
  };
  const std::string& ask_leaf(database_session::call& db, event_kind of, day on);
  void learn_streams(database_session::call& db, std::span<const journal_part> parts);
  void enter_leaf(database_session::call& db, std::span<const journal_part> parts, day leaf);

  std::uint64_t connection_ = 0;
  std::map<event_kind, known_leaves> leaves_;
  std::unordered_map<stream_key, known_stream> streams_;
  std::unordered_map<topic_partition, std::int32_t> partitions_;
};

} // namespace tradepulse
