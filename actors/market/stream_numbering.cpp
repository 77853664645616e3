#include "actors/market/stream_numbering.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace tradepulse {
namespace {

// Its newest event by time is shown to those who join; of other kinds only the time is kept.
template <class Events>
constexpr bool has_snapshot = std::is_same_v<Events, price_events>;

// Whether a number that upstream leaves out is one that never came. Of a book's updates only those
// are sent that change its best. (Of klines: symbol_state_of decides.)
template <class Events>
constexpr bool numbers_are_dense = !std::is_same_v<Events, quote_events>;

} // namespace

template <class Events>
stream_numbering<Events>::stream_numbering(const stream_key& key) {
  state_.symbol = key.symbol;
  state_.kind = key.kind;
}

template <class Events>
void stream_numbering<Events>::restore(stored_stream stored, bool uncommitted_epoch) {
  const auto key = state_.key();
  state_ = std::move(stored);
  state_.candles.reset();
  state_.symbol = key.symbol;
  state_.kind = key.kind;
  newest_source_ = state_.newest ? state_.newest->source_sequence : std::nullopt;
  if constexpr (has_snapshot<Events>)
    if (state_.snapshot)
      newest_source_ = std::max(newest_source_, state_.snapshot->source_sequence);
  uncommitted_epoch_ = uncommitted_epoch;
}

template <class Events>
void stream_numbering<Events>::begin_epoch(epoch next) noexcept {
  newest_source_.reset();
  state_.position = {next, sequence{0}};
  // The first event of an epoch replaces what is shown whatever its time.
  state_.snapshot.reset();
  state_.newest.reset();
}

template <class Events>
time_ms stream_numbering<Events>::newest_time() const noexcept {
  time_ms out = lateness::nothing_before;
  if (state_.newest)
    out = state_.newest->event_time;
  if constexpr (has_snapshot<Events>)
    if (shows_this_epoch())
      out = std::max(out, state_.snapshot->event_time);
  return out;
}

// Number 0: the event shown is older than the epoch, whose first event replaces it.
template <class Events>
bool stream_numbering<Events>::shows_this_epoch() const noexcept {
  return state_.snapshot && state_.snapshot->price_seq.value() > 0;
}

template <class Events>
void stream_numbering<Events>::show(const logged& t, bool late) {
  const auto& position = state_.position;
  if constexpr (has_snapshot<Events>) {
    if (!late)
      state_.newest.reset(); // this one says as much
    // Late by one that cannot be shown any more, it may be the newest that can.
    if (late && shows_this_epoch() && t.event_time < state_.snapshot->event_time)
      state_.snapshot->position = position;
    else
      state_.snapshot = price_snapshot{{state_.symbol, position, state_.kind},
                                       t.price,
                                       t.volume,
                                       t.event_time,
                                       position.seq,
                                       t.source_sequence};
  } else {
    if (!late)
      state_.newest = newest_event{t.event_time, {}};
    state_.newest->source_sequence = newest_source_;
  }
}

template <class Events>
typename stream_numbering<Events>::numbered
stream_numbering<Events>::apply(std::span<const logged> read, const topic_partition& source,
                                epoch floor, std::vector<event> room) {
  numbered out;
  out.events = std::move(room);
  out.events.clear();
  out.events.reserve(read.size());
  if (!read.empty() && state_.home && *state_.home != source) {
    const time_ms moved = read.front().append_time;
    if (state_.home_moved_at && moved - *state_.home_moved_at < move_window)
      state_.flags = state_.flags | stream_flags::unordered;
    state_.home_moved_at = moved;
    begin_epoch(std::max(epoch{state_.position.epoch.value() + 1}, floor));
    out.moved_home = true;
  } else if (state_.position.epoch < floor) {
    begin_epoch(floor); // committed with the floor; also a stream's first epoch
  }
  if (!read.empty()) {
    state_.home = source;
    out.moved_home = std::exchange(uncommitted_epoch_, false) || out.moved_home;
  }
  out.newest_before = newest_time();
  lateness order(out.newest_before);
  for (const auto& t : read) {
    auto& seq = state_.position.seq;
    seq = sequence{seq.value() + 1};
    const bool late = order.late(t.event_time);
    if (t.source_sequence) {
      if (newest_source_ && numbers_are_dense<Events>)
        out.source_gap += std::max<std::int64_t>(0, *t.source_sequence - *newest_source_ - 1);
      newest_source_ = std::max(newest_source_, t.source_sequence);
    }
    show(t, late);
    out.events.push_back(Events::number(seq, t, late));
  }
  out.epoch = state_.position.epoch;
  return out;
}

template <class Events>
typename stream_numbering<Events>::numbered
stream_numbering<Events>::follow(std::span<const logged> read, const stored_stream& row,
                                 bool moved_home, std::vector<event> room) {
  numbered out;
  out.events = std::move(room);
  out.events.clear();
  out.events.reserve(read.size());
  state_.position = row.position;
  state_.home = row.home;
  out.epoch = row.position.epoch;
  out.moved_home = moved_home;
  auto seq = row.position.seq.value() - static_cast<std::int64_t>(read.size());
  for (const auto& each : read)
    out.events.push_back(Events::number(sequence{++seq}, each, false));
  return out;
}

template class stream_numbering<price_events>;
template class stream_numbering<trade_events>;
template class stream_numbering<quote_events>;
template class stream_numbering<kline_events>;
template class stream_numbering<candle_events>;

} // namespace tradepulse
