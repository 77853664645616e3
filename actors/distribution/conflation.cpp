#include "actors/distribution/conflation.hpp"

#include <algorithm>

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

constexpr std::size_t usual_update_bytes = 260;

void append_update_frame(std::string& out, const merged_update& update, bool numbers_as_strings) {
  websocket::append_text_frame(out, [&](std::string& text) {
    native::append_merged_update(text, update, numbers_as_strings);
  });
}

} // namespace

void merge_event(std::optional<merged_update>& into, const symbol& name, epoch e,
                 const numbered_event& event) {
  if (!into) {
    merged_update first;
    first.symbol = name;
    first.epoch = e;
    first.first_seq = first.last_seq = first.price_seq = event.seq;
    first.price = first.open = first.high = first.low = first.close = event.price;
    first.volume = event.volume;
    first.event_time = event.event_time;
    first.source_sequence = event.source_sequence;
    first.count = 1;
    first.late = event.late;
    into = first;
    return;
  }
  auto& m = *into;
  m.last_seq = event.seq;
  m.count += 1;
  m.high = std::max(m.high, event.price);
  m.low = std::min(m.low, event.price);
  m.close = event.price;
  m.late = m.late && event.late;
  if (event.event_time >= m.event_time) {
    m.price = event.price;
    m.volume = event.volume;
    m.event_time = event.event_time;
    m.source_sequence = event.source_sequence;
    m.price_seq = event.seq;
  }
}

merged_update merge_updates(const merged_update& older, const merged_update& newer) {
  merged_update out = newer.event_time >= older.event_time ? newer : older;
  out.first_seq = older.first_seq;
  out.last_seq = newer.last_seq;
  out.count = older.count + newer.count;
  out.open = older.open;
  out.high = std::max(older.high, newer.high);
  out.low = std::min(older.low, newer.low);
  out.close = newer.close;
  out.late = older.late && newer.late;
  return out;
}

conflation::entry& conflation::entry_for(stream_index index, const symbol& name,
                                         stream_position before) {
  auto [found, made] = entries_.try_emplace(index);
  auto& at = found->second;
  if (made)
    at.symbol = name;
  // What waits lies above what was delivered; if not, it belongs to a subscription that was given
  // up and begun anew.
  if (at.through <= before) {
    at.update.reset();
    at.preface.clear();
    at.gaps = 0;
    at.through = before;
  }
  return at;
}

void conflation::wait(stream_index index, entry& at) {
  if (!at.waits)
    at.waits = waiting_.insert(waiting_.end(), index);
}

void conflation::drop_idle(stream_index index) {
  auto found = entries_.find(index);
  if (found != entries_.end() && !found->second.waits && !found->second.on_its_way)
    entries_.erase(found);
}

// What is pending is dropped and named by the gap.
void conflation::begin_gap(entry& at, stream_position next, std::string_view reason) {
  const sequence from = at.update ? at.update->first_seq : sequence{at.through.seq.value() + 1};
  at.update.reset();
  const bool new_epoch = next.epoch != at.through.epoch;
  // A stream of which nothing was known has no older epoch to name.
  if (new_epoch && at.through.epoch.value() == 0 && next.seq.value() == 0)
    return;
  const epoch named = new_epoch && at.through.epoch.value() > 0 ? at.through.epoch : next.epoch;
  const auto to =
      new_epoch && at.through.epoch.value() > 0 ? std::nullopt : std::optional<sequence>(next.seq);
  websocket::append_text_frame(at.preface, [&](std::string& text) {
    native::append_gap(text, at.symbol, named, from, to, to ? reason : "new_epoch");
  });
  ++at.gaps;
}

bool conflation::add(const price_burst& burst, stream_position before) {
  auto& at = entry_for(burst.index(), burst.symbol(), before);
  if (stream_position{burst.epoch(), burst.last()} <= at.through) {
    drop_idle(burst.index());
    return true;
  }
  if (burst.epoch() > at.through.epoch) {
    if (at.through.epoch.value() > 0)
      begin_gap(at, {burst.epoch(), sequence{0}}, "new_epoch");
    at.through = {burst.epoch(), sequence{0}};
  }
  const std::size_t first = burst.first_above(at.through.seq);
  const auto& events = burst.events();
  if (const std::int64_t comes = events[first].seq.value(); comes > at.through.seq.value() + 1)
    begin_gap(at, {burst.epoch(), sequence{comes - 1}}, "missed");
  for (std::size_t i = first; i < events.size(); ++i)
    merge_event(at.update, at.symbol, burst.epoch(), events[i]);
  at.through = {burst.epoch(), burst.last()};
  wait(burst.index(), at);
  return at.preface.size() <= max_preface_bytes;
}

bool conflation::add_move(stream_index index, const price_snapshot& joined_at,
                          stream_position before) {
  auto& at = entry_for(index, joined_at.symbol, before);
  if (joined_at.position <= at.through) {
    drop_idle(index);
    return true;
  }
  begin_gap(at, joined_at.position, "moved");
  websocket::append_text_frame(at.preface, [&](std::string& text) {
    native::append_snapshot(text, joined_at, numbers_as_strings_);
  });
  at.through = joined_at.position;
  wait(index, at);
  return at.preface.size() <= max_preface_bytes;
}

void conflation::forget(stream_index index) {
  auto found = entries_.find(index);
  if (found == entries_.end())
    return;
  if (found->second.waits)
    waiting_.erase(*found->second.waits);
  entries_.erase(found);
}

std::vector<handed_item> conflation::take(std::size_t bytes) {
  std::vector<handed_item> out;
  std::size_t taken_bytes = 0;
  while (!waiting_.empty() && (out.empty() || taken_bytes < bytes)) {
    const auto index = waiting_.front();
    auto& at = entries_.at(index);
    taken_bytes += at.preface.size() + (at.update ? usual_update_bytes : 0);
    out.push_back(
        {index, std::exchange(at.preface, {}), at.update, at.through, std::exchange(at.gaps, 0U)});
    at.update.reset();
    at.waits.reset();
    at.on_its_way = true;
    on_their_way_.push_back(index);
    waiting_.pop_front();
  }
  return out;
}

// What nothing has come for since is not known here any more.
void conflation::arrived() {
  for (auto index : on_their_way_)
    if (auto found = entries_.find(index); found != entries_.end()) {
      found->second.on_its_way = false;
      drop_idle(index);
    }
  on_their_way_.clear();
}

void conflation::taken() {
  arrived();
}

void conflation::put_back(std::vector<handed_item> items) {
  const auto before_all = waiting_.begin();
  for (auto& item : items) {
    auto found = entries_.find(item.index);
    if (found == entries_.end() || !found->second.on_its_way)
      continue; // unsubscribed, or begun anew, meanwhile
    auto& at = found->second;
    if (at.preface.empty() && item.update && at.update)
      at.update = merge_updates(*item.update, *at.update);
    else if (at.preface.empty() && item.update)
      at.update = item.update;
    else if (item.update)
      append_update_frame(item.preface, *item.update, numbers_as_strings_);
    at.preface = std::move(item.preface) + at.preface;
    at.gaps += item.gaps;
    if (!at.waits)
      at.waits = waiting_.insert(before_all, item.index);
  }
  arrived();
}

} // namespace tradepulse
