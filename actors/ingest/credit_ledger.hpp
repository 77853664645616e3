#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "protocol/identifiers.hpp"

namespace tradepulse {

// How much may be in the process between the log and the database: worth seconds of input, so that
// a stopped database is felt only when it is used up; then Kafka keeps the rest.
struct credit_limits {
  std::size_t events = 1'000'000;
  std::size_t bytes = 256U << 20U;
  std::size_t batch_events = 4'096; // the largest batch, and what every partition may always hold
};

// What a batch holds of the credit; gives it back when the last owner of its range lets go, which
// is after the commit, or when the work is thrown away.
class credit_lease;

// The process-wide credit. No partition holds more than max(one batch, budget / partitions), so
// that one that waits stops alone. Thread: any.
class credit_ledger : public std::enable_shared_from_this<credit_ledger> {
 public:
  // `returned` is called (from any thread, outside the lock) when a partition that had no
  // allowance may read again.
  static std::shared_ptr<credit_ledger> make(credit_limits limits, std::function<void()> returned);

  void set_partitions(std::size_t assigned);

  // How many records the partition may be given now: 0 .. batch_events.
  std::size_t allowance(const topic_partition& source);
  std::shared_ptr<credit_lease> take(const topic_partition& source, std::size_t events,
                                     std::size_t bytes);

  struct usage {
    std::size_t events = 0;
    std::size_t bytes = 0;
  };
  usage in_use() const;
  usage in_use(const topic_partition& source) const;
  const credit_limits& limits() const noexcept { return limits_; }
  // How long no partition has been able to read for want of credit; absent: one can.
  std::optional<std::chrono::steady_clock::duration> exhausted_for() const;
  // Half of what one partition may hold: its writer flushes early when so much waits.
  usage half_share() const;

 private:
  friend class credit_lease;
  credit_ledger(credit_limits limits, std::function<void()> returned);
  void note_exhaustion();
  void give_back(const topic_partition& source, std::size_t events, std::size_t bytes);

  const credit_limits limits_;
  const std::function<void()> returned_;
  mutable std::mutex mutex_;
  std::size_t partitions_ = 1;
  usage total_;
  std::unordered_map<topic_partition, usage> by_partition_;
  bool someone_waits_ = false;
  std::optional<std::chrono::steady_clock::time_point> exhausted_since_;
};

class credit_lease {
 public:
  credit_lease(std::shared_ptr<credit_ledger> ledger, topic_partition source, std::size_t events,
               std::size_t bytes)
      : ledger_(std::move(ledger)), source_(std::move(source)), events_(events), bytes_(bytes) {}
  ~credit_lease() { ledger_->give_back(source_, events_, bytes_); }
  credit_lease(const credit_lease&) = delete;
  credit_lease& operator=(const credit_lease&) = delete;

 private:
  std::shared_ptr<credit_ledger> ledger_;
  topic_partition source_;
  std::size_t events_;
  std::size_t bytes_;
};

} // namespace tradepulse
