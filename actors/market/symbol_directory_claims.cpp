#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "actors/market/symbol_directory.hpp"
#include "actors/tell.hpp"

// What this process knows by its claims: whether streams can be numbered without the database, and
// whether anything of them may still come.
namespace tradepulse {

// --- partitions that are held here -----------------------------------------------------------

void symbol_directory::hold(const topic_partition& source) {
  std::lock_guard lock(assignment_mutex_);
  held_.insert(source);
  look_whether_all_are_held();
}

void symbol_directory::let_go(const topic_partition& source) {
  std::lock_guard lock(assignment_mutex_);
  held_.erase(source);
  look_whether_all_are_held();
}

// Requires: the lock of assignments. A partition that was added is held before it is listed: then
// the count is another one, or a number below it is missing, which is another process's.
void symbol_directory::look_whether_all_are_held() {
  std::unordered_map<std::string_view, std::size_t> counts; // of a topic, as its numbers tell it
  for (const auto& each : held_) {
    auto& count = counts[each.topic];
    count = std::max(count, static_cast<std::size_t>(each.partition) + 1);
  }
  std::size_t there_are = 0;
  for (const auto& [topic, count] : counts)
    there_are += count;
  all_held_ = held_.size() == listed_partitions_ && held_.size() == there_are;
}

bool symbol_directory::can_number(const stream_key& name, const topic_partition& source) const {
  if (all_held_.load(std::memory_order_relaxed))
    return true;
  const auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  const auto found = in.entries.find(name);
  if (found == in.entries.end() || !found->second->home)
    return false;
  const auto& entry = *found->second;
  return is_fed_by(entry, source);
}

bool symbol_directory::can_use(const stored_stream& found, const topic_partition& source) const {
  if (can_number(found.key(), source))
    return false;
  const auto known = find(found.key()).snapshot;
  return !known || known->position <= found.position;
}

// --- what has been read ----------------------------------------------------------------------

// This and the next require the lock of assignments.
bool symbol_directory::is_settled(const topic_partition& source) const {
  auto found = claims_.find(source);
  return found != claims_.end() && found->second.settled > found->second.lost;
}

bool symbol_directory::is_settled_at(const std::optional<topic_partition>& home) const {
  if (home)
    return is_settled(*home);
  // A symbol without a home may come from any partition, also from one that another process has: a
  // process that was killed keeps its own for as long as the group waits for it.
  return assigned_ && listed_partitions_ > 0 && assigned_->size() >= listed_partitions_ &&
         std::ranges::all_of(*assigned_, [this](const auto& each) { return is_settled(each); });
}

void symbol_directory::unsettle(const topic_partition& source, generation lost) {
  std::lock_guard lock(assignment_mutex_);
  auto& mine = claims_[source];
  mine.lost = std::max(mine.lost, lost);
}

void symbol_directory::unsettle(const topic_partition& source) {
  std::lock_guard lock(assignment_mutex_);
  auto& mine = claims_[source];
  mine.lost = std::max(mine.lost, mine.settled);
}

bool symbol_directory::settled(const topic_partition& source) const {
  std::lock_guard lock(assignment_mutex_);
  return is_settled(source);
}

void symbol_directory::settle(const topic_partition& source, generation gen) {
  {
    std::lock_guard lock(assignment_mutex_);
    auto& mine = claims_[source];
    mine.settled = std::max(mine.settled, gen);
    ++times_settled_;
  }
  tell_settled(source);
}

void symbol_directory::set_listed_partitions(std::size_t count) {
  {
    std::lock_guard lock(assignment_mutex_);
    if (std::exchange(listed_partitions_, count) == count)
      return;
    look_whether_all_are_held();
  }
  tell_settled({}); // symbols without a home may be by this
}

void symbol_directory::tell_settled(const topic_partition& source) const {
  if (!ended_)
    for (const auto& each : fan_outs_)
      tell(each, partition_settled{source});
}

} // namespace tradepulse
