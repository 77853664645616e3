#include "actors/distribution/backlog.hpp"

#include <utility>

namespace tradepulse {

// Whatever is done to a stream, what it takes of the bound is counted.
template <class Change>
void backlog::change(entry& at, Change&& what) {
  waiting_bytes_ -= at.stream->lossless_bytes();
  what(*at.stream);
  waiting_bytes_ += at.stream->lossless_bytes();
}

backlog::entry* backlog::entry_for(stream_index index, const stream_key& stream,
                                   stream_position before, std::uint64_t group) {
  if (auto known = entries_.find(index); known != entries_.end() && known->second.group < group)
    forget(index); // what waits is of a subscription that was given up
  auto [found, made] = entries_.try_emplace(index);
  auto& at = found->second;
  if (made) {
    at.stream = make_waiting_stream(stream, before, numbers_as_strings_);
    at.group = group;
  }
  return at.group == group ? &at : nullptr;
}

// Behind a change.
std::optional<resume_point> backlog::keep(stream_index index, entry& at, const stream_key& stream,
                                          stream_position before) {
  if (!at.turn)
    at.turn = line_.insert(line_.end(), index);
  if (at.stream->is_bearable() && lossless_bytes() <= max_lossless_bytes_)
    return {};
  return resume_point{stream, before};
}

void backlog::drop_idle(stream_index index) {
  auto found = entries_.find(index);
  if (found != entries_.end() && !found->second.turn && !found->second.on_its_way)
    entries_.erase(found);
}

std::optional<resume_point> backlog::add(const event_burst& burst, stream_position before,
                                         std::uint64_t group) {
  const stream_key stream{burst.symbol(), burst.kind()};
  auto* at = entry_for(burst.index(), stream, before, group);
  if (!at)
    return {};
  if (stream_position{burst.epoch(), burst.last()} <= at->stream->through()) {
    drop_idle(burst.index());
    return {};
  }
  change(*at, [&](waiting_stream& each) { each.add(burst); });
  return keep(burst.index(), *at, stream, before);
}

std::optional<resume_point> backlog::add_move(stream_index index, const stream_head& now,
                                              stream_position before, std::uint64_t group) {
  const stream_key stream{now.symbol, now.kind};
  auto* at = entry_for(index, stream, before, group);
  if (!at)
    return {};
  if (now.position <= at->stream->through()) {
    drop_idle(index);
    return {};
  }
  change(*at, [&](waiting_stream& each) { each.add_move(now); });
  return keep(index, *at, stream, before);
}

void backlog::forget(stream_index index) {
  auto found = entries_.find(index);
  if (found == entries_.end())
    return;
  waiting_bytes_ -= found->second.stream->lossless_bytes();
  if (found->second.turn)
    line_.erase(*found->second.turn);
  entries_.erase(found);
}

void backlog::clear() {
  entries_.clear();
  line_.clear();
  waiting_bytes_ = 0;
}

std::vector<handed_item> backlog::take(std::size_t bytes) {
  std::vector<handed_item> out;
  std::size_t taken = 0;
  // Who has more than fits stands behind the others: at most once in `out`.
  for (std::size_t left = line_.size(); left > 0 && (out.empty() || taken < bytes); --left) {
    const auto index = line_.front();
    auto& at = entries_.at(index);
    auto& item = out.emplace_back();
    item.index = index;
    item.group = at.group;
    const auto before = at.stream->lossless_bytes();
    change(at, [&](waiting_stream& each) { taken += each.take(bytes - taken, item); });
    bytes_on_their_way_ += before - at.stream->lossless_bytes();
    line_.pop_front();
    at.turn.reset();
    if (!at.stream->empty())
      at.turn = line_.insert(line_.end(), index);
    at.on_its_way = true;
    on_their_way_.push_back(index);
  }
  return out;
}

void backlog::taken(std::vector<handed_item> refused) {
  bytes_on_their_way_ = 0;
  const auto before_all = line_.begin();
  for (auto& item : refused) {
    auto found = entries_.find(item.index);
    if (found == entries_.end() || found->second.group != item.group)
      continue; // unsubscribed, or begun anew, meanwhile
    auto& at = found->second;
    change(at, [&](waiting_stream& each) { each.put_back(std::move(item)); });
    if (!at.turn)
      at.turn = line_.insert(before_all, found->first);
  }
  // What nothing has come for since is not known here any more.
  for (auto index : on_their_way_)
    if (auto found = entries_.find(index); found != entries_.end()) {
      found->second.on_its_way = false;
      drop_idle(index);
    }
  on_their_way_.clear();
}

} // namespace tradepulse
