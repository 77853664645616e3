#include "runtime/history/recent_pages.hpp"

#include <algorithm>
#include <utility>

namespace tradepulse {

void recent_pages::add(const history_queue::batch& read, page_ptr page, time_point now) {
  drop(now);
  if (read.stream.time || page->bursts.empty())
    return;
  const auto& end = *page->bursts.back();
  // The home before a move may commit more of the epoch before that of the last event.
  if (end.epoch() != read.query.after.epoch)
    return;
  kept one{read.query.after, {end.epoch(), end.last()}, 0, std::move(page), now + keep_};
  for (const auto& burst : one.page->bursts)
    one.events += burst->count();
  if (one.events > most_events_)
    return;
  events_ += one.events;
  pages_[read.stream].push_back(std::move(one));
  order_.push_back(read.stream);
  while (events_ > most_events_)
    drop_oldest();
}

recent_pages::page_ptr recent_pages::find(const history_queue::batch& wanted,
                                          time_point now) const {
  auto furthest = wanted.query.after; // of those who ask: each has to get something
  for (const auto& each : wanted.members) {
    if (!each.query.waits_since)
      return nullptr;
    furthest = std::max(furthest, each.query.after);
  }
  return find(wanted.stream, wanted.query, furthest, now);
}

recent_pages::page_ptr recent_pages::find(const history_query& wanted, time_point now) const {
  return wanted.waits_since ? find(history_queue::key_of(wanted), wanted, wanted.after, now)
                            : nullptr;
}

recent_pages::page_ptr recent_pages::find(const history_queue::stream_key& stream,
                                          const history_query& wanted, stream_position furthest,
                                          time_point now) const {
  const auto those = pages_.find(stream);
  if (!wanted.through || those == pages_.end())
    return nullptr;
  const auto answers = [&](const kept& each) {
    return each.until > now && each.after <= wanted.after && each.last > furthest &&
           (each.last >= *wanted.through || each.page->more) &&
           (!wanted.committed || each.page->committed >= *wanted.committed);
  };
  const auto found = std::ranges::find_if(those->second, answers);
  return found == those->second.end() ? nullptr : found->page;
}

void recent_pages::drop(time_point now) {
  for (auto next = next_drop(); next && *next <= now; next = next_drop())
    drop_oldest();
}

std::optional<recent_pages::time_point> recent_pages::next_drop() const {
  return order_.empty() ? std::nullopt : std::optional(pages_.at(order_.front()).front().until);
}

void recent_pages::drop_oldest() {
  const auto of = pages_.find(order_.front());
  order_.pop_front();
  events_ -= of->second.front().events;
  of->second.pop_front();
  if (of->second.empty())
    pages_.erase(of);
}

} // namespace tradepulse
