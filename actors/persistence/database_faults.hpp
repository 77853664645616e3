#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/identifiers.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// The database's faults as an operator reads them: one line where a fault begins and one where it
// is over, however many calls of however many writers it has failed. A connection that is lost is
// one cause for all; what an answering database refuses is a cause of its partition's.
// Thread: any.
class database_faults {
 public:
  // A call of that writer for the partition failed, and will be tried again.
  void failed(const void* writer, std::string_view call, const topic_partition& source,
              const error& why);
  // One was answered: the writer's connection is good, and so is what it does for the partition.
  void answered(const void* writer, const topic_partition& source);
  // The writer is no more.
  void forget(const void* writer);

 private:
  using clock = std::chrono::steady_clock;
  using cause = std::pair<std::string, errc>; // the partition, empty for the connection
  struct episode {
    std::set<const void*> writers; // that have not been answered since
    clock::time_point began;
    std::uint64_t calls = 0;
  };
  // Requires: the lock.
  void over(const void* writer, const topic_partition* source);

  std::mutex mutex_;
  std::map<cause, episode> open_;
  std::atomic<std::size_t> open_count_{0}; // so that the usual answer needs no lock
};

} // namespace tradepulse
