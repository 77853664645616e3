#include "actors/market/symbol_directory.hpp"

#include <algorithm>
#include <utility>

#include <caf/send.hpp>

#include "actors/message_types.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {

symbol_directory::symbol_directory(std::size_t max_unknown, std::size_t ring_events,
                                   std::chrono::seconds passivate_after)
    : max_unknown_(max_unknown), ring_events_(ring_events),
      passivate_after_(static_cast<std::uint32_t>(passivate_after.count())) {
  TRADEPULSE_EXPECTS(passivate_after_ > 0);
}
symbol_directory::~symbol_directory() = default;

void symbol_directory::connect(spawner spawn, std::vector<fan_out_actor> fan_outs) {
  TRADEPULSE_EXPECTS(fan_outs.size() <= symbol_entry::max_io_threads);
  spawn_ = std::move(spawn);
  fan_outs_ = std::move(fan_outs);
}

void symbol_directory::disconnect() {
  fan_outs_.clear();
  spawn_ = nullptr;
  std::lock_guard lock(assignment_mutex_);
  partitions_.clear();
}

symbol_directory::shard& symbol_directory::shard_of(const stream_key& name) const {
  return shards_[std::hash<stream_key>{}(name) % shard_count];
}

// This and the next two require the shard's lock.
symbol_entry& symbol_directory::make_entry(shard& in, const stream_key& name) {
  auto made = std::make_shared<symbol_entry>();
  made->key = name;
  index_.add(made);
  return *(in.entries[name] = std::move(made));
}

symbol_entry& symbol_directory::entry_of(shard& in, const stream_key& name) {
  auto found = in.entries.find(name);
  return found != in.entries.end() ? *found->second : make_entry(in, name);
}

void symbol_directory::becomes_known(symbol_entry& entry) {
  if (!entry.snapshot && entry.key.kind == stream_kind::price)
    known_.fetch_add(1, std::memory_order_relaxed);
  if (std::exchange(entry.only_awaited, false))
    unknown_.fetch_sub(1);
}

bool symbol_directory::is_away(const std::optional<topic_partition>& home) const {
  std::lock_guard lock(assignment_mutex_);
  return assigned_ && home && !assigned_->contains(*home);
}

template <class Message>
void symbol_directory::tell_interested(const symbol_entry& entry, const Message& message) const {
  for (std::size_t i = 0; i < fan_outs_.size(); ++i)
    if (entry.interest[i].load() > 0)
      caf::anon_send(fan_outs_[i], message);
}
template void symbol_directory::tell_interested(const symbol_entry&, const stream_moved&) const;
template void symbol_directory::tell_interested(const symbol_entry&, const stream_back&) const;
template void symbol_directory::tell_interested(const symbol_entry&, const recall_again&) const;
template void symbol_directory::tell_interested(const symbol_entry&,
                                                const partition_settled&) const;

// --- what is known ---------------------------------------------------------------------------

symbol_directory::lookup symbol_directory::find(const stream_key& name) const {
  const auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  auto found = in.entries.find(name);
  if (found == in.entries.end() || !found->second->snapshot)
    return {};
  const auto& entry = *found->second;
  return {entry.away ? lookup_state::not_owner : lookup_state::found, entry.snapshot};
}

symbol_directory::lookup symbol_directory::read(const symbol_entry& entry) const {
  return find(entry.key);
}

bool symbol_directory::waits_still(const stream_key& name) const {
  const auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  const auto found = in.entries.find(name);
  return found != in.entries.end() && found->second->earlier &&
         std::ranges::any_of(*found->second->earlier,
                             [](const auto& each) { return !each.range.expired(); });
}

std::optional<sequence> symbol_directory::waits_still(const stream_key& name, epoch of) const {
  const auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  auto found = in.entries.find(name);
  std::optional<sequence> out;
  if (found != in.entries.end() && found->second->earlier)
    for (const auto& each : *found->second->earlier)
      if (each.last.epoch == of && !each.range.expired())
        out = std::max(out.value_or(each.last.seq), each.last.seq);
  return out;
}

std::optional<topic_partition> symbol_directory::home_of(const stream_key& name) const {
  const auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  auto found = in.entries.find(name);
  return found == in.entries.end() ? std::nullopt : found->second->home;
}

// --- the market side -------------------------------------------------------------------------

void symbol_directory::preload(std::vector<stored_stream> rows) {
  for (auto& row : rows) {
    const auto home = row.home.value_or(topic_partition{});
    restore(home, std::move(row));
  }
}

void symbol_directory::set_assignment(const std::vector<topic_partition>& assigned) {
  std::unordered_set<topic_partition> now(assigned.begin(), assigned.end());
  {
    std::lock_guard lock(assignment_mutex_);
    assigned_ = now;
    std::erase_if(held_, [&now](const auto& each) { return !now.contains(each); });
    look_whether_all_are_held();
  }
  for (auto& in : shards_) {
    std::lock_guard lock(in.mutex);
    for (auto& [name, entry] : in.entries) {
      const bool away = entry->home && !now.contains(*entry->home);
      if (away && !entry->away && entry->snapshot)
        tell_interested(*entry, stream_away{entry->index, name});
      entry->away = entry->away || away; // until a claim brings it back
    }
  }
}

void symbol_directory::publish(symbol_entry& entry, head_ptr snapshot) {
  std::lock_guard lock(shard_of(entry.key).mutex);
  becomes_known(entry);
  entry.snapshot = std::move(snapshot);
}

// --- the client side -------------------------------------------------------------------------

symbol_directory::subscription_ticket symbol_directory::enter(const stream_key& name,
                                                              std::size_t io_thread) {
  auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  auto found = in.entries.find(name);
  if (found == in.entries.end()) {
    if (unknown_.fetch_add(1) >= max_unknown_) {
      unknown_.fetch_sub(1);
      return {stream_index{}, true};
    }
    make_entry(in, name).only_awaited = true;
    found = in.entries.find(name);
  }
  found->second->interest[io_thread].fetch_add(1);
  return {found->second->index, false};
}

void symbol_directory::join(stream_index index, std::size_t io_thread, connection_id connection,
                            std::uint64_t group) {
  const auto held = index_.at(index);
  auto& entry = *held;
  auto& in = shard_of(entry.key);
  std::lock_guard lock(in.mutex);
  // Not by way of the symbol's actor: the answer would wait behind its data, and die with it. A
  // burst above this snapshot is published under the same lock, so it is sent after this answer;
  // one that is under way is not above it, and the subscription drops it by its position.
  caf::anon_send(fan_outs_.at(io_thread), stream_joined{connection, group, index, entry.snapshot,
                                                        entry.away, view_of(entry)});
}

// Requires: the shard's lock. Asked behind the snapshot: a candle that has been closed up to there
// is not among the views any more.
candle_view_ptr symbol_directory::view_of(const symbol_entry& entry) const {
  const bool is_candle = entry.key.kind.events() == event_kind::candle;
  return is_candle && entry.board ? entry.board->newest(entry.key.kind.candle_length()) : nullptr;
}

void symbol_directory::leave(stream_index index, std::size_t io_thread) {
  const auto held = index_.at(index);
  auto& in = shard_of(held->key);
  std::lock_guard lock(in.mutex);
  held->interest[io_thread].fetch_sub(1);
  const bool wanted = std::any_of(held->interest.begin(), held->interest.end(),
                                  [](const auto& each) { return each.load() > 0; });
  if (wanted || !held->only_awaited || held->actor || held->idle || held->needs_restore)
    return;
  unknown_.fetch_sub(1);
  in.entries.erase(held->key);
  index_.remove(index);
}

} // namespace tradepulse
