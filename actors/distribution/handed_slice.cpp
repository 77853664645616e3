#include "actors/distribution/handed_slice.hpp"

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {

handed_slice slice_of(const hand_back& handed, subscriber& to) {
  handed_slice out;
  for (const auto& item : handed.items) {
    auto found = to.subscriptions.find(item.index);
    if (found == to.subscriptions.end() || found->second->state != subscription::phase::diverted ||
        item.through <= found->second->position)
      continue;
    out.taken.emplace_back(found->second.get(), &item);
    out.frames += item.preface;
    if (item.update)
      websocket::append_text_frame(out.frames, [&](std::string& text) {
        native::append_merged_update(text, *item.update, to.numbers_as_strings);
      });
  }
  return out;
}

void go_on(const handed_slice& slice) {
  for (const auto& [sub, item] : slice.taken) {
    sub->position = item->through;
    if (sub->diverted_through <= item->through)
      sub->state = subscription::phase::live;
  }
}

handed_back given_back(const handed_slice& slice) {
  handed_back out;
  for (const auto& [sub, item] : slice.taken)
    out.refused.push_back(*item);
  return out;
}

} // namespace tradepulse
