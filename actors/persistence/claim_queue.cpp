#include "actors/persistence/claim_queue.hpp"

#include <algorithm>

namespace tradepulse {
namespace {

struct source_of {
  const topic_partition& operator()(const claim_partition& asked) const { return asked.source; }
  const topic_partition& operator()(const move_partition& asked) const { return asked.move.source; }
  const topic_partition& operator()(const load_streams& asked) const { return asked.source; }
  const topic_partition& operator()(const load_candles& asked) const { return asked.source; }
};

} // namespace

const topic_partition& claim_queue::entry::source() const {
  return std::visit(source_of{}, what);
}

void claim_queue::forget(const topic_partition& source) {
  // Who waits for candles is told in its turn that nothing comes.
  std::erase_if(entries_, [&](const entry& each) {
    return each.source() == source && !std::holds_alternative<load_candles>(each.what);
  });
}

std::optional<claim_queue::entry> claim_queue::take(clock::time_point now) {
  if (now < away_until_)
    return std::nullopt;
  const auto first = std::find_if(entries_.begin(), entries_.end(),
                                  [now](const entry& each) { return each.due <= now; });
  if (first == entries_.end())
    return std::nullopt;
  entry out = std::move(*first);
  entries_.erase(first);
  return out;
}

std::chrono::milliseconds claim_queue::put_back(entry failed, bool away, clock::time_point now) {
  const auto pause = (away ? away_pauses_ : failed.pauses).next();
  (away ? away_until_ : failed.due) = now + pause;
  entries_.push_back(std::move(failed));
  return pause;
}

} // namespace tradepulse
