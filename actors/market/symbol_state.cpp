#include "actors/market/symbol_state.hpp"

#include <algorithm>
#include <span>

namespace tradepulse {

symbol_state::symbol_state(const symbol& name, stream_index index, std::size_t ring_capacity)
    : stream_(name), index_(index), ring_(ring_capacity) {}

symbol_state::outcome symbol_state::apply(ingest_range& range, ingest_range::slot& slot,
                                          std::vector<numbered_event>& room) {
  const std::span ticks{range.ticks.data() + slot.first, slot.count};
  const bool unordered = has(stream_.row().flags, stream_flags::unordered);
  auto numbered = stream_.apply(ticks, range.batch->source, range.floor, std::move(room));
  slot.row = stream_.row();
  slot.began_epoch = numbered.moved_home;
  outcome out;
  out.became_unordered = !unordered && has(slot.row.flags, stream_flags::unordered);
  out.source_gap = numbered.source_gap;
  room = std::move(numbered.events);
  for (const auto& event : room)
    out.late += event.late ? 1 : 0;
  if (room.empty())
    return out;
  out.events = room;
  out.epoch = numbered.epoch;
  out.oldest_append = ticks.front().append_time;
  auto snapshot = snapshots_.next(*slot.row.snapshot);
  if (numbered.moved_home || !held_.empty()) {
    held_.push_back({burst_of(out), std::move(snapshot)});
    out.events = {};
  } else {
    release(out.events, out.epoch, std::move(snapshot), out);
  }
  return out;
}

burst_ptr symbol_state::burst_of(const outcome& done) const {
  return std::make_shared<const price_burst>(
      index_, stream_.row().symbol, done.epoch,
      std::vector<numbered_event>(done.events.begin(), done.events.end()), done.oldest_append);
}

void symbol_state::release(std::span<const numbered_event> events, epoch of,
                           std::shared_ptr<const price_snapshot> snapshot, outcome& out) {
  const stream_position before = published_ ? published_->position : stream_position{};
  // What is read again after a claim may be older than what was published; subscriptions drop it
  // by their own positions, the ring and the directory never go back.
  for (const auto& event : events)
    if (stream_position{of, event.seq} > before)
      ring_.push(of, event);
  if (snapshot->position > before) {
    published_ = std::move(snapshot);
    out.published = published_;
  }
}

symbol_state::outcome symbol_state::commit_epoch(epoch committed) {
  outcome out;
  const auto rest = std::find_if(held_.begin(), held_.end(),
                                 [&](const held& each) { return each.burst->epoch() > committed; });
  for (auto each = held_.begin(); each != rest; ++each) {
    release(each->burst->events(), each->burst->epoch(), std::move(each->snapshot), out);
    out.bursts.push_back(std::move(each->burst));
  }
  held_.erase(held_.begin(), rest);
  if (held_.empty())
    held_ = {};
  return out;
}

symbol_state::restored symbol_state::restore(stored_stream stored,
                                             std::shared_ptr<const price_snapshot> published,
                                             bool uncommitted_epoch) {
  held_.clear();
  published_ = std::move(published);
  restored out;
  if (stored.snapshot && (!published_ || published_->position < stored.snapshot->position)) {
    ring_.clear();
    published_ = std::make_shared<const price_snapshot>(*stored.snapshot);
    out.moved = published_;
  }
  stream_.restore(std::move(stored), uncommitted_epoch);
  return out;
}

} // namespace tradepulse
