#include "actors/distribution/delivery_table.hpp"

#include <algorithm>

#include "actors/distribution/announced_gaps.hpp"
#include "actors/distribution/handed_slice.hpp"
#include "actors/distribution/join_answer.hpp"
#include "actors/distribution/partition_notices.hpp"

namespace tradepulse {
namespace {

using phase = subscription::phase;

frame_slice whole(std::string text) {
  const std::size_t length = text.size();
  return {std::make_shared<const std::string>(std::move(text)), 0, length};
}

} // namespace

delivery_table::delivery_table(engine_metrics& metrics, std::function<void()> schedule_flush)
    : metrics_(metrics), pass_(metrics.append_to_socket, std::move(schedule_flush)) {}
delivery_table::~delivery_table() = default;

// --- connections -----------------------------------------------------------------------------

void delivery_table::attach(connection_id id, std::shared_ptr<outbox> out,
                            std::shared_ptr<connection_owner> owner, bool numbers_as_strings) {
  auto made = std::make_unique<subscriber>();
  made->id = id;
  made->out = std::move(out);
  made->owner = std::move(owner);
  made->numbers_as_strings = numbers_as_strings;
  connections_[id] = std::move(made);
}

void delivery_table::detach(connection_id id) {
  auto* gone = find(id);
  if (!gone)
    return;
  while (!gone->subscriptions.empty())
    remove(*gone, gone->subscriptions.begin()->first);
  connections_.erase(id);
}

subscriber* delivery_table::find(connection_id id) {
  auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

std::vector<subscription*>& delivery_table::subscribers(stream_index index) {
  if (streams_.size() <= index.value())
    streams_.resize(index.value() + 1);
  return streams_[index.value()];
}

void delivery_table::remove(subscriber& from, stream_index index) {
  auto found = from.subscriptions.find(index);
  if (found == from.subscriptions.end())
    return;
  auto& list = subscribers(index);
  const std::size_t slot = found->second->slot;
  list[slot] = list.back();
  list[slot]->slot = slot;
  list.pop_back();
  from.notices.erase(index);
  from.subscriptions.erase(found);
}

// --- joining ---------------------------------------------------------------------------------

void delivery_table::open(const open_group& request) {
  auto* to = find(request.connection);
  if (!to)
    return;
  join_request made{request.group, request.request_id, {}, request.members.size()};
  for (const auto& member : request.members) {
    remove(*to, member.index); // a second subscription to the same stream begins anew
    auto sub = std::make_unique<subscription>();
    sub->owner = to;
    sub->index = member.index;
    sub->symbol = member.symbol;
    sub->group = request.group;
    auto& list = subscribers(member.index);
    sub->slot = list.size();
    list.push_back(sub.get());
    to->subscriptions[member.index] = std::move(sub);
    made.members.push_back(member.index);
  }
  to->answers.add(std::move(made));
  write_answers(*to);
  tell_waiting(*to);
}

void delivery_table::joined(const stream_joined& answer) {
  auto* to = find(answer.connection);
  if (!to)
    return;
  if (!to->answers.joined(answer.group))
    return;
  auto found = to->subscriptions.find(answer.index);
  if (found != to->subscriptions.end() && found->second->group == answer.group)
    join_at(*found->second, answer);
  write_answers(*to);
}

void delivery_table::leave(const leave_streams& request) {
  auto* from = find(request.connection);
  if (!from)
    return;
  for (auto index : request.streams)
    remove(*from, index);
}

// --- answers ----------------------------------------------------------------------------------

// In the order of the requests, as far as the answers are due and the outbox takes them.
void delivery_table::write_answers(subscriber& to) {
  while (!to.answers.empty() && !to.answer_refused) {
    const auto* request = std::get_if<join_request>(&to.answers.oldest());
    if (request && request->open > 0)
      return;
    to.answer_refused = push_answer(to, to.answers.oldest()) == push_outcome::refused;
    if (!to.answer_refused)
      to.answers.pop();
  }
}

push_outcome delivery_table::push_answer(subscriber& to, const answer_queue::answer& due) {
  if (const auto* frame = std::get_if<answer_queue::frame>(&due))
    return pass_.push(to, {*frame, 0, (*frame)->size()});
  auto joins = answer_to(std::get<join_request>(due), to);
  const auto outcome = pass_.push(to, whole(std::move(joins.frames)));
  if (outcome != push_outcome::refused)
    go_live(joins);
  return outcome;
}

void delivery_table::control(const control_frame& frame) {
  auto* to = find(frame.connection);
  if (!to)
    return;
  to->answers.add(frame.frame);
  write_answers(*to);
  tell_waiting(*to);
}

// Its owner decides when it is too much.
void delivery_table::tell_waiting(subscriber& to) {
  if (const auto bytes = to.answers.bytes_behind_oldest(); bytes > 0)
    to.owner->tell(control_refused{bytes});
}

void delivery_table::drained(connection_id id) {
  auto* to = find(id);
  if (!to)
    return;
  to->answer_refused = to->notice_refused = false;
  write_answers(*to);
  write_notices(*to);
}

// --- events ----------------------------------------------------------------------------------

void delivery_table::deliver(const burst_ptr& burst) {
  std::size_t delivered = 0;
  for (auto* sub : subscribers(burst->index())) {
    const stream_position last{burst->epoch(), burst->last()};
    switch (sub->state) {
    case phase::joining:
      fold_into(*sub, *burst);
      break;
    case phase::live:
      if (last > sub->position)
        push_burst(*sub, burst, delivered);
      break;
    case phase::diverted:
      if (last > sub->diverted_through) {
        sub->diverted_through = last;
        sub->owner->owner->tell(events_diverted{burst, 0, sub->position, false});
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
    frames = whole(announced.frames.append(frames.view())); // or nothing of it
  }
  const std::size_t bytes = frames.length;
  switch (pass_.push(reader, std::move(frames))) {
  case push_outcome::accepted:
    to.position = {burst->epoch(), burst->last()};
    delivered += burst->events().size() - first;
    metrics_.delivered_bytes.add(bytes);
    if (gaps > 0)
      metrics_.gaps.add(gaps);
    break;
  case push_outcome::refused:
    to.state = phase::diverted;
    to.diverted_through = {burst->epoch(), burst->last()};
    metrics_.diversions.add();
    reader.owner->tell(events_diverted{burst, first, to.position, true});
    break;
  case push_outcome::closed:
    break;
  }
}

void delivery_table::moved(const stream_moved& to) {
  const auto& joined_at = *to.snapshot;
  for (auto* sub : subscribers(to.index)) {
    if (joined_at.position <= sub->position && sub->state != phase::diverted)
      continue;
    if (sub->state == phase::joining) {
      if (sub->answered) {
        sub->snapshot = to.snapshot;
        sub->position = joined_at.position;
      }
      continue;
    }
    // Live or not, the owner writes it: moves are rare and one place knows their form.
    sub->state = phase::diverted;
    sub->diverted_through = std::max(sub->diverted_through, joined_at.position);
    sub->owner->owner->tell(move_diverted{to, sub->position});
  }
}

void delivery_table::away(const stream_away& what) {
  for (auto* sub : subscribers(what.index)) {
    partition_away(*sub);
    write_notices(*sub->owner);
  }
}

void delivery_table::back(const stream_back& what) {
  for (auto* sub : subscribers(what.index)) {
    partition_back(*sub);
    write_notices(*sub->owner);
  }
}

void delivery_table::write_notices(subscriber& to) {
  while (!to.notices.empty() && !to.notice_refused) {
    auto slice = next_notices(to);
    to.notice_refused = !slice.frames.empty() &&
                        pass_.push(to, whole(std::move(slice.frames))) == push_outcome::refused;
    if (!to.notice_refused)
      notices_taken(to, slice);
  }
}

// --- hand-back -------------------------------------------------------------------------------

void delivery_table::take_back(const hand_back& handed) {
  auto* to = find(handed.connection);
  if (!to)
    return;
  auto slice = slice_of(handed, *to);
  const std::size_t bytes = slice.frames.size();
  if (!slice.taken.empty() &&
      pass_.push(*to, whole(std::move(slice.frames))) == push_outcome::refused) {
    to->owner->tell(given_back(slice));
    return;
  }
  go_on(slice);
  for (const auto& [sub, item] : slice.taken) {
    metrics_.merged_updates.add(item->update ? 1 : 0);
    metrics_.gaps.add(item->gaps);
  }
  metrics_.deliveries.add(slice.taken.size());
  metrics_.delivered_bytes.add(bytes);
  to->owner->tell(handed_back{});
}

void delivery_table::flush() {
  pass_.flush([this](connection_id id) { return find(id); });
}

} // namespace tradepulse
