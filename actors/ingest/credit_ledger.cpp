#include "actors/ingest/credit_ledger.hpp"

#include <algorithm>

#include "protocol/expects.hpp"

namespace tradepulse {

std::shared_ptr<credit_ledger> credit_ledger::make(credit_limits limits,
                                                   std::function<void()> returned) {
  return std::shared_ptr<credit_ledger>(new credit_ledger(limits, std::move(returned)));
}

credit_ledger::credit_ledger(credit_limits limits, std::function<void()> returned)
    : limits_(limits), returned_(std::move(returned)) {
  TRADEPULSE_EXPECTS(limits.batch_events > 0);
}

void credit_ledger::set_partitions(std::size_t assigned) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    const std::size_t before = std::exchange(partitions_, std::max<std::size_t>(assigned, 1));
    note_exhaustion();
    // A larger share is credit that came back.
    wake = partitions_ < before && std::exchange(someone_waits_, false);
  }
  if (wake && returned_)
    returned_();
}

std::size_t credit_ledger::allowance(const topic_partition& source) {
  std::lock_guard lock(mutex_);
  auto found = by_partition_.find(source);
  const usage held = found == by_partition_.end() ? usage{} : found->second;
  const std::size_t share = std::max(limits_.batch_events, limits_.events / partitions_);
  const std::size_t share_bytes = limits_.bytes / partitions_;
  // A partition that holds nothing may always take one batch: no configuration can starve it.
  if (held.events == 0)
    return limits_.batch_events;
  if (held.events >= share || held.bytes >= share_bytes || total_.events >= limits_.events ||
      total_.bytes >= limits_.bytes) {
    someone_waits_ = true;
    return 0;
  }
  return std::min({limits_.batch_events, share - held.events, limits_.events - total_.events});
}

std::shared_ptr<credit_lease> credit_ledger::take(const topic_partition& source, std::size_t events,
                                                  std::size_t bytes) {
  {
    std::lock_guard lock(mutex_);
    auto& held = by_partition_[source];
    held.events += events;
    held.bytes += bytes;
    total_.events += events;
    total_.bytes += bytes;
    note_exhaustion();
  }
  return std::make_shared<credit_lease>(shared_from_this(), source, events, bytes);
}

void credit_ledger::give_back(const topic_partition& source, std::size_t events,
                              std::size_t bytes) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    auto found = by_partition_.find(source);
    found->second.events -= events;
    found->second.bytes -= bytes;
    if (found->second.events == 0)
      by_partition_.erase(found);
    total_.events -= events;
    total_.bytes -= bytes;
    note_exhaustion();
    wake = std::exchange(someone_waits_, false);
  }
  if (wake && returned_)
    returned_();
}

credit_ledger::usage credit_ledger::in_use() const {
  std::lock_guard lock(mutex_);
  return total_;
}

credit_ledger::usage credit_ledger::in_use(const topic_partition& source) const {
  std::lock_guard lock(mutex_);
  auto found = by_partition_.find(source);
  return found == by_partition_.end() ? usage{} : found->second;
}

// Requires: the lock. Every partition stands at its share when what is left is less than one event
// or byte for each of them (shares are rounded down).
void credit_ledger::note_exhaustion() {
  const bool none_left =
      total_.events + partitions_ > limits_.events || total_.bytes + partitions_ > limits_.bytes;
  if (!none_left)
    exhausted_since_.reset();
  else if (!exhausted_since_)
    exhausted_since_ = std::chrono::steady_clock::now();
}

std::optional<std::chrono::steady_clock::duration> credit_ledger::exhausted_for() const {
  std::lock_guard lock(mutex_);
  if (!exhausted_since_)
    return std::nullopt;
  return std::chrono::steady_clock::now() - *exhausted_since_;
}

credit_ledger::usage credit_ledger::half_share() const {
  std::lock_guard lock(mutex_);
  const std::size_t share = std::max(limits_.batch_events, limits_.events / partitions_);
  return {std::max<std::size_t>(share / 2, 1),
          std::max<std::size_t>(limits_.bytes / partitions_ / 2, 1)};
}

} // namespace tradepulse
