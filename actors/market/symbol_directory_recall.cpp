#include <algorithm>
#include <utility>

#include <caf/send.hpp>

#include "actors/market/symbol_directory.hpp"
#include "actors/market/symbol_state.hpp"
#include "actors/message_types.hpp"

// What memory has for those who come back, and whether what it lacks may still come.
namespace tradepulse {

void symbol_directory::recall(const stream_key& name, stream_index index,
                              const recall_events& question) {
  auto& in = shard_of(name);
  std::lock_guard lock(in.mutex);
  auto found = in.entries.find(name);
  if (ended_ || found == in.entries.end() || found->second->index != index)
    return; // its subscription is being left
  auto& entry = *found->second;
  if (entry.actor) {
    std::lock_guard asking(assignment_mutex_);
    ask(entry, question);
    return;
  }
  recalled_events known;
  if (entry.idle) {
    known = entry.idle->recall(question.after, question.limit);
  } else if (entry.snapshot) { // its actor died: what it had is gone until a claim
    known.published = entry.snapshot;
    known.highest = known.newest = entry.snapshot->position;
    known.from = {known.newest.epoch, sequence{known.newest.seq.value() + 1}};
  }
  send_recalled(entry, question, std::move(known));
}

void symbol_directory::answer(symbol_entry& entry, const recall_events& question,
                              recalled_events found) {
  std::lock_guard lock(shard_of(entry.key).mutex);
  if (!ended_)
    send_recalled(entry, question, std::move(found));
}

// Requires: the shard's lock and that of assignments, an actor.
void symbol_directory::ask(symbol_entry& entry, recall_events question) const {
  question.settled_before = times_settled_;
  entry.queued.fetch_add(1, std::memory_order_relaxed);
  caf::anon_send(entry.actor, std::move(question));
}

// Requires: the shard's lock. Whether it is settled is asked behind the look into memory: a range
// that was found gone was either committed, or the partition was unsettled before. And told before
// that can change: who is told that it is not hears partition_settled behind it. A partition that was
// settled while the question waited has sent work behind it: that is looked at, too.
void symbol_directory::send_recalled(symbol_entry& entry, const recall_events& question,
                                     recalled_events found) const {
  std::lock_guard lock(assignment_mutex_);
  found.away = entry.away;
  found.settled = !entry.away && !entry.needs_restore && is_settled_at(entry.home);
  found.final_below = found.final_below || found.settled;
  // Whoever knows a later epoch may have it of a server that is no more, with a move of the home:
  // any partition may move the stream again, and that is held back until its commit. Or of another
  // process, to which it has moved.
  if (question.after.epoch > found.highest.epoch)
    found.settled = found.settled && !entry.uncommitted_move && is_settled_at(std::nullopt);
  if (found.settled && entry.actor && question.settled_before != times_settled_) {
    ask(entry, question);
    return;
  }
  caf::anon_send(fan_outs_.at(question.io_thread),
                 stream_recalled{question.connection, question.group, question.ask, entry.index,
                                 std::move(found), view_of(entry)});
}

} // namespace tradepulse
