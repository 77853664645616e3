#include <utility>

#include <caf/send.hpp>

#include "actors/market/symbol_directory.hpp"
#include "actors/market/symbol_state.hpp"
#include "actors/message_types.hpp"

// When a symbol has an actor, and what it goes on with: restored by claims, made by the first
// event, idle, moved, dead.
namespace tradepulse {

// Requires: the shard's lock.
std::shared_ptr<symbol_state> symbol_directory::new_state(const symbol_entry& entry) const {
  return make_symbol_state(entry.key, entry.index, ring_events_);
}

// Requires: the shard's lock. Committed or not: the claim may have read the row before that. What the
// newest claim has brought may still wait for its actor, and be shown nowhere.
bool symbol_directory::is_elsewhere(const symbol_entry& entry, const topic_partition& source,
                                    const stored_stream& stored) {
  const auto is_later = [&](epoch at) { return at > stored.position.epoch; };
  return entry.home && *entry.home != source &&
         ((entry.uncommitted_move && is_later(entry.uncommitted_move->position.epoch)) ||
          (entry.snapshot && is_later(entry.snapshot->position.epoch)) ||
          is_later(entry.stored_epoch));
}

// Requires: the shard's lock. The partition had asked for it as its own, and its row says whose it is
// by now: the claim of that one has brought it, and events behind it. Not where events of the
// partition are on their way to it: they are what has to be read again.
bool symbol_directory::is_of_another_claim(const symbol_entry& entry, const topic_partition& source,
                                           const stored_stream& stored) const {
  if (!stored.home || *stored.home == source || entry.home != stored.home ||
      (entry.next_home && *entry.next_home == source))
    return false;
  std::lock_guard lock(assignment_mutex_);
  return held_.contains(*stored.home);
}

bool symbol_directory::has_moved_on(const symbol_entry& entry, const restore_stream& claim) const {
  std::lock_guard lock(shard_of(entry.key).mutex);
  // At the home of its row restore() has put it, while nothing moves it: the server that had the
  // move is no more, and this partition begins it again.
  const bool is_put_back = entry.home == claim.stored.home && !entry.uncommitted_move;
  return !is_put_back && is_elsewhere(entry, claim.source, claim.stored);
}

// Requires: the shard's lock. What this partition's events had moved here, and what is not
// committed of it, will be read again, and gets the numbers of the epoch that the move began. Not
// candles: they are numbered by their source, and where that does not move it begins their epoch
// again, if the floor has not.
std::optional<stored_stream> symbol_directory::begun_here(const symbol_entry& entry,
                                                          const stored_stream& stored) {
  if (!entry.uncommitted_move || entry.uncommitted_move->position.epoch <= stored.position.epoch)
    return std::nullopt;
  if (stored.home && entry.key.kind.events() == event_kind::candle)
    return std::nullopt;
  auto out = *entry.uncommitted_move;
  out.candles = stored.candles;
  return out;
}

std::optional<stored_stream> symbol_directory::moved_meanwhile(const symbol_entry& entry,
                                                               const restore_stream& claim) const {
  std::lock_guard lock(shard_of(entry.key).mutex);
  return begun_here(entry, claim.stored);
}

void symbol_directory::restore(const topic_partition& source, stored_stream stored,
                               const candle_claim& candles, bool looked_up) {
  auto& in = shard_of(stored.key());
  std::unique_lock lock(in.mutex);
  auto& entry = entry_of(in, stored.key());
  if (is_elsewhere(entry, source, stored) || is_of_another_claim(entry, source, stored))
    return; // its events come from another partition now, whose claim this is not
  auto begun = begun_here(entry, stored);
  const bool uncommitted_epoch = begun.has_value();
  if (begun) {
    stored = std::move(*begun); // the old home's claim and what it has in flight stay as they are
  } else {
    entry.uncommitted_move.reset();
    entry.stored_epoch = stored.position.epoch;
    if (stored.home)
      entry.home = stored.home;
  }
  // The actor has the claim behind those events, or they died with it.
  if (entry.next_home && (*entry.next_home == source || entry.needs_restore))
    entry.next_home.reset();
  entry.needs_restore = false;
  const bool returns = std::exchange(entry.away, is_away(entry.home)) && !entry.away;
  if (entry.actor) {
    if (returns)
      tell_interested(entry, stream_back{entry.index});
    entry.queued.fetch_add(1, std::memory_order_relaxed);
    caf::anon_send(entry.actor,
                   restore_stream{std::move(stored), uncommitted_epoch, source, candles, looked_up});
    return;
  }
  if (!entry.idle)
    entry.idle = new_state(entry);
  if (looked_up && entry.idle->covers(stored)) {
    if (returns)
      tell_interested(entry, stream_back{entry.index});
    return;
  }
  entry.worked = false;
  auto restored = entry.idle->restore(stored, entry.snapshot, uncommitted_epoch, candles);
  if (restored.moved) { // memory may be ahead of the database: what was published never goes back
    becomes_known(entry);
    entry.snapshot = restored.moved;
    tell_interested(entry, stream_moved{entry.index, restored.moved});
  } else if (restored.claimed_again && !returns) { // who hears of the return asks again, too
    tell_interested(entry, recall_again{entry.index});
  }
  if (returns)
    tell_interested(entry, stream_back{entry.index}); // behind a move, which says more
  std::vector<candle_view> views;
  stream_position through;
  if (auto* made = entry.idle->candles()) {
    made->open_views(views);
    through = made->builder().through();
  }
  lock.unlock();
  if (!candles.rules)
    return;
  const auto outlets = outlets_of(entry, candles.rules->intervals);
  if (!outlets.board)
    return;
  outlets.board->set(through, [&views](auto& to) { to = std::move(views); });
  restore_candles({std::move(stored), uncommitted_epoch, source, candles});
}

symbol_actor symbol_directory::actor_for(const stream_key& name, const topic_partition& source) {
  auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  auto& entry = entry_of(in, name);
  if (ended_ || entry.needs_restore)
    return {};
  if (!entry.home)
    entry.home = source;
  if (!is_fed_by(entry, source))
    entry.next_home = std::make_unique<topic_partition>(source);
  return at_work(entry);
}

std::optional<symbol_actor> symbol_directory::actor_at(const stream_key& name,
                                                       const topic_partition& source) {
  auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  const auto found = in.entries.find(name);
  if (found == in.entries.end() || !is_fed_by(*found->second, source))
    return std::nullopt;
  auto& entry = *found->second;
  return ended_ || entry.needs_restore ? symbol_actor{} : at_work(entry);
}

// Requires: the shard's lock. Something is on its way to it from here on.
symbol_actor symbol_directory::at_work(symbol_entry& entry) {
  if (!entry.actor) {
    auto state = std::exchange(entry.idle, nullptr);
    entry.actor = spawn_(entry, state ? std::move(state) : new_state(entry));
    entry.worked = true;
    actors_.fetch_add(1, std::memory_order_relaxed);
  }
  entry.worked_at = seconds_.load(std::memory_order_relaxed);
  entry.queued.fetch_add(1, std::memory_order_relaxed);
  return entry.actor;
}

bool symbol_directory::forget_actor(const stream_key& name, std::uint64_t actor_id) {
  auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  auto found = in.entries.find(name);
  if (found == in.entries.end() || !found->second->actor ||
      found->second->actor->id() != actor_id)
    return false;
  found->second->actor = nullptr;
  found->second->needs_restore = true;
  found->second->queued.store(0);
  found->second->restarts.fetch_add(1);
  actors_.fetch_sub(1, std::memory_order_relaxed);
  tell_interested(*found->second, recall_again{found->second->index});
  return true;
}

bool symbol_directory::needs_restore(const stream_key& name) const {
  const auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  const auto found = in.entries.find(name);
  return found != in.entries.end() && found->second->needs_restore;
}

void symbol_directory::tell_partition(const symbol_entry& entry) const {
  const auto home = home_of(entry.key);
  if (!home)
    return;
  partition_actor to;
  {
    std::lock_guard lock(assignment_mutex_);
    if (const auto found = partitions_.find(*home); found != partitions_.end())
      to = found->second;
  }
  if (to)
    caf::anon_send(to, stream_failed{entry.key});
}

void symbol_directory::set_partition(const topic_partition& source, partition_actor actor) {
  std::lock_guard lock(assignment_mutex_);
  partitions_.insert_or_assign(source, std::move(actor));
}

void symbol_directory::remove_partition(const topic_partition& source,
                                        const partition_actor& actor) {
  std::lock_guard lock(assignment_mutex_);
  if (const auto found = partitions_.find(source);
      found != partitions_.end() && found->second == actor)
    partitions_.erase(found);
}

// Requires: the shard's lock.
bool symbol_directory::is_idle(const symbol_entry& entry) const {
  return entry.queued.load(std::memory_order_relaxed) == 0 && !entry.uncommitted_move &&
         seconds_.load(std::memory_order_relaxed) - entry.worked_at >= passivate_after_;
}

void symbol_directory::passivate_idle() {
  seconds_.fetch_add(1, std::memory_order_relaxed);
  // So many that all have had their turn within the time.
  const auto shards = (shard_count - 1) / passivate_after_ + 1;
  for (std::size_t i = 0; i < shards; ++i) {
    auto& in = shards_[next_shard_++ % shard_count];
    std::lock_guard lock(in.mutex);
    for (const auto& [name, entry] : in.entries)
      if (entry->actor && is_idle(*entry))
        caf::anon_send(entry->actor, passivate_symbol{});
  }
}

bool symbol_directory::passivate(symbol_entry& entry, std::uint64_t actor_id,
                                 std::shared_ptr<symbol_state> state) {
  std::lock_guard lock(shard_of(entry.key).mutex);
  if (!entry.actor || entry.actor->id() != actor_id || !is_idle(entry))
    return false;
  entry.idle = std::move(state);
  entry.actor = nullptr;
  actors_.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

std::vector<stream_key> symbol_directory::active_at(const topic_partition& home) const {
  std::vector<stream_key> out;
  for (const auto& in : shards_) {
    std::lock_guard lock(in.mutex);
    for (const auto& [name, entry] : in.entries)
      if ((entry->worked || entry->needs_restore || entry->idle) &&
          is_fed_by(*entry, home) &&
          name.kind.events() != event_kind::candle) // they are restored with their source
        out.push_back(name);
  }
  return out;
}

symbol_actor symbol_directory::find_actor(const stream_key& name) const {
  const auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  auto found = in.entries.find(name);
  return found == in.entries.end() ? symbol_actor{} : found->second->actor;
}

void symbol_directory::move_home(symbol_entry& entry, const stored_stream& row,
                                 std::optional<waiting_ranges::earlier> waits) {
  std::lock_guard lock(shard_of(entry.key).mutex);
  if (entry.earlier)
    std::erase_if(*entry.earlier, [](const auto& each) { return each.range.expired(); });
  if (waits) {
    if (!entry.earlier)
      entry.earlier = std::make_unique<std::vector<waiting_ranges::earlier>>();
    entry.earlier->push_back(std::move(*waits));
  } else if (entry.earlier && entry.earlier->empty()) {
    entry.earlier.reset();
  }
  entry.home = row.home;
  if (entry.next_home && *entry.next_home == entry.home)
    entry.next_home.reset();
  if (std::exchange(entry.away, is_away(entry.home)) && !entry.away)
    tell_interested(entry, stream_back{entry.index}); // by way of a partition that is held here
  entry.uncommitted_move = std::make_unique<stored_stream>(row);
}

void symbol_directory::home_committed(symbol_entry& entry, epoch committed) {
  std::unique_lock lock(shard_of(entry.key).mutex);
  if (!entry.uncommitted_move || entry.uncommitted_move->position.epoch > committed)
    return;
  entry.uncommitted_move.reset();
  entry.stored_epoch = committed;
  const auto home = entry.home;
  lock.unlock();
  if (home && settled(*home)) // some were told that it is not, because of the move
    tell_interested(entry, partition_settled{*home});
}

void symbol_directory::end_actors() {
  ended_ = true;
  for (auto& in : shards_) {
    std::lock_guard lock(in.mutex);
    for (auto& [name, entry] : in.entries) {
      if (entry->actor)
        caf::anon_send_exit(entry->actor, caf::exit_reason::user_shutdown);
      entry->actor = nullptr;
    }
  }
}

} // namespace tradepulse
