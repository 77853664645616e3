#include "actors/market/waiting_ranges.hpp"

#include <algorithm>

namespace tradepulse {

void waiting_ranges::add(ingest_range& range, const ingest_range::slot& slot) {
  // They end in the order of their offsets, but for those of two partitions: behind one that waits
  // long, those of the other are found when there are twice as many.
  const auto waits = [](const kept& each) { return !each.range.expired(); };
  kept_.erase(kept_.begin(), std::find_if(kept_.begin(), kept_.end(), waits));
  if (kept_.size() >= look_at_)
    prune();
  if (slot.count > 0)
    kept_.push_back({range.weak_from_this(), &slot});
}

void waiting_ranges::prune() {
  std::erase_if(kept_, [](const kept& each) { return each.range.expired(); });
  look_at_ = std::max(few, 2 * kept_.size());
}

void waiting_ranges::forget_from(epoch first) {
  std::erase_if(kept_, [first](const kept& each) {
    const auto range = each.range.lock();
    return !range || each.slot->row.position.epoch >= first;
  });
}

std::optional<waiting_ranges::earlier> waiting_ranges::newest_before(epoch below) const {
  for (auto each = kept_.rbegin(); each != kept_.rend(); ++each)
    if (const auto range = each->range.lock(); range && each->slot->row.position.epoch < below)
      return earlier{each->slot->row.position, range};
  return {};
}

std::optional<stream_position> waiting_ranges::oldest_end(stream_position after,
                                                          epoch below) const {
  std::optional<stream_position> out;
  for (const auto& each : kept_)
    if (const auto range = each.range.lock()) {
      const auto at = each.slot->row.position;
      if (at > after && at.epoch < below && (!out || at.epoch <= out->epoch))
        out = at; // they are kept in the order of their numbers
    }
  return out;
}

} // namespace tradepulse
