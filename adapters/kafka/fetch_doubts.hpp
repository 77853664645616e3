#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>

#include "protocol/identifiers.hpp"
#include "protocol/result.hpp"

namespace tradepulse::kafka {

// What gives reason to doubt that a partition still is the log that it was. librdkafka 2.0.2 reads
// on without an error in a topic that was deleted and made anew, but it cannot do so unnoticed:
// before the first record of the new log its fetch is refused, or its broker was away. Both stand
// only in its debug lines, which its threads write before they go on.
// Guarantees: the counter has risen before a record of a later fetch is in its queue.
// Thread: any.
class fetch_doubts {
 public:
  // `line` as librdkafka wrote it, of the contexts `topic` and `broker`.
  void take_line(std::string_view facility, std::string_view line);

  // How often a fetch from the partition was refused.
  std::uint64_t refusals(const topic_partition& source) const;
  // How often this broker was reached anew.
  std::uint64_t connections(std::int32_t broker) const;
  std::map<std::int32_t, std::uint64_t> connections() const;

  // Makes a handle of this configuration tell `doubts`, beside what its user wants to be logged.
  // Requires: `doubts` outlives the handle.
  static result<void> listen(rd_kafka_conf_t* conf, fetch_doubts& doubts);

 private:
  static void take_log(const rd_kafka_t* handle, int level, const char* facility, const char* line);

  mutable std::mutex mutex_;
  std::map<topic_partition, std::uint64_t> refusals_;
  std::map<std::int32_t, std::uint64_t> connections_;
  bool user_debugs_ = false; // kafka.properties debug: then debug lines are logged too
};

} // namespace tradepulse::kafka
