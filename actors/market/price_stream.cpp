#include "actors/market/price_stream.hpp"

#include <algorithm>
#include <utility>

namespace tradepulse {

price_stream::price_stream(symbol name) {
  state_.symbol = name;
}

void price_stream::restore(stored_stream stored, bool uncommitted_epoch) {
  const symbol name = state_.symbol;
  state_ = std::move(stored);
  state_.symbol = name;
  newest_source_ = state_.snapshot ? state_.snapshot->source_sequence : std::nullopt;
  uncommitted_epoch_ = uncommitted_epoch;
}

void price_stream::begin_epoch(epoch next) noexcept {
  newest_source_.reset();
  state_.position = {next, sequence{0}};
  // The first event of an epoch replaces the snapshot whatever its time.
  state_.snapshot.reset();
}

price_stream::numbered price_stream::apply(std::span<const tick> ticks,
                                           const topic_partition& source, epoch floor,
                                           std::vector<numbered_event> room) {
  numbered out;
  out.events = std::move(room);
  out.events.clear();
  out.events.reserve(ticks.size());
  if (!ticks.empty() && state_.home && *state_.home != source) {
    const time_ms moved = ticks.front().append_time;
    if (state_.home_moved_at && moved - *state_.home_moved_at < move_window)
      state_.flags = state_.flags | stream_flags::unordered;
    state_.home_moved_at = moved;
    begin_epoch(std::max(epoch{state_.position.epoch.value() + 1}, floor));
    out.moved_home = true;
  } else if (state_.position.epoch < floor) {
    begin_epoch(floor); // committed with the floor; also a stream's first epoch
  }
  if (!ticks.empty()) {
    state_.home = source;
    out.moved_home = std::exchange(uncommitted_epoch_, false) || out.moved_home;
  }
  for (const tick& t : ticks) {
    auto& position = state_.position;
    position.seq = sequence{position.seq.value() + 1};
    // Number 0: the event shown is older than the epoch, whose first event replaces it.
    const bool late = state_.snapshot && state_.snapshot->price_seq.value() > 0 &&
                      t.event_time < state_.snapshot->event_time;
    if (t.source_sequence) {
      if (newest_source_)
        out.source_gap += std::max<std::int64_t>(0, *t.source_sequence - *newest_source_ - 1);
      newest_source_ = std::max(newest_source_, t.source_sequence);
    }
    if (late)
      state_.snapshot->position = position;
    else
      state_.snapshot = price_snapshot{state_.symbol, t.price,      t.volume,         t.event_time,
                                       position,      position.seq, t.source_sequence};
    out.events.push_back({position.seq, t.price, t.volume, t.event_time, t.source_sequence, late});
  }
  out.epoch = state_.position.epoch;
  return out;
}

} // namespace tradepulse
