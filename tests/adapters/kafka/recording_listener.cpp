#include "recording_listener.hpp"

#include <gtest/gtest.h>

namespace tradepulse::kafka::testing {

void recording_listener::allow(std::size_t records) {
  const std::lock_guard guard(mutex_);
  allowed_ = records;
}
void recording_listener::allow(const topic_partition& source, std::size_t records) {
  const std::lock_guard guard(mutex_);
  allowed_of_[source] = records;
}

void recording_listener::on_assignment(const std::vector<topic_partition>& assigned) {
  const std::lock_guard guard(mutex_);
  assignment_ = assigned;
  ++assignments_;
  changed_.notify_all();
}
std::size_t recording_listener::allowance(const topic_partition& source) {
  const std::lock_guard guard(mutex_);
  ++questions_[source];
  changed_.notify_all();
  const auto own = allowed_of_.find(source);
  return own == allowed_of_.end() ? allowed_ : own->second;
}
void recording_listener::on_batch(std::shared_ptr<const record_batch> batch) {
  const std::lock_guard guard(mutex_);
  batches_.push_back(std::move(batch));
  changed_.notify_all();
}
void recording_listener::on_fault(const topic_partition& source, generation gen, read_fault kind,
                                  const std::string& detail) {
  EXPECT_NE(detail, "");
  const std::lock_guard guard(mutex_);
  faults_.push_back({source, gen, kind});
  changed_.notify_all();
}
void recording_listener::on_broker_state(bool reachable) {
  const std::lock_guard guard(mutex_);
  reachable_ = reachable;
  changed_.notify_all();
}
void recording_listener::on_high_watermark(const topic_partition& source, high_watermark end) {
  const std::lock_guard guard(mutex_);
  ends_[source] = end.value();
  changed_.notify_all();
}
void recording_listener::on_fatal(const error& why) {
  ADD_FAILURE() << why.detail;
}

bool recording_listener::wait_for_assignment(std::size_t partitions) {
  return wait([&] { return assignment_ && assignment_->size() == partitions; });
}
bool recording_listener::wait_for_records(std::size_t in_all) {
  return wait([&] {
    std::size_t have = 0;
    for (const auto& batch : batches_)
      have += batch->records.size();
    return have >= in_all;
  });
}
bool recording_listener::wait_for_records(const topic_partition& source, std::size_t wanted) {
  return wait([&] { return count(source) >= wanted; });
}
bool recording_listener::wait_for_faults(std::size_t count) {
  return wait([&] { return faults_.size() >= count; });
}
bool recording_listener::wait_for_broker_state(bool reachable) {
  return wait([&] { return reachable_ == reachable; });
}
bool recording_listener::wait_for_end(const topic_partition& source, std::int64_t end) {
  return wait([&] { return ends_.contains(source) && ends_.at(source) == end; });
}
bool recording_listener::wait_for_allowance_questions(const topic_partition& source,
                                                      std::size_t wanted) {
  return wait([&] { return questions_[source] >= wanted; });
}

std::size_t recording_listener::count(const topic_partition& source) const {
  std::size_t have = 0;
  for (const auto& batch : batches_)
    if (batch->source == source)
      have += batch->records.size();
  return have;
}

std::vector<topic_partition> recording_listener::assignment() const {
  const std::lock_guard guard(mutex_);
  return assignment_.value_or(std::vector<topic_partition>{});
}
std::size_t recording_listener::assignments() const {
  const std::lock_guard guard(mutex_);
  return assignments_;
}
std::vector<std::shared_ptr<const record_batch>> recording_listener::batches() const {
  const std::lock_guard guard(mutex_);
  return batches_;
}
std::vector<recording_listener::fault> recording_listener::faults() const {
  const std::lock_guard guard(mutex_);
  return faults_;
}
std::vector<std::int64_t> recording_listener::offsets(const topic_partition& source) const {
  const std::lock_guard guard(mutex_);
  std::vector<std::int64_t> list;
  for (const auto& batch : batches_)
    if (batch->source == source)
      for (const auto& r : batch->records)
        list.push_back(r.offset.value());
  return list;
}
std::size_t recording_listener::records() const {
  const std::lock_guard guard(mutex_);
  std::size_t have = 0;
  for (const auto& batch : batches_)
    have += batch->records.size();
  return have;
}

} // namespace tradepulse::kafka::testing
