#include "actors/distribution/hand_back_writer.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tradepulse {
namespace {

using phase = subscription::phase;

// Null where it is not meant any more.
subscription* meant(const handed_item& item, subscriber& to) {
  auto found = to.subscriptions.find(item.index);
  if (found == to.subscriptions.end() || found->second->group != item.group ||
      found->second->state != phase::diverted || item.through <= found->second->position)
    return nullptr;
  return found->second.get();
}

void stands_at(subscription& of, stream_position through) {
  of.position = through;
  if (of.diverted_through > through || of.state != phase::diverted)
    return;
  of.state = phase::live;
  --of.owner->diverted;
}

class writer {
 public:
  writer(subscriber& to, write_pass& pass, engine_metrics& metrics)
      : to_(to), pass_(pass), metrics_(metrics) {}

  // All of them, or none.
  void write_merged(const std::vector<std::pair<subscription*, const handed_item*>>& items) {
    auto frames = std::make_shared<std::string>();
    for (const auto& [sub, item] : items) {
      *frames += item->preface;
      append_frame(*frames, item->update, to_.numbers_as_strings);
    }
    const std::size_t length = frames->size();
    const bool written = push({std::move(frames), 0, length});
    for (const auto& [sub, item] : items) {
      if (!written) {
        answer_.refused.push_back(*item);
        answer_.refused.back().reached = sub->position;
        continue;
      }
      stands_at(*sub, item->through);
      metrics_.merged_updates.add(is_empty(item->update) ? 0 : 1);
      metrics_.gaps.add(item->gaps);
      metrics_.deliveries.add(1);
    }
  }

  void write_lossless(subscription& of, const handed_item& item) {
    auto next = item.kept.begin();
    for (; next != item.kept.end() && !refused_; ++next) {
      if (next->through <= of.position)
        continue;
      if (!push(next->frames))
        break;
      stands_at(of, next->through);
      metrics_.deliveries.add(next->events);
      metrics_.gaps.add(next->gaps);
    }
    if (next == item.kept.end())
      return;
    auto& rest = answer_.refused.emplace_back();
    rest.index = item.index;
    rest.group = item.group;
    rest.kept.assign(next, item.kept.end());
    rest.through = item.through;
    rest.reached = of.position;
  }

  handed_back answer() && { return std::move(answer_); }

 private:
  // False: the outbox is full, and nothing more is tried.
  bool push(frame_slice frames) {
    const std::size_t bytes = frames.length;
    refused_ = bytes > 0 && pass_.push(to_, std::move(frames)) == push_outcome::refused;
    if (!refused_)
      metrics_.delivered_bytes.add(bytes);
    return !refused_;
  }

  subscriber& to_;
  write_pass& pass_;
  engine_metrics& metrics_;
  handed_back answer_;
  bool refused_ = false;
};

} // namespace

handed_back write_handed(const hand_back& handed, subscriber& to, write_pass& pass,
                         engine_metrics& metrics) {
  std::vector<std::pair<subscription*, const handed_item*>> merged;
  std::vector<std::pair<subscription*, const handed_item*>> lossless;
  for (const auto& item : handed.items)
    if (auto* sub = meant(item, to))
      (item.kept.empty() ? merged : lossless).emplace_back(sub, &item);
  writer out(to, pass, metrics);
  if (!merged.empty())
    out.write_merged(merged);
  for (const auto& [sub, item] : lossless)
    out.write_lossless(*sub, *item);
  return std::move(out).answer();
}

} // namespace tradepulse
