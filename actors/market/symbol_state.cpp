#include "actors/market/symbol_state.hpp"

#include <algorithm>
#include <span>

namespace tradepulse {

symbol_state::symbol_state(const symbol& name, stream_index index, std::size_t ring_capacity)
    : stream_(name), index_(index), ring_(ring_capacity) {}

symbol_state::outcome symbol_state::apply(ingest_range& range, ingest_range::slot& slot) {
  const std::span ticks{range.ticks.data() + slot.first, slot.count};
  const bool unordered = has(stream_.row().flags, stream_flags::unordered);
  auto numbered = stream_.apply(ticks, range.batch->source, range.floor);
  slot.row = stream_.row();
  slot.began_epoch = numbered.moved_home;
  outcome out;
  out.became_unordered = !unordered && has(slot.row.flags, stream_flags::unordered);
  out.source_gap = numbered.source_gap;
  for (const auto& event : numbered.events)
    out.late += event.late ? 1 : 0;
  if (numbered.events.empty())
    return out;
  held work{std::make_shared<const price_burst>(index_, slot.symbol, numbered.epoch,
                                                std::move(numbered.events),
                                                ticks.front().append_time),
            std::make_shared<const price_snapshot>(*slot.row.snapshot)};
  if (numbered.moved_home || !held_.empty())
    held_.push_back(std::move(work));
  else
    release(std::move(work), out);
  return out;
}

void symbol_state::release(held work, outcome& out) {
  const auto& burst = *work.burst;
  const stream_position before = published_ ? published_->position : stream_position{};
  // What is read again after a claim may be older than what was published; subscriptions drop it
  // by their own positions, the ring and the directory never go back.
  for (const auto& event : burst.events())
    if (stream_position{burst.epoch(), event.seq} > before)
      ring_.push(burst.epoch(), event);
  if (work.snapshot->position > before) {
    published_ = work.snapshot;
    out.published = published_;
  }
  out.bursts.push_back(std::move(work.burst));
}

symbol_state::outcome symbol_state::commit_epoch(epoch committed) {
  outcome out;
  const auto rest = std::find_if(held_.begin(), held_.end(),
                                 [&](const held& each) { return each.burst->epoch() > committed; });
  for (auto each = held_.begin(); each != rest; ++each)
    release(std::move(*each), out);
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
