#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/record.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// Reads partitions of the log, each started and stopped alone, whatever the group does.
// Thread: any. Never blocks: commands are taken by the consumer thread.
class partition_reader {
 public:
  virtual ~partition_reader() = default;
  // Delivers records from `from` on, marked with `gen`. A partition that is being read is moved.
  // `before`: the record right before `from`, where the log was seen to have it. It is read first,
  // for nobody, and where it is gone or another one, that is offset_out_of_range.
  virtual void start(const topic_partition& source, generation gen, next_offset from,
                     std::optional<applied_record> before) = 0;
  virtual void stop(const topic_partition& source) = 0;
  // For lag tools only: asynchronous, at most one a second and partition, never during a rebalance.
  virtual void commit(const topic_partition& source, next_offset applied) = 0;
  // Credit has come back: look at the queues again.
  virtual void wake() = 0;
};

enum class read_fault : std::uint8_t {
  offset_out_of_range, // claim again and decide by the log's identity
  partition_gone,      // the topic or partition does not exist
  transient,           // the library goes on by itself
};

// What the consumer thread tells. Thread: the consumer thread; must not block.
class ingest_listener {
 public:
  virtual ~ingest_listener() = default;
  // The whole assignment, at each change (an empty one counts: the group was joined).
  virtual void on_assignment(const std::vector<topic_partition>& assigned) = 0;
  // How many partitions all topics that are read have now, whoever has them. Where nobody cares,
  // nothing.
  virtual void on_partitions_listed(std::size_t /*count*/) {}
  // How many records may be read from the partition now; 0 leaves them with the library.
  virtual std::size_t allowance(const topic_partition& source) = 0;
  virtual void on_batch(std::shared_ptr<const record_batch> batch) = 0;
  virtual void on_fault(const topic_partition& source, generation gen, read_fault fault,
                        const std::string& detail) = 0;
  // All brokers down, or one of them back.
  virtual void on_broker_state(bool reachable) = 0;
  virtual void on_high_watermark(const topic_partition& source, high_watermark end) = 0;
  // A fault that no restart of ours can cure. `configuration`: the brokers refuse what is
  // configured, as credentials; else a fatal error of the library.
  virtual void on_fatal(const error& why) = 0;
};

} // namespace tradepulse
