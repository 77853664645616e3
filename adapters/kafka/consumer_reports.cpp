// What the consumer thread tells its listener besides records: the assignment, whether brokers
// answer, the ends of partitions, what cannot be cured.
#include <utility>

#include "adapters/kafka/consumer_core.hpp"
#include "protocol/log.hpp"

namespace tradepulse::kafka {
namespace {

constexpr auto ends_interval = std::chrono::milliseconds(500);

} // namespace

void consumer::core::on_assigned(const std::vector<topic_partition>& whole) {
  assigned_count_ = whole.size();
  log::info("kafka_assignment", {{"group", options_.group_id}, {"partitions", whole.size()}});
  listener_.on_assignment(whole);
  joined_ = true;
}

void consumer::core::on_all_brokers_down() {
  // The library says so also where it is false: the probe asks before it is told.
  probe_->hurry();
}

void consumer::core::on_group_fatal(const error& why) {
  if (std::exchange(fatal_told_, true))
    return;
  listener_.on_fatal(brokers_error(why.code, options_.connection, why.detail));
}

void consumer::core::set_reachable(bool reachable) {
  if (reachable_ == reachable)
    return;
  reachable_ = reachable;
  listener_.on_broker_state(reachable);
}

void consumer::core::take_probe_answer() {
  std::optional<probe_answer> answer;
  {
    const std::lock_guard guard(mutex_);
    answer.swap(answer_);
  }
  if (!answer)
    return;
  set_reachable(answer->reachable);
  if (answer->reachable &&
      std::exchange(listed_partitions_, answer->partitions) != answer->partitions)
    listener_.on_partitions_listed(answer->partitions);
  for (const auto& [source, end] : answer->ends)
    if (feeds_.contains(source))
      tell_end(source, end);
  report_absent(*answer);
}

// A broker that starts may not know every topic yet: only what is absent twice in a row is gone.
void consumer::core::report_absent(const probe_answer& answer) {
  if (!answer.reachable)
    return;
  std::set<topic_partition> absent;
  for (const auto& source : answer.absent) {
    const auto feed = feeds_.find(source);
    if (feed == feeds_.end() || feed->second->dead())
      continue;
    if (!absent_before_.contains(source)) {
      absent.insert(source);
      continue;
    }
    feed->second->give_up();
    tell_fault(*feed->second, {read_fault::partition_gone, std::nullopt,
                               source.to_string() + ": the brokers know no such partition"});
  }
  absent_before_ = std::move(absent);
}

void consumer::core::tell_fault(const partition_feed& feed, const feed_fault& fault) {
  log::warning("kafka_read_fault",
               {{"source", feed.source().to_string()}, {"detail", fault.detail}});
  listener_.on_fault(feed.source(), feed.gen(), fault.kind, fault.detail);
  if (fault.fatal)
    on_group_fatal(error{*fault.fatal, fault.detail});
}

// Fetch answers carry the end of the partition; the probe adds it where nothing is fetched.
void consumer::core::report_ends() {
  const auto now = clock::now();
  if (now < next_ends_)
    return;
  next_ends_ = now + ends_interval;
  for (const auto& [source, feed] : feeds_)
    if (const auto end = feed->known_end())
      tell_end(source, *end);
}

void consumer::core::tell_end(const topic_partition& source, high_watermark end) {
  auto [known, first] = told_ends_.try_emplace(source, end);
  // Only forward: an answer may be older than what was told. A replaced log starts anew.
  if (!first && end <= known->second)
    return;
  known->second = end;
  listener_.on_high_watermark(source, end);
}

void consumer::core::watch_ends() {
  std::vector<topic_partition> sources;
  sources.reserve(feeds_.size());
  for (const auto& [source, feed] : feeds_)
    sources.push_back(source);
  probe_->watch(std::move(sources));
}

} // namespace tradepulse::kafka
