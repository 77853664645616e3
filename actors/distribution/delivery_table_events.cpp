#include <algorithm>

#include "actors/distribution/announced_gaps.hpp"
#include "actors/distribution/delivery_table.hpp"
#include "actors/distribution/join_answer.hpp"
#include "actors/distribution/partition_notices.hpp"

// What comes from the streams: events, views of candles, and where they have gone.
namespace tradepulse {

using phase = subscription::phase;

void delivery_table::show(const candle_shown& what) {
  for (auto* sub : book_.of(what.index))
    views_.show(*sub, what.view);
}

void delivery_table::deliver(const burst_ptr& burst) {
  if (burst->kind().events() == event_kind::candle)
    for (auto* sub : book_.of(burst->index()))
      view_desk::numbered(*sub, static_cast<const candle_burst&>(*burst));
  std::size_t delivered = 0;
  for (auto* sub : book_.of(burst->index())) {
    const stream_position last{burst->epoch(), burst->last()};
    switch (sub->state) {
    case phase::joining:
      fold_into(*sub, *burst);
      break;
    case phase::live:
      if (last > sub->position)
        push_burst(*sub, burst, delivered);
      break;
    case phase::recovering:
      break; // it will read them in its turn
    case phase::diverted:
      if (last > sub->diverted_through && !sub->recall_due) {
        sub->diverted_through = last;
        sub->owner->owner->tell(events_diverted{burst, 0, sub->position, false, sub->group});
      }
      break;
    }
  }
  if (delivered > 0) {
    metrics_.deliveries.add(delivered);
    pass_.delivered(burst->oldest_append(), delivered);
  }
}

void delivery_table::push_burst(subscription& to, const burst_ptr& burst, std::size_t& delivered) {
  auto& reader = *to.owner;
  const bool new_epoch = burst->epoch() > to.position.epoch;
  const std::size_t first = new_epoch ? 0 : burst->first_above(to.position.seq);
  frame_slice frames = burst->encoded(reader.numbers_as_strings).from(first);
  std::uint32_t gaps = 0;
  if (needs_gap(to, *burst, first)) {
    auto announced = announce(to, *burst, first);
    gaps = announced.count;
    frames = frame_slice::of(announced.frames.append(frames.view())); // or nothing of it
  }
  const std::size_t bytes = frames.length;
  switch (pass_.push(reader, std::move(frames))) {
  case push_outcome::accepted:
    to.position = {burst->epoch(), burst->last()};
    delivered += burst->count() - first;
    metrics_.delivered_bytes.add(bytes);
    if (gaps > 0)
      metrics_.gaps.add(gaps);
    break;
  case push_outcome::refused:
    divert(to, {burst->epoch(), burst->last()});
    metrics_.diversions.add();
    reader.owner->tell(events_diverted{burst, first, to.position, true, to.group});
    break;
  case push_outcome::closed:
    break;
  }
}

void delivery_table::divert(subscription& from, stream_position through) {
  if (from.state != phase::diverted)
    ++from.owner->diverted;
  from.state = phase::diverted;
  from.diverted_through = through;
}

void delivery_table::moved(const stream_moved& to) {
  const auto& joined_at = *to.snapshot;
  for (auto* sub : book_.of(to.index)) {
    if (joined_at.position > sub->position || sub->back)
      view_desk::drop(*sub);
    if (sub->back) {
      recovery_.recall_again(*sub);
      continue;
    }
    if (joined_at.position <= sub->position && sub->state != phase::diverted)
      continue;
    if (recovery_.moved(*sub))
      continue;
    if (sub->state == phase::joining) {
      if (sub->answered) {
        sub->snapshot = to.snapshot;
        sub->position = joined_at.position;
      }
      continue;
    }
    // Live or not, the owner writes it: moves are rare and one place knows their form.
    divert(*sub, std::max(sub->diverted_through, joined_at.position));
    sub->owner->owner->tell(move_diverted{to, sub->position, sub->group});
  }
}

void delivery_table::away(const stream_away& what) {
  for (auto* sub : book_.of(what.index)) {
    partition_away(*sub);
    write_notices(*sub->owner);
  }
}

void delivery_table::back(const stream_back& what) {
  for (auto* sub : book_.of(what.index)) {
    partition_back(*sub);
    write_notices(*sub->owner);
    recovery_.recall_again(*sub);
  }
}

void delivery_table::recall(const recall_again& what) {
  for (auto* sub : book_.of(what.index))
    recovery_.recall_again(*sub);
}

void delivery_table::write_notices(subscriber& to) {
  while (!to.notices.empty() && !to.notice_refused) {
    auto slice = next_notices(to);
    to.notice_refused =
        !slice.frames.empty() &&
        pass_.push(to, frame_slice::of(std::move(slice.frames))) == push_outcome::refused;
    if (!to.notice_refused)
      notices_taken(to, slice);
  }
}

} // namespace tradepulse
