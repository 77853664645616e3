#include "actors/market/candle_builder.hpp"

#include <algorithm>

#include "protocol/expects.hpp"

namespace tradepulse {

candle_builder::candle_builder(std::shared_ptr<const candle_options> rules)
    : rules_(std::move(rules)) {
  TRADEPULSE_EXPECTS(!rules_->intervals.empty() && rules_->grace.count() >= 0 &&
                     rules_->lateness.count() >= 0);
  for (const auto interval : all_candle_intervals)
    if (rules_->intervals.contains(interval))
      series_.emplace_back(interval);
  series_.shrink_to_fit();
}

candle_builder::outcome candle_builder::apply(const candle_event& event, const candle_cause& cause,
                                              std::vector<candle_fact>& out) {
  if (add_to_open(event, cause))
    return {};
  settle();
  const bool fresh = event.position > through_; // not one that was applied before
  outcome result;
  if (fresh && event.position.epoch != source_epoch_) {
    begin_epoch(event, cause);
    result.began_epoch = true;
  }
  watermark_ = std::max(watermark_, cause.watermark);
  close_due(cause, out);
  if (fresh) {
    through_ = event.position;
    result.too_late = event.event_time < rules_->oldest_that_counts(watermark_);
    if (!result.too_late)
      add(event, cause, out, result);
  }
  // A late event may be the first of all: what fill owes behind it is due at this record too.
  close_due(cause, out);
  return result;
}

void candle_builder::advance(const candle_cause& cause, std::vector<candle_fact>& out) {
  watermark_ = std::max(watermark_, cause.watermark);
  close_due(cause, out);
}

// The candle that an epoch's first event falls into may lack what came before it, and so do those
// before it, which a late event may make anew. Only where the source is seen from its very first
// event on nothing can be missing.
void candle_builder::begin_epoch(const candle_event& first, const candle_cause& cause) {
  const auto partial_through = first.position == stream_position{epoch{1}, sequence{1}}
                                   ? std::nullopt
                                   : std::optional{first.event_time};
  for (auto& each : series_)
    if (each.stream().source_epoch != first.position.epoch)
      each.begin(first.position.epoch, partial_through, cause.floor);
  if (first.position.epoch != through_.epoch)
    watermark_ = cause.watermark; // maybe of another partition, or of a log that was replaced
  source_epoch_ = first.position.epoch;
  find_next_close();
}

void candle_builder::close_due(const candle_cause& cause, std::vector<candle_fact>& out) {
  if (cause.watermark < next_close_)
    return;
  settle();
  for (auto& each : series_)
    each.close_due(*rules_, cause, out);
  find_next_close();
}

void candle_builder::add(const candle_event& event, const candle_cause& cause,
                         std::vector<candle_fact>& out, outcome& result) {
  const measured_event measured(event);
  bool opened = false;
  for (auto& each : series_) {
    const auto done = each.add(*rules_, measured, watermark_, cause, out);
    opened = opened || done.opened;
    views_due_ = views_due_ || !done.numbered;
    result.late_closes += done.numbered && done.opened ? 1U : 0U;
    result.corrections += done.numbered && !done.opened ? 1U : 0U;
    result.overflows += done.overflowed ? 1U : 0U;
  }
  if (opened)
    find_next_close();
}

std::int64_t candle_builder::take_left_out() noexcept {
  std::int64_t out = 0;
  if (rules_->fill)
    for (auto& each : series_)
      out += each.take_left_out();
  return out;
}

// An event of the run that is under way, or of one that begins with it.
bool candle_builder::add_to_open(const candle_event& event, const candle_cause& cause) noexcept {
  if (run_.from == run_.to)
    begin_run(event.event_time);
  if (!only_adds(event, cause))
    return false;
  const measured_event measured(event);
  if (event.size &&
      (!measured.quote || *measured.quote > run_.quote_room - run_.sum.candle.quote_units))
    return false;
  merge(run_.sum, measured);
  through_ = event.position;
  watermark_ = std::max(watermark_, cause.watermark);
  views_due_ = true;
  return true;
}

bool candle_builder::only_adds(const candle_event& event,
                               const candle_cause& cause) const noexcept {
  return run_.covers(event.event_time) && event.position > through_ &&
         event.position.epoch == source_epoch_ && cause.watermark < next_close_ &&
         event.event_time >= rules_->oldest_that_counts(std::max(watermark_, cause.watermark));
}

// The shortest of the candles that this time falls into lies in each of the others.
void candle_builder::begin_run(time_ms at) noexcept {
  const candle* shortest = nullptr;
  int128 room = quote_room({});
  for (const auto& each : series_) {
    const auto* open = each.open_at(at);
    if (!open)
      return;
    if (!shortest)
      shortest = open;
    room = std::min(room, quote_room(*open));
  }
  run_ = {shortest->start, shortest->end(), room, {}};
  run_.sum.candle.start = shortest->start;
}

// No run is under way behind this.
void candle_builder::settle() noexcept {
  if (run_.sum.candle.trades > 0)
    for (auto& each : series_)
      each.add_to_newest(run_.sum);
  run_.to = run_.from; // begin_run() writes the rest
  run_.sum.candle.trades = 0;
}

void candle_builder::find_next_close() noexcept {
  next_close_ = time_ms::max();
  for (const auto& each : series_)
    next_close_ = std::min(next_close_, each.next_close(*rules_));
}

void candle_builder::find_source_epoch() noexcept {
  source_epoch_ = series_.front().stream().source_epoch;
  for (const auto& each : series_)
    if (each.stream().source_epoch != source_epoch_)
      source_epoch_ = epoch{};
}

bool candle_builder::needs(const candle_event& event, time_ms watermark,
                           std::vector<key>& out) const {
  if (run_.covers(event.event_time))
    return false; // of each interval the candle is here
  const time_ms now = std::max(watermark_, watermark);
  const auto before = out.size();
  if (event.position <= through_ || event.position.epoch != through_.epoch ||
      event.event_time < rules_->oldest_that_counts(now))
    return false;
  for (const auto& each : series_)
    if (!each.newest_covers(event.event_time) && each.stream().source_epoch == event.position.epoch)
      if (const auto start = each.needs(*rules_, event.event_time, now))
        out.push_back({each.interval(), *start});
  return out.size() > before;
}

void candle_builder::supply(const key& which, const std::optional<stored_candle>& found) {
  for (auto& each : series_)
    if (each.interval() == which.interval)
      each.supply(which.start, found);
}

void candle_builder::release(std::uint32_t committed) {
  for (auto& each : series_)
    each.release(committed);
}

std::uint32_t candle_builder::save(stored_candles& out) {
  settle();
  ++saves_;
  for (auto& each : series_)
    each.save(saves_, out);
  return saves_;
}

void candle_builder::state(stored_candles& out) {
  settle();
  std::size_t open = 0;
  for (const auto& each : series_)
    open += each.open_size();
  out.streams.reserve(out.streams.size() + series_.size());
  out.candles.reserve(out.candles.size() + open);
  for (const auto& each : series_)
    each.state(out);
}

void candle_builder::restore(const stored_candles& stored, time_ms watermark,
                             stream_position through, bool closed_loaded) {
  for (auto& each : series_) {
    stored_candle_stream stream{each.interval(), {}, {}, {}, {}, {}};
    for (const auto& found : stored.streams)
      if (found.interval == each.interval())
        stream = found;
    each.restore(*rules_, stream, stored.candles, watermark, closed_loaded);
  }
  run_ = {};
  watermark_ = watermark;
  through_ = through;
  views_due_ = false;
  find_source_epoch();
  find_next_close();
}

bool candle_builder::covers(const stored_candles& stored) const {
  return std::ranges::all_of(stored.streams, [this](const stored_candle_stream& each) {
    const auto mine = std::ranges::find(series_, each.interval, &candle_series::interval);
    return mine == series_.end() || mine->stream().position >= each.position;
  });
}

void candle_builder::changed_views(std::vector<candle_view>& out) {
  if (!views_due_)
    return;
  settle();
  views_due_ = false;
  for (auto& each : series_)
    each.changed_views(through_, out);
}

void candle_builder::idle_views(time_ms now, std::vector<candle_view>& out) {
  settle();
  for (auto& each : series_)
    each.idle_views(*rules_, now, through_, out);
}

void candle_builder::open_views(std::vector<candle_view>& out) {
  settle();
  for (const auto& each : series_)
    each.open_views(through_, out);
}

std::size_t candle_builder::candles() const noexcept {
  std::size_t sum = 0;
  for (const auto& each : series_)
    sum += each.size();
  return sum;
}

std::size_t candle_builder::memory_bytes() const noexcept {
  std::size_t sum = sizeof(*this) + series_.capacity() * sizeof(candle_series);
  for (const auto& each : series_)
    sum += each.allocated_bytes();
  return sum;
}

} // namespace tradepulse
