#include "actors/ingest/candle_clock.hpp"

#include <algorithm>

namespace tradepulse {

// Offsets rise by one at least: the last rise at or below `offset` is no further from the first one
// than their offsets are, and just there where every record raises the watermark.
time_ms candle_marks::watermark_at(record_offset offset) const noexcept {
  if (rises.empty() || offset < rises.front().offset)
    return before;
  const auto most = std::min(
      rises.size() - 1, static_cast<std::size_t>(offset.value() - rises.front().offset.value()));
  if (rises[most].offset <= offset)
    return rises[most].watermark;
  const auto above =
      std::upper_bound(rises.begin(), rises.begin() + static_cast<std::ptrdiff_t>(most), offset,
                       [](record_offset than, const rise& each) { return than < each.offset; });
  return (above - 1)->watermark;
}

candle_clock::candle_clock(const candle_source& of)
    : of_(of), watermark_(of.max_ahead), schedule_(*of.rules) {}

void candle_clock::claimed(std::optional<time_ms> watermark) {
  watermark_ = partition_watermark(of_.max_ahead, watermark.value_or(partition_watermark::none));
  schedule_.clear();
}

void candle_clock::restore(std::uint32_t id, const symbol& name, const stored_candles& stored) {
  know(id, name);
  schedule_.restore(id, stored);
}

void candle_clock::begin(std::size_t records) {
  marks_ = std::make_shared<candle_marks>();
  marks_->rises.reserve(records); // nearly each raises it where events come in their order
  marks_->made = of_;
  marks_->before = marks_->behind = watermark_.value();
  closers_.clear();
}

void candle_clock::record(record_offset offset, time_ms event_time, time_ms append_time) {
  const time_ms now = watermark_.observe(event_time, append_time);
  if (now != marks_->behind) {
    marks_->behind = now;
    marks_->rises.push_back({offset, now});
  }
  if (schedule_.due(now)) {
    marks_->closings.push_back({offset, event_time, now});
    schedule_.collect(now, names_, closers_);
  }
}

void candle_clock::event(std::uint32_t id, const symbol& name, time_ms event_time) {
  know(id, name);
  schedule_.event(id, event_time, marks_->behind);
}

const std::vector<std::uint32_t>& candle_clock::closers() {
  std::sort(closers_.begin(), closers_.end());
  closers_.erase(std::unique(closers_.begin(), closers_.end()), closers_.end());
  return closers_;
}

std::vector<symbol> candle_clock::over(time_ms then, time_ms now) const {
  std::vector<symbol> out;
  for (const auto id : schedule_.between(then, now))
    out.push_back(names_[id]);
  return out;
}

void candle_clock::know(std::uint32_t id, const symbol& name) {
  if (id >= names_.size())
    names_.resize(id + 1);
  if (names_[id].empty()) // an id is one symbol's for good
    names_[id] = name;
}

} // namespace tradepulse
