#include "actors/market/symbol_state.hpp"

#include <algorithm>
#include <utility>

#include "actors/market/symbol_recall.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

template <class Events, class Room> // event_room, const or not
auto& in(Room& room) noexcept {
  if constexpr (std::is_same_v<Events, price_events>)
    return room.prices;
  else if constexpr (std::is_same_v<Events, trade_events>)
    return room.trades;
  else if constexpr (std::is_same_v<Events, quote_events>)
    return room.quotes;
  else if constexpr (std::is_same_v<Events, candle_events>)
    return room.candles;
  else
    return room.klines;
}

// What of a stored stream is shown to those who join; null: nothing ever was.
head_ptr head_of(const stored_stream& stored) {
  if (stored.kind == stream_kind::price)
    return stored.snapshot ? std::make_shared<const price_snapshot>(*stored.snapshot) : nullptr;
  if (stored.position.epoch.value() == 0)
    return {};
  return std::make_shared<const stream_head>(
      stream_head{stored.symbol, stored.position, stored.kind});
}

} // namespace

template <class Events>
symbol_state_of<Events>::symbol_state_of(const stream_key& key, stream_index index,
                                         std::size_t ring_capacity)
    : numbering_(key), index_(index), ring_(ring_capacity) {}

// What belongs to a slot whose events have no numbers yet is written to it. Candles have theirs:
// the actor of the stream that they are made from gives them with their values.
template <class Events>
typename stream_numbering<Events>::numbered
symbol_state_of<Events>::number(ingest_range& range, ingest_range::slot& slot,
                                std::vector<event> room) {
  const auto read = range.events<Events>(slot);
  if constexpr (std::is_same_v<Events, candle_events>) {
    return numbering_.follow(read, slot.row, slot.began_epoch, std::move(room));
  } else {
    auto numbered = numbering_.apply(read, range.batch->source, range.floor, std::move(room));
    slot.row = numbering_.row();
    slot.began_epoch = numbered.moved_home;
    slot.newest_before = numbered.newest_before;
    return numbered;
  }
}

template <class Events>
symbol_state::outcome symbol_state_of<Events>::apply(ingest_range& range, ingest_range::slot& slot,
                                                     event_room& room) {
  outcome out;
  constexpr bool is_candle = std::is_same_v<Events, candle_events>;
  if (slot.count == 0 && !is_candle) { // it takes part for its candles
    slot.row = numbering_.row();
    return out;
  }
  auto& events = in<Events>(room);
  const bool unordered = has(numbering_.row().flags, stream_flags::unordered);
  auto numbered = number(range, slot, std::move(events));
  waiting_.add(range, slot);
  out.became_unordered = !unordered && has(slot.row.flags, stream_flags::unordered);
  // Klines of several intervals, or of all symbols, may share the numbers of upstream.
  if (!std::is_same_v<Events, kline_events> || range.klines_have_own_numbers)
    out.source_gap = numbered.source_gap;
  events = std::move(numbered.events);
  for (const auto& each : events)
    out.late += each.late ? 1 : 0;
  out.epoch = numbered.epoch;
  if (!events.empty())
    out.oldest_append = range.events<Events>(slot).front().append_time;
  auto now = next_head();
  out.held = numbered.moved_home || !held_.empty();
  if (out.held) {
    auto burst = events.empty() ? nullptr : make_burst(out.epoch, events, out.oldest_append);
    held_.push_back({std::move(burst), std::move(now)});
  } else {
    out.events = !events.empty();
    release(events, out.epoch, std::move(now), out);
  }
  return out;
}

template <class Events>
const std::vector<candle_key>& symbol_state_of<Events>::make_candles(const ingest_range& range,
                                                                     ingest_range::slot& slot) {
  static const std::vector<candle_key> nothing;
  if (!desk_ || !range.marks || range.marks->made.stream != slot.kind)
    return nothing;
  return desk_->work(range, slot, slot.began_epoch || !held_.empty());
}

template <class Events>
void symbol_state_of<Events>::begin_candles(const std::shared_ptr<const candle_options>& rules,
                                            std::shared_ptr<const stored_candles> numbered) {
  stored_stream nothing;
  nothing.candles = std::move(numbered);
  desk_ = std::make_unique<candle_desk>(rules);
  desk_->restore(nothing, partition_watermark::none);
}

