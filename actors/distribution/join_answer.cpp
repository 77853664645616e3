#include "actors/distribution/join_answer.hpp"

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

// What a join would see after these events.
head_ptr folded(const price_snapshot* base, const price_burst& burst) {
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
      out = {{burst.symbol(), at, burst.kind()},
             e.price,
             e.volume,
             e.event_time,
             e.seq,
             e.source_sequence};
    out.position = at;
    empty = false;
  }
  return std::make_shared<const price_snapshot>(out);
}

native::join_position position_of(const subscription& sub) {
  native::join_position out{
      sub.stream.symbol, sub.snapshot != nullptr, sub.position, {}, sub.stream.kind};
  if (!sub.back)
    return out;
  const auto& opened = sub.back->opened;
  if (opened.refused)
    out.position = sub.snapshot ? sub.snapshot->position : stream_position{};
  else
    out.recovered = native::recovered_span{opened.from, opened.to, opened.lost};
  return out;
}

} // namespace

void join_at(subscription& joining, const stream_joined& answer) {
  joining.answered = true;
  joining.away = joining.away || answer.away;
  joining.snapshot = answer.snapshot;
  if (joining.snapshot)
    joining.position = joining.snapshot->position;
}

void fold_into(subscription& joining, const event_burst& burst) {
  if (joining.back || !joining.answered ||
      stream_position{burst.epoch(), burst.last()} <= joining.position)
    return;
  joining.position = {burst.epoch(), burst.last()};
  if (burst.kind() == stream_kind::price)
    joining.snapshot = folded(price_of(joining.snapshot.get()), prices_of(burst));
  else
    joining.snapshot = std::make_shared<const stream_head>(
        stream_head{burst.symbol(), joining.position, burst.kind()});
}

join_answer answer_to(const join_request& request, subscriber& to) {
  join_answer out;
  std::vector<native::join_position> positions;
  for (auto index : request.members) {
    auto found = to.subscriptions.find(index);
    if (found == to.subscriptions.end() || found->second->group != request.group)
      continue; // left, or subscribed again, before the answer
    auto& sub = *out.members.emplace_back(found->second.get());
    positions.push_back(position_of(sub));
  }
  websocket::append_text_frame(out.frames, [&](std::string& text) {
    native::append_subscribed(text, request.id, positions);
  });
  for (const auto* sub : out.members)
    if (sub->away)
      websocket::append_text_frame(out.frames, [&](std::string& text) {
        native::append_error(text, {}, errc::not_owner,
                             "the symbol's partition is not held by this node now", sub->stream);
      });
    else if (const auto* price = price_of(sub->snapshot.get()); price && !sub->back)
      websocket::append_text_frame(out.frames, [&](std::string& text) {
        native::append_snapshot(text, *price, to.numbers_as_strings);
      });
  return out;
}

std::vector<subscription*> go_live(const join_answer& taken) {
  std::vector<subscription*> returning;
  for (auto* sub : taken.members) {
    sub->state = subscription::phase::live;
    if (!sub->away || sub->back)
      sub->snapshot.reset();
    if (sub->back)
      returning.push_back(sub);
  }
  return returning;
}

} // namespace tradepulse
