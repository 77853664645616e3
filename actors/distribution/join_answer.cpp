#include "actors/distribution/join_answer.hpp"

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

// What a join would see after these events.
std::shared_ptr<const price_snapshot> folded(std::shared_ptr<const price_snapshot> base,
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

void join_at(subscription& joining, const stream_joined& answer) {
  joining.answered = true;
  joining.away = joining.away || answer.away;
  joining.snapshot = answer.snapshot;
  if (joining.snapshot)
    joining.position = joining.snapshot->position;
}

void fold_into(subscription& joining, const price_burst& burst) {
  if (!joining.answered || stream_position{burst.epoch(), burst.last()} <= joining.position)
    return;
  joining.snapshot = folded(std::move(joining.snapshot), burst);
  joining.position = joining.snapshot->position;
}

join_answer answer_to(const join_request& request, subscriber& to) {
  join_answer out;
  std::vector<native::join_position> positions;
  for (auto index : request.members) {
    auto found = to.subscriptions.find(index);
    if (found == to.subscriptions.end() || found->second->group != request.group)
      continue; // left, or subscribed again, before the answer
    auto& sub = *out.members.emplace_back(found->second.get());
    positions.push_back({sub.symbol, sub.snapshot != nullptr, sub.position});
  }
  websocket::append_text_frame(out.frames, [&](std::string& text) {
    native::append_subscribed(text, request.id, positions);
  });
  for (const auto* sub : out.members)
    if (sub->away)
      websocket::append_text_frame(out.frames, [&](std::string& text) {
        native::append_error(text, {}, errc::not_owner,
                             "the symbol's partition is not held by this node now", sub->symbol);
      });
    else if (sub->snapshot)
      websocket::append_text_frame(out.frames, [&](std::string& text) {
        native::append_snapshot(text, *sub->snapshot, to.numbers_as_strings);
      });
  return out;
}

void go_live(const join_answer& taken) {
  for (auto* sub : taken.members) {
    sub->state = subscription::phase::live;
    if (!sub->away)
      sub->snapshot.reset();
  }
}

} // namespace tradepulse
