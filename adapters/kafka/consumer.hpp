#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "adapters/kafka/options.hpp"
#include "protocol/ports/partition_reader.hpp"
#include "protocol/result.hpp"

namespace tradepulse::kafka {

// Membership in the group and reading, by two handles of librdkafka and one consumer thread.
// The group proposes (on_assignment, the whole assignment at each change); what is read is what
// start() and stop() say, and no rebalance touches it.
// Guarantees: batches of one start() have rising offsets and leave nothing out. After on_fault with
// offset_out_of_range or partition_gone nothing more comes from that partition until start().
// No callback after close() has returned.
class consumer final : public partition_reader {
 public:
  // Joins the group. Absent brokers are no error: they are waited for.
  // Errors: configuration, naming the key.
  // Requires: `listener` lives until close() has returned.
  static result<std::unique_ptr<consumer>> open(consumer_options options,
                                                ingest_listener& listener);
  ~consumer() override; // close() with 5 s

  void start(const topic_partition& source, generation gen, next_offset from,
             std::optional<applied_record> before) override;
  void stop(const topic_partition& source) override;
  void commit(const topic_partition& source, next_offset applied) override;
  void wake() override;

  // The group was joined (an empty assignment counts). Thread: any.
  bool joined() const;
  // Entries of `kafka.topics` that match no topic now; while none exists the library does not join
  // its group. Thread: any.
  std::vector<std::string> missing_topics() const;

  // Stops reading, commits what is due, leaves the group. Call it last: closing may hang in the
  // library, and then the thread is left behind. Blocks: up to `deadline`.
  // Errors: log_unavailable where it did not end in time, or the group was not left.
  result<void> close(std::chrono::milliseconds deadline);

 private:
  class core;
  explicit consumer(std::shared_ptr<core> made);
  std::shared_ptr<core> core_;
};

// What one partition may prefetch, in kilobytes: its part of the budget, 1 MB to 64 MB.
std::size_t prefetch_kbytes(std::size_t budget_bytes, std::size_t partitions) noexcept;

} // namespace tradepulse::kafka
