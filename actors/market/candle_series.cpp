#include "actors/market/candle_series.hpp"

#include <algorithm>

#include "protocol/expects.hpp"

namespace tradepulse {

candle_series::candle_series(candle_interval interval) {
  stream_.interval = interval;
}

void candle_series::begin(epoch source, std::optional<time_ms> partial_through, epoch floor) {
  const epoch next = std::max(epoch{stream_.position.epoch.value() + 1}, floor);
  stream_ = {stream_.interval, source, {next, sequence{0}}, partial_through, {}, {}};
  stream_dirty_ = true;
  slots_.clear();
  open_ = 0;
  dirty_from_ = 0;
  resident_from_ = time_ms::min();
  absent_.reset();
}

time_ms candle_series::next_close(const candle_options& rules) const noexcept {
  if (rules.fill && stream_.last_closed)
    return rules.closes_at(*stream_.last_closed + length_of(interval()), interval());
  if (open_ < slots_.size())
    return rules.closes_at(slots_[open_].row.candle.start, interval());
  return time_ms::max();
}

void candle_series::close_due(const candle_options& rules, const candle_cause& cause,
                              std::vector<candle_fact>& out) {
  while (cause.watermark >= next_close(rules)) {
    if (rules.fill && stream_.last_closed) {
      shorten_silence(rules, cause.watermark);
      const time_ms start = *stream_.last_closed + length_of(interval());
      if (!there(open_, start)) {
        auto& flat = insert(open_, start).row.candle;
        flat.open = flat.high = flat.low = flat.close = stream_.last_close;
      }
    }
    close_first_open(cause, out);
  }
  prune(rules, cause.watermark);
}

candle_series::added candle_series::add(const candle_options& rules, const measured_event& what,
                                        time_ms watermark, const candle_cause& cause,
                                        std::vector<candle_fact>& out) {
  added result;
  const time_ms start = start_of(what.event.event_time);
  const std::size_t at = place(start);
  result.opened = !there(at, start);
  result.numbered = result.opened ? over(rules, start, watermark) : at < open_;
  TRADEPULSE_EXPECTS(!result.opened || !result.numbered || start >= resident_from_ ||
                     absent_ == start);
  slot& into = result.opened ? insert(at, start) : slots_[at];
  mark(at);
  auto& changed = into.row.candle;
  const bool overflow_before = has(changed.flags, candle_flags::quote_overflow);
  merge(into.row, what);
  result.overflowed = !overflow_before && has(changed.flags, candle_flags::quote_overflow);
  absent_.reset();
  if (result.numbered) {
    if (result.opened) {
      changed.flags = changed.flags | candle_flags::closed;
      ++open_;
    } else {
      ++changed.revision;
    }
    closed_at(changed);
    number(changed, cause, out);
  } else {
    show(into);
  }
  return result;
}

void candle_series::add_to_newest(const stored_candle& sum) noexcept {
  mark(slots_.size() - 1);
  merge(slots_.back().row, sum);
  show(slots_.back());
}

// An open one has an event more.
void candle_series::show(slot& changed) noexcept {
  changed.view_due = true;
  changed.withdraws = changed.withdraws || changed.provisional;
  changed.provisional = false;
}

std::size_t candle_series::place(time_ms start) const noexcept {
  if (!slots_.empty() && slots_.back().row.candle.start == start)
    return slots_.size() - 1; // nearly always
  const auto found =
      std::lower_bound(slots_.begin(), slots_.end(), start,
                       [](const slot& each, time_ms than) { return each.row.candle.start < than; });
  return static_cast<std::size_t>(found - slots_.begin());
}

bool candle_series::there(std::size_t at, time_ms start) const noexcept {
  return at < slots_.size() && slots_[at].row.candle.start == start;
}

// Of a candle that is not there. Behind the newest closed one nothing opens any more, also where a
// longer grace was configured since.
bool candle_series::over(const candle_options& rules, time_ms start,
                         time_ms watermark) const noexcept {
  return watermark >= rules.closes_at(start, interval()) ||
         (stream_.last_closed && start <= *stream_.last_closed);
}

candle_series::slot& candle_series::insert(std::size_t at, time_ms start) {
  if (slots_.size() == slots_.capacity()) // doubling would keep twice of what is bounded anyway
    slots_.reserve(slots_.size() + slots_.size() / 4 + 2);
  slot made;
  made.row.candle.interval = interval();
  made.row.candle.start = start;
  made.row.candle.source_epoch = stream_.source_epoch;
  if (stream_.partial_through && start <= *stream_.partial_through)
    made.row.candle.flags = candle_flags::partial;
  if (at < dirty_from_)
    ++dirty_from_;
  return *slots_.insert(slots_.begin() + static_cast<std::ptrdiff_t>(at), made);
}

void candle_series::erase_front(std::size_t count) {
  slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(count));
  open_ -= count;
  dirty_from_ -= std::min(dirty_from_, count);
}

// Requires: a candle is due behind the newest closed one. Passes over the first ones of a silence
// that is longer than fill_limit, as if they had closed.
void candle_series::shorten_silence(const candle_options& rules, time_ms watermark) noexcept {
  const auto length = length_of(interval());
  const time_ms first = *stream_.last_closed + length;
  const time_ms due = candle_start(watermark - rules.grace, interval()); // those before it close
  const time_ms end = open_ < slots_.size() ? std::min(due, slots_[open_].row.candle.start) : due;
  const auto beyond = (end - first) / length - rules.fill_limit;
  if (beyond <= 0)
    return;
  stream_.last_closed = *stream_.last_closed + beyond * length;
  left_out_ += beyond;
}

void candle_series::close_first_open(const candle_cause& cause, std::vector<candle_fact>& out) {
  slot& each = slots_[open_];
  mark(open_++);
  each.provisional = each.view_due = each.withdraws = false; // the fact is final
  each.row.candle.flags = each.row.candle.flags | candle_flags::closed;
  closed_at(each.row.candle);
  number(each.row.candle, cause, out);
}

void candle_series::closed_at(const candle& which) noexcept {
  if (stream_.last_closed && which.start < *stream_.last_closed)
    return;
  stream_.last_closed = which.start;
  stream_.last_close = which.close;
}

void candle_series::number(const candle& which, const candle_cause& cause,
                           std::vector<candle_fact>& out) {
  auto& position = stream_.position;
  if (position.epoch < cause.floor)
    position = {cause.floor, sequence{0}}; // committed with the floor
  position.seq = sequence{position.seq.value() + 1};
  stream_dirty_ = true;
  out.push_back({which, position, cause.offset, cause.time});
}

void candle_series::mark(std::size_t at) noexcept {
  slots_[at].dirty = true;
  dirty_from_ = std::min(dirty_from_, at);
}

// What no event can change any more. Not one by one: moving up what is left then costs little for
// each. A row that was never saved as closed may be left in the database as open: see restore().
void candle_series::prune(const candle_options& rules, time_ms watermark) {
  const time_ms oldest = rules.oldest_that_counts(watermark);
  std::size_t stale = 0;
  while (stale < open_ && slots_[stale].row.candle.end() <= oldest)
    ++stale;
  if (stale > 0 && stale * 8 >= slots_.size())
    erase_front(stale);
}

} // namespace tradepulse
