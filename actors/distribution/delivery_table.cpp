#include "actors/distribution/delivery_table.hpp"

#include <algorithm>

#include "actors/actor_rules.hpp"
#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

frame_slice whole(std::string text) {
  const std::size_t length = text.size();
  return {std::make_shared<const std::string>(std::move(text)), 0, length};
}

template <class Write>
void append_frame(std::string& out, Write&& write) {
  websocket::append_text_frame(out, std::forward<Write>(write));
}

// What a join would see after these events.
std::shared_ptr<const price_snapshot> fold(std::shared_ptr<const price_snapshot> base,
                                           const price_burst& burst) {
  price_snapshot out;
  const bool same_epoch = base && base->position.epoch == burst.epoch();
  // Number 0: what is shown is older than its epoch, whose first event replaces it.
  bool empty = !same_epoch || base->price_seq.value() == 0;
  if (!empty)
    out = *base;
  const std::size_t first = same_epoch ? burst.first_above(base->position.seq) : 0;
  const auto& events = burst.events();
  for (std::size_t i = first; i < events.size(); ++i) {
    const auto& e = events[i];
    const stream_position at{burst.epoch(), e.seq};
    if (empty || e.event_time >= out.event_time)
      out = {burst.symbol(), e.price, e.volume, e.event_time, at, e.seq, e.source_sequence};
    out.position = at;
    empty = false;
  }
  return std::make_shared<const price_snapshot>(out);
}

} // namespace

delivery_table::delivery_table(engine_metrics& metrics, std::function<void()> schedule_flush)
    : metrics_(metrics), schedule_flush_(std::move(schedule_flush)) {}
delivery_table::~delivery_table() = default;

// --- connections -----------------------------------------------------------------------------

