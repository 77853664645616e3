#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "protocol/ports/partition_reader.hpp"

namespace tradepulse::kafka::testing {

inline constexpr auto patience = std::chrono::seconds(60);

// Keeps all that the consumer thread tells and lets a test wait for it.
class recording_listener final : public ingest_listener {
 public:
  struct fault {
    topic_partition source;
    generation gen;
    read_fault kind;
  };

  // How many records may be read of every partition, or of one of them, from now on.
  void allow(std::size_t records);
  void allow(const topic_partition& source, std::size_t records);

  void on_assignment(const std::vector<topic_partition>& assigned) override;
  std::size_t allowance(const topic_partition& source) override;
  void on_batch(std::shared_ptr<const record_batch> batch) override;
  void on_fault(const topic_partition& source, generation gen, read_fault kind,
                const std::string& detail) override;
  void on_broker_state(bool reachable) override;
  void on_high_watermark(const topic_partition& source, high_watermark end) override;
  void on_fatal(const error& why) override;

  // False: not within `patience`.
  bool wait_for_assignment(std::size_t partitions);
  bool wait_for_records(std::size_t in_all);
  bool wait_for_records(const topic_partition& source, std::size_t count);
  bool wait_for_fault() { return wait_for_faults(1); }
  bool wait_for_faults(std::size_t count);
  bool wait_for_broker_state(bool reachable);
  bool wait_for_end(const topic_partition& source, std::int64_t end);
  bool wait_for_allowance_questions(const topic_partition& source, std::size_t count);

  std::vector<topic_partition> assignment() const;
  std::size_t assignments() const;
  std::vector<std::shared_ptr<const record_batch>> batches() const;
  std::vector<fault> faults() const;
  // Offsets of a partition's records, in the order of delivery.
  std::vector<std::int64_t> offsets(const topic_partition& source) const;
  std::size_t records() const;

 private:
  template <class Predicate>
  bool wait(Predicate done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, done);
  }
  std::size_t count(const topic_partition& source) const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t allowed_ = 1'000'000;
  std::map<topic_partition, std::size_t> allowed_of_;
  std::map<topic_partition, std::size_t> questions_;
  std::optional<std::vector<topic_partition>> assignment_;
  std::size_t assignments_ = 0;
  std::vector<std::shared_ptr<const record_batch>> batches_;
  std::vector<fault> faults_;
  std::optional<bool> reachable_;
  std::map<topic_partition, std::int64_t> ends_;
};

} // namespace tradepulse::kafka::testing
