#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/actor_card.hpp"
#include "actors/ingest/credit_ledger.hpp"
#include "actors/ingest/delivery_window.hpp"
#include "actors/ingest/partition_routes.hpp"
#include "protocol/metrics.hpp"
#include "protocol/ports/partition_reader.hpp"

namespace tradepulse {

// Between the consumer thread and the actors: batches with their credit to partition actors,
// assignments to the supervisor, and back. Keeps where each partition stands, for lag.
class ingest_pump final : public ingest_listener, public partition_reader {
 public:
  struct parts {
    std::shared_ptr<credit_ledger> credit;
    partition_routes* routes = nullptr;
    health_board* health = nullptr;
    metrics::registry* metrics = nullptr;
    std::function<void(const error& why)> fatal;
    std::shared_ptr<delivery_window> window;
    // How many partitions there are, whoever has them. Thread: the consumer thread.
    std::function<void(std::size_t count)> listed;
  };
  explicit ingest_pump(parts given);

  // Before the consumer is opened, after the supervisor was spawned.
  void connect(ingest_supervisor supervisor) { supervisor_ = std::move(supervisor); }
  // After it was opened; commands that came before are carried out now.
  void connect(partition_reader* reader);
  // No CAF actor is told anything any more.
  void disconnect();

  // When the last commit came, or credit was not exhausted: for readiness.
  std::chrono::steady_clock::duration since_last_commit() const noexcept;

  struct position {
    topic_partition source;
    std::optional<high_watermark> end;
    std::optional<next_offset> applied;
  };
  std::vector<position> positions() const;

  // ingest_listener
  void on_assignment(const std::vector<topic_partition>& assigned) override;
  void on_partitions_listed(std::size_t count) override { parts_.listed(count); }
  std::size_t allowance(const topic_partition& source) override;
  void on_batch(std::shared_ptr<const record_batch> batch) override;
  void on_fault(const topic_partition& source, generation gen, read_fault fault,
                const std::string& detail) override;
  void on_broker_state(bool reachable) override;
  void on_high_watermark(const topic_partition& source, high_watermark end) override;
  void on_fatal(const error& why) override;

  // partition_reader, passed on to the consumer
  void start(const topic_partition& source, generation gen, next_offset from,
             std::optional<applied_record> before) override;
  void stop(const topic_partition& source) override;
  void commit(const topic_partition& source, next_offset applied) override;
  void wake() override;

 private:
  struct place {
    std::atomic<std::int64_t> end{-1};
    std::atomic<std::int64_t> applied{-1};
    std::atomic<bool> assigned{true};
  };
  place& place_of(const topic_partition& source);
  // Now, or when the consumer is there: it may assign partitions before open() has returned.
  void command(std::function<void(partition_reader&)> what);

  parts parts_;
  ingest_supervisor supervisor_;
  std::atomic<std::chrono::steady_clock::rep> last_commit_;
  mutable std::mutex mutex_;
  std::map<topic_partition, std::unique_ptr<place>> places_;

  std::mutex reader_mutex_;
  partition_reader* reader_ = nullptr;
  bool disconnected_ = false;
  std::vector<std::function<void(partition_reader&)>> early_; // commands before connect()
};

} // namespace tradepulse