void delivery_table::attach(connection_id id, std::shared_ptr<outbox> out,
                            std::shared_ptr<connection_owner> owner, bool numbers_as_strings) {
  auto made = std::make_unique<connection>();
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

delivery_table::connection* delivery_table::find(connection_id id) {
  auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

std::vector<delivery_table::subscription*>& delivery_table::subscribers(stream_index index) {
  if (streams_.size() <= index.value())
    streams_.resize(index.value() + 1);
  return streams_[index.value()];
}

void delivery_table::remove(connection& from, stream_index index) {
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
  if (found != to->subscriptions.end() && found->second->group == answer.group) {
    auto& sub = *found->second;
    sub.answered = true;
    sub.away = sub.away || answer.away;
    sub.snapshot = answer.snapshot;
    if (sub.snapshot)
      sub.position = sub.snapshot->position;
  }
  write_answers(*to);
}

// In the order of the requests, as far as the answers are due and the outbox takes them.
void delivery_table::write_answers(connection& to) {
  while (!to.answers.empty() && !to.answer_refused) {
    const auto* request = std::get_if<join_request>(&to.answers.oldest());
    if (request && request->open > 0)
      return;
    to.answer_refused = push_answer(to, to.answers.oldest()) == push_outcome::refused;
    if (!to.answer_refused)
      to.answers.pop();
  }
}

push_outcome delivery_table::push_answer(connection& to, const answer_queue::answer& due) {
  if (const auto* request = std::get_if<join_request>(&due))
    return push_joins(to, *request);
  const auto& frame = std::get<answer_queue::frame>(due);
  return push(to, {frame, 0, frame->size()});
}

push_outcome delivery_table::push_joins(connection& to, const join_request& request) {
  std::vector<native::join_position> positions;
  std::vector<subscription*> members;
  for (auto index : request.members) {
    auto found = to.subscriptions.find(index);
    if (found == to.subscriptions.end() || found->second->group != request.group)
      continue; // left, or subscribed again, before the answer
    members.push_back(found->second.get());
    positions.push_back(
        {members.back()->symbol, members.back()->snapshot != nullptr, members.back()->position});
  }
  std::string text;
  append_frame(text,
               [&](std::string& out) { native::append_subscribed(out, request.id, positions); });
  for (const auto* sub : members) {
    if (sub->away)
      append_frame(text, [&](std::string& out) {
        native::append_error(out, {}, errc::not_owner,
                             "the symbol's partition is not held by this node now", sub->symbol);
      });
    else if (sub->snapshot)
      append_frame(text, [&](std::string& out) {
        native::append_snapshot(out, *sub->snapshot, to.numbers_as_strings);
      });
  }
  const auto outcome = push(to, whole(std::move(text)));
  if (outcome == push_outcome::refused)
    return outcome;
  for (auto* sub : members) {
    sub->state = phase::live;
    if (!sub->away)
      sub->snapshot.reset();
  }
  return outcome;
}

void delivery_table::leave(const leave_streams& request) {
  auto* from = find(request.connection);
  if (!from)
    return;
  for (auto index : request.streams)
    remove(*from, index);
}

// --- events ----------------------------------------------------------------------------------

void delivery_table::deliver(const burst_ptr& burst) {
  std::size_t delivered = 0;
  for (auto* sub : subscribers(burst->index())) {
    const stream_position last{burst->epoch(), burst->last()};
    switch (sub->state) {
    case phase::joining:
      if (sub->answered && last > sub->position) {
        sub->snapshot = fold(std::move(sub->snapshot), *burst);
        sub->position = sub->snapshot->position;
      }
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
    pushed_.push_back({burst->oldest_append(), delivered});
  }
}

void delivery_table::push_burst(subscription& to, const burst_ptr& burst, std::size_t& delivered) {
  auto& reader = *to.owner;
  const bool new_epoch = burst->epoch() > to.position.epoch;
  const std::size_t first = new_epoch ? 0 : burst->first_above(to.position.seq);
  frame_slice frames = burst->encoded(reader.numbers_as_strings).from(first);
  const sequence next{to.position.seq.value() + 1};
  const sequence due = new_epoch ? sequence{1} : next;
  const sequence comes = burst->events()[first].seq;
  const bool ends_epoch = new_epoch && to.position.epoch.value() > 0;
  if (ends_epoch || comes > due) {
    std::string text;
    if (ends_epoch)
      append_frame(text, [&](std::string& out) {
        native::append_gap(out, to.symbol, to.position.epoch, next, std::nullopt, "new_epoch");
      });
    // Numbers that nobody here can give (only their position was stored): never silence.
    if (comes > due)
      append_frame(text, [&](std::string& out) {
        native::append_gap(out, to.symbol, burst->epoch(), due, sequence{comes.value() - 1},
                           "missed");
      });
    metrics_.gaps.add();
    text += frames.view(); // whole or not at all
    frames = whole(std::move(text));
  }
  const std::size_t bytes = frames.length;
  switch (push(reader, std::move(frames))) {
  case push_outcome::accepted:
    to.position = {burst->epoch(), burst->last()};
    delivered += burst->events().size() - first;
    metrics_.delivered_bytes.add(bytes);
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
    if (sub->state == phase::joining)
      sub->away = true;
    else if (sub->due == notice::snapshot)
      notify(*sub, notice::none); // it was told, and not yet of the return
    else
      notify(*sub, notice::away);
  }
}

void delivery_table::back(const stream_back& what) {
  for (auto* sub : subscribers(what.index)) {
    if (sub->state == phase::joining)
      sub->away = false;
    else
      notify(*sub, sub->snapshot ? notice::snapshot : notice::none);
  }
}

// --- notices ---------------------------------------------------------------------------------

void delivery_table::notify(subscription& whom, notice what) {
  auto& reader = *whom.owner;
  whom.due = what;
  if (what == notice::none)
    reader.notices.erase(whom.index);
  else
    reader.notices.insert(whom.index);
  write_notices(reader);
}

// A partition has as many streams as it likes: what does not fit waits, once a subscription.
void delivery_table::write_notices(connection& to) {
  constexpr std::size_t usual_slice_bytes = 64 * 1'024;
  while (!to.notices.empty() && !to.notice_refused) {
    std::string text;
    std::vector<subscription*> told;
    for (auto index : to.notices) {
      auto& sub = *told.emplace_back(to.subscriptions.at(index).get());
      // An update that came first says more than the snapshot.
      if (sub.due == notice::snapshot && sub.state == phase::live &&
          sub.snapshot->position == sub.position)
        append_frame(text, [&](std::string& out) {
          native::append_snapshot(out, *sub.snapshot, to.numbers_as_strings);
        });
      else if (sub.due == notice::away)
        append_frame(text, [&](std::string& out) {
          native::append_error(out, {}, errc::not_owner,
                               "the symbol's partition has moved; the subscription stays",
                               sub.symbol);
        });
      if (text.size() >= usual_slice_bytes)
        break;
    }
    to.notice_refused = !text.empty() && push(to, whole(std::move(text))) == push_outcome::refused;
    if (to.notice_refused)
      return;
    for (auto* sub : told) {
      if (sub->due == notice::snapshot)
        sub->snapshot.reset();
      sub->due = notice::none;
      to.notices.erase(sub->index);
    }
  }
}

// --- hand-back -------------------------------------------------------------------------------

void delivery_table::take_back(const hand_back& handed) {
  auto* to = find(handed.connection);
  if (!to)
    return;
  std::string text;
  std::vector<std::pair<subscription*, const handed_item*>> taken;
  for (const auto& item : handed.items) {
    auto found = to->subscriptions.find(item.index);
    if (found == to->subscriptions.end() || found->second->state != phase::diverted ||
        item.through <= found->second->position)
      continue; // left, or subscribed again (and diverted again, further on)
    taken.emplace_back(found->second.get(), &item);
    text += item.preface;
    if (item.update)
      append_frame(text, [&](std::string& out) {
        native::append_merged_update(out, *item.update, to->numbers_as_strings);
      });
  }
  const std::size_t bytes = text.size();
  const auto outcome = taken.empty() ? push_outcome::accepted : push(*to, whole(std::move(text)));
  if (outcome == push_outcome::refused) {
    // Only what is still meant: an item of a subscription that began anew must not be merged with
    // what the new one got.
    handed_back refused;
    for (const auto& [sub, item] : taken)
      refused.refused.push_back(*item);
    to->owner->tell(std::move(refused));
    return;
  }
  for (auto& [sub, item] : taken) {
    sub->position = item->through;
    // Events that the owner got after it made this update are still with it.
    if (sub->diverted_through <= item->through)
      sub->state = phase::live;
    if (item->update)
      metrics_.merged_updates.add();
  }
  metrics_.deliveries.add(taken.size());
  metrics_.delivered_bytes.add(bytes);
  to->owner->tell(handed_back{});
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
void delivery_table::tell_waiting(connection& to) {
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

// --- writing ---------------------------------------------------------------------------------

push_outcome delivery_table::push(connection& to, frame_slice frames) {
  const auto outcome = to.out->push(std::move(frames));
  if (outcome == push_outcome::accepted)
    mark_dirty(to);
  return outcome;
}

void delivery_table::mark_dirty(connection& to) {
  if (!to.dirty)
    dirty_.push_back(to.id);
  to.dirty = true;
  if (!flush_scheduled_) {
    flush_scheduled_ = true;
    schedule_flush_();
  }
}

void delivery_table::flush() {
  flush_scheduled_ = false;
  // An outbox may end its connection while it writes: ids, not pointers.
  auto dirty = std::move(dirty_);
  dirty_.clear();
  for (auto id : dirty)
    if (auto* each = find(id)) {
      each->dirty = false;
      each->out->flush();
    }
  dirty.clear();
  if (dirty_.empty())
    dirty_.swap(dirty); // keeps the memory
  for (const auto& burst : pushed_)
    metrics_.append_to_socket.observe(seconds_since(burst.append), burst.events);
  pushed_.clear();
}

} // namespace tradepulse
