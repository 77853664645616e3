#include "actors/distribution/subscription_book.hpp"

#include <utility>

namespace tradepulse {

subscriber* subscription_book::find(connection_id id) const {
  auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

subscription* subscription_book::find(connection_id id, stream_index index) const {
  const auto* whose = find(id);
  if (!whose)
    return nullptr;
  auto found = whose->subscriptions.find(index);
  return found == whose->subscriptions.end() ? nullptr : found->second.get();
}

subscription& subscription_book::add(subscriber& to, stream_index index, const stream_key& stream,
                                     std::uint64_t group) {
  auto made = std::make_unique<subscription>();
  auto& out = *made;
  out.owner = &to;
  out.index = index;
  out.stream = stream;
  out.group = group;
  auto& list = of(index);
  out.slot = list.size();
  list.push_back(&out);
  to.subscriptions[index] = std::move(made);
  return out;
}

void subscription_book::remove(subscription& gone) {
  auto& from = *gone.owner;
  const auto index = gone.index;
  auto& list = of(index);
  list[gone.slot] = list.back();
  list[gone.slot]->slot = gone.slot;
  list.pop_back();
  from.notices.erase(index);
  from.views.erase(index);
  if (gone.state == subscription::phase::diverted)
    --from.diverted;
  from.subscriptions.erase(index);
}

std::vector<subscription*>& subscription_book::of(stream_index index) {
  if (streams_.size() <= index.value())
    streams_.resize(index.value() + 1);
  return streams_[index.value()];
}

} // namespace tradepulse
