#pragma once

#include <algorithm>

#include "actors/market/symbol_state_of.hpp"

// What a stream still has in memory, for those who come back. Included by symbol_state.cpp alone,
// which makes the states of every kind.
namespace tradepulse {
namespace recall_detail {

// Bursts begin at multiples of this, so that those who stand near each other share one.
inline constexpr std::int64_t shared_events = 64;

inline sequence before(sequence seq) {
  return sequence{seq.value() - 1};
}
inline sequence behind(sequence seq) {
  return sequence{seq.value() + 1};
}

} // namespace recall_detail

template <class Events>
bool symbol_state_of<Events>::in_ring(epoch of, sequence seq) const noexcept {
  return ring_.size() > 0 && ring_.epoch() == of && ring_.at(0).seq <= seq &&
         ring_.at(ring_.size() - 1).seq >= seq;
}

// The lowest number from which memory has all up to `top`, looked for down to `after`; and the
// ranges that it needs, newest first.
template <class Events>
sequence symbol_state_of<Events>::reach(stream_position top, stream_position after,
                                        parts& found) const {
  sequence lowest = recall_detail::behind(top.seq);
  const auto take_ring = [&] {
    if (in_ring(top.epoch, recall_detail::before(lowest)))
      lowest = ring_.at(0).seq;
  };
  const auto far_enough = [&] {
    return after.epoch == top.epoch && lowest <= recall_detail::behind(after.seq);
  };
  take_ring();
  if (!far_enough())
    waiting_.from_newest(top.epoch, [&](waiting_ranges::part part) {
      if (part.first < lowest && part.last >= recall_detail::before(lowest)) {
        lowest = part.first;
        found.push_back(std::move(part));
        take_ring();
      }
      return !far_enough();
    });
  return lowest;
}

template <class Events>
burst_ptr symbol_state_of<Events>::burst_between(epoch of, sequence first, sequence last,
                                                 const parts& from) {
  if (auto shared = recalled_.lock();
      shared && shared->epoch() == of && shared->first() <= first && shared->last() == last)
    return shared;
  std::vector<event> events;
  events.reserve(static_cast<std::size_t>(last.value() - first.value() + 1));
  sequence next = first;
  const auto take_ring = [&] {
    for (; next <= last && in_ring(of, next); next = recall_detail::behind(next))
      events.push_back(ring_.at(static_cast<std::size_t>(next.value() - ring_.at(0).seq.value())));
  };
  take_ring();
  for (auto part = from.rbegin(); part != from.rend() && next <= last; ++part) {
    if (part->last < next)
      continue;
    const sequence end = std::min(last, part->last);
    waiting_ranges::append<Events>(events, *part, next, end);
    next = recall_detail::behind(end);
    take_ring();
  }
  auto made = make_burst(of, std::move(events), time_ms{});
  recalled_ = made;
  return made;
}

template <class Events>
recalled_events symbol_state_of<Events>::recall(stream_position after, std::size_t limit) {
  recalled_events out;
  out.published = published_;
  out.restored = restored_;
  // What was numbered may not have been shown: the rows of a price were refused since its first.
  const auto shown = published_ ? published_->position : restored_;
  if (shown.epoch.value() == 0)
    return out;
  // An epoch that was begun here and is not committed is not published: its events are held back.
  const auto row = numbering_.row().position;
  const auto numbered = row.epoch > shown.epoch ? shown : row;
  out.highest = std::max(shown, numbered);
  parts found;
  out.newest = out.highest;
  auto lowest = reach(out.newest, after, found);
  auto top = out.newest;
  const auto reached = [&] {
    return after.epoch == top.epoch && lowest <= recall_detail::behind(after.seq);
  };
  const auto look_from = [&](stream_position at) {
    found.clear();
    top = at;
    lowest = reach(top, after, found);
  };
  if (!reached() && numbered < out.highest) { // what is between will be read again
    out.newest = numbered;
    look_from(numbered);
  }
  // Nor is an epoch over when a later one has begun: that one comes from another partition, which
  // may be committed first.
  if (after.epoch < top.epoch)
    if (const auto earlier = waiting_.oldest_end(after, top.epoch))
      look_from(*earlier);
  out.from = {top.epoch, lowest};
  out.final_below = stream_position{out.from.epoch, recall_detail::before(lowest)} <= restored_;
  if (limit == 0 || !reached() || after >= top)
    return out;
  const sequence first =
      std::max(lowest, sequence{after.seq.value() / recall_detail::shared_events *
                                    recall_detail::shared_events +
                                1});
  const sequence last =
      std::min(top.seq, sequence{after.seq.value() + static_cast<std::int64_t>(limit)});
  out.burst = burst_between(top.epoch, first, last, found);
  return out;
}

} // namespace tradepulse