template <class Events>
head_ptr symbol_state_of<Events>::next_head() {
  const auto& row = numbering_.row();
  if constexpr (std::is_same_v<head, price_snapshot>)
    return heads_.next(*row.snapshot);
  else
    return heads_.next({row.symbol, row.position, row.kind});
}

template <class Events>
burst_ptr symbol_state_of<Events>::burst_of(const outcome& done, const event_room& room) const {
  return make_burst(done.epoch, in<Events>(room), done.oldest_append);
}

template <class Events>
void symbol_state_of<Events>::release(std::span<const event> events, epoch of, head_ptr now,
                                      outcome& out) {
  const stream_position before = published_ ? published_->position : stream_position{};
  // What is read again after a claim may be older than what was published; subscriptions drop it
  // by their own positions, the ring and the directory never go back.
  for (const auto& each : events)
    if (stream_position{of, each.seq} > before)
      ring_.push(of, each);
  if (now->position > before) {
    published_ = std::move(now);
    out.published = published_;
  }
}

template <class Events>
symbol_state::outcome symbol_state_of<Events>::commit_epoch(epoch committed) {
  outcome out;
  const auto rest = std::find_if(held_.begin(), held_.end(), [&](const held& each) {
    return each.published->position.epoch > committed;
  });
  for (auto each = held_.begin(); each != rest; ++each) {
    const auto of = each->published->position.epoch;
    const auto events = each->burst ? std::span<const event>(each->burst->events())
                                    : std::span<const event>();
    release(events, of, std::move(each->published), out);
    if (each->burst)
      out.bursts.push_back(std::move(each->burst));
  }
  held_.erase(held_.begin(), rest);
  if (held_.empty())
    held_ = {};
  return out;
}

template <class Events>
symbol_state::restored symbol_state_of<Events>::restore(stored_stream stored, head_ptr published,
                                                        bool uncommitted_epoch,
                                                        const candle_claim& candles) {
  desk_.reset();
  if (candles.rules) {
    desk_ = std::make_unique<candle_desk>(candles.rules);
    desk_->restore(stored, candles.watermark);
  }
  held_.clear();
  // Those of the claim before will not be committed. Of earlier epochs are another partition's.
  waiting_.forget_from(stored.position.epoch);
  restored_ = uncommitted_epoch ? stream_position{} : stored.position;
  published_ = std::move(published);
  restored out;
  auto at = uncommitted_epoch ? nullptr : head_of(stored); // nobody hears of it before its commit
  if (at && (!published_ || published_->position < at->position)) {
    ring_.clear();
    published_ = std::move(at);
    out.moved = published_;
  }
  out.claimed_again = !out.moved && numbering_.row().position.epoch.value() > 0;
  numbering_.restore(std::move(stored), uncommitted_epoch);
  return out;
}

template <class Events>
bool symbol_state_of<Events>::covers(const stored_stream& stored) const {
  const auto& mine = numbering_.row().position;
  return mine.epoch.value() > 0 && mine >= stored.position &&
         (!stored.candles || (desk_ && desk_->builder().covers(*stored.candles)));
}

template <class Events>
void symbol_state_of<Events>::rest() noexcept {
  heads_.forget_older();
  waiting_.prune();
  if (waiting_.empty())
    waiting_.clear();
}

template class symbol_state_of<price_events>;
template class symbol_state_of<trade_events>;
template class symbol_state_of<quote_events>;
template class symbol_state_of<kline_events>;
template class symbol_state_of<candle_events>;

std::shared_ptr<symbol_state> make_symbol_state(const stream_key& key, stream_index index,
                                                std::size_t ring_capacity) {
  switch (key.kind.events()) {
  case event_kind::price:
    return std::make_shared<symbol_state_of<price_events>>(key, index, ring_capacity);
  case event_kind::trade:
    return std::make_shared<symbol_state_of<trade_events>>(key, index, ring_capacity);
  case event_kind::quote:
    return std::make_shared<symbol_state_of<quote_events>>(key, index, ring_capacity);
  case event_kind::kline:
    return std::make_shared<symbol_state_of<kline_events>>(key, index, ring_capacity);
  case event_kind::candle:
    return std::make_shared<symbol_state_of<candle_events>>(key, index, ring_capacity);
  }
  return {};
}

} // namespace tradepulse
