#include <algorithm>

#include "actors/market/candle_series.hpp"
#include "protocol/expects.hpp"

// What a series stores, lets go and takes back, and its views.
namespace tradepulse {

std::optional<time_ms> candle_series::needs(const candle_options& rules, time_ms event_time,
                                            time_ms watermark) const noexcept {
  const time_ms start = start_of(event_time);
  if (start >= resident_from_ || absent_ == start || !over(rules, start, watermark) ||
      there(place(start), start))
    return {};
  return start;
}

void candle_series::supply(time_ms start, const std::optional<stored_candle>& found) {
  const std::size_t at = place(start);
  TRADEPULSE_EXPECTS(start < resident_from_ && !there(at, start));
  // Open there: left as it was when it became too old, under a shorter lateness. See restore().
  if (!found || found->candle.source_epoch != stream_.source_epoch || !found->candle.closed()) {
    absent_ = start;
    return;
  }
  TRADEPULSE_EXPECTS(found->candle.start == start && found->candle.interval == interval());
  insert(at, start).row = *found;
  ++open_;
}

void candle_series::save(std::uint32_t number, stored_candles& out) {
  if (stream_dirty_)
    out.streams.push_back(stream_);
  stream_dirty_ = false;
  for (; dirty_from_ < slots_.size(); ++dirty_from_) {
    auto& each = slots_[dirty_from_];
    if (!each.dirty)
      continue;
    out.candles.push_back(each.row);
    each.dirty = false;
    each.saved_in = number;
  }
}

void candle_series::state(stored_candles& out) const {
  out.streams.push_back(stream_);
  for (std::size_t i = open_; i < slots_.size(); ++i)
    out.candles.push_back(slots_[i].row);
}

void candle_series::release(std::uint32_t committed) {
  std::size_t count = 0; // the newest stays: what comes a moment late is of it
  while (count + 1 < open_ && !slots_[count].dirty && slots_[count].saved_in <= committed)
    ++count;
  if (count == 0)
    return;
  resident_from_ = std::max(resident_from_, slots_[count - 1].row.candle.end());
  erase_front(count);
}

// A row may be older than its stream's: a candle that closed and became too old before it was saved
// is left in the database as it was, open; it must not close again. What is of another epoch was
// forgotten.
void candle_series::restore(const candle_options& rules, const stored_candle_stream& stream,
                            std::span<const stored_candle> candles, time_ms watermark,
                            bool closed_loaded) {
  stream_ = stream;
  stream_dirty_ = false;
  slots_.clear();
  open_ = 0;
  absent_.reset();
  const auto& closed = stream_.last_closed;
  const time_ms oldest = rules.oldest_that_counts(watermark);
  for (const auto& each : candles) {
    const auto& found = each.candle;
    if (found.interval != interval() || found.source_epoch != stream_.source_epoch ||
        found.closed() != (closed && found.start <= *closed) ||
        (found.closed() && found.end() <= oldest))
      continue;
    if (found.closed())
      ++open_;
    slots_.push_back({});
    slots_.back().row = each;
  }
  std::sort(slots_.begin(), slots_.end(),
            [](const slot& a, const slot& b) { return a.row.candle.start < b.row.candle.start; });
  dirty_from_ = slots_.size();
  resident_from_ = time_ms::min();
  if (!closed_loaded && closed)
    resident_from_ = *closed + length_of(interval());
}

void candle_series::changed_views(stream_position through, std::vector<candle_view>& out) {
  for (std::size_t i = open_; i < slots_.size(); ++i) {
    auto& each = slots_[i];
    if (!each.view_due)
      continue;
    out.push_back({each.row.candle, through, false, each.withdraws, stream_.position});
    each.view_due = each.withdraws = false;
  }
}

void candle_series::idle_views(const candle_options& rules, time_ms now, stream_position through,
                               std::vector<candle_view>& out) {
  for (std::size_t i = open_; i < slots_.size(); ++i) {
    auto& each = slots_[i];
    if (each.provisional || now < rules.closes_at(each.row.candle.start, interval()))
      continue;
    each.provisional = true;
    each.view_due = each.withdraws = false;
    out.push_back({each.row.candle, through, true, false, stream_.position});
  }
}

void candle_series::open_views(stream_position through, std::vector<candle_view>& out) const {
  for (std::size_t i = open_; i < slots_.size(); ++i)
    out.push_back({slots_[i].row.candle, through, slots_[i].provisional, false, stream_.position});
}

} // namespace tradepulse
