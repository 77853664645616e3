#pragma once

#include <mutex>
#include <unordered_map>
#include <vector>

#include "actors/fwd.hpp"
#include "protocol/identifiers.hpp"

namespace tradepulse {

// Which actor reads a partition now: the consumer pump looks here, so that batches do not queue
// behind control messages. Thread: any.
class partition_routes {
 public:
  void set(const topic_partition& source, partition_actor actor) {
    std::lock_guard lock(mutex_);
    actors_.insert_or_assign(source, std::move(actor));
  }
  void remove(const topic_partition& source) {
    std::lock_guard lock(mutex_);
    actors_.erase(source);
  }
  partition_actor find(const topic_partition& source) const {
    std::lock_guard lock(mutex_);
    auto found = actors_.find(source);
    return found == actors_.end() ? partition_actor{} : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<topic_partition, partition_actor> actors_;
};

} // namespace tradepulse
