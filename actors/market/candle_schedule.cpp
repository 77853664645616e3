#include "actors/market/candle_schedule.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

constexpr std::size_t word_bits = 64;

void append_members(const std::vector<std::uint64_t>& set, std::vector<std::uint32_t>& out) {
  for (std::size_t word = 0; word < set.size(); ++word)
    for (auto bits = set[word]; bits != 0; bits &= bits - 1)
      out.push_back(static_cast<std::uint32_t>(word * word_bits +
                                               static_cast<std::size_t>(std::countr_zero(bits))));
}

} // namespace

close_schedule::close_schedule(const candle_options& rules)
    : rules_(rules), shortest_(rules.intervals.shortest()) {}

void close_schedule::collect(time_ms watermark, std::span<const symbol> names,
                             std::vector<std::uint32_t>& out) {
  const auto past = std::find_if(deadlines_.begin(), deadlines_.end(),
                                 [&](const deadline& each) { return each.at > watermark; });
  if (past == deadlines_.begin())
    return;
  auto due = std::exchange(deadlines_.front().symbols, {});
  for (auto each = deadlines_.begin() + 1; each != past; ++each) {
    if (each->symbols.size() > due.size())
      std::swap(each->symbols, due);
    for (std::size_t i = 0; i < each->symbols.size(); ++i)
      due[i] |= each->symbols[i];
    spare_.push_back(std::move(each->symbols));
  }
  deadlines_.erase(deadlines_.begin(), past);
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  append_members(due, out);
  std::sort(out.begin() + first, out.end(),
            [&](std::uint32_t a, std::uint32_t b) { return names[a] < names[b]; });
  if (rules_.fill) // the candle behind it closes too, with or without events
    for (auto id = static_cast<std::size_t>(first); id < out.size(); ++id)
      enter(out[id], next_of_shortest(watermark));
  spare_.push_back(std::move(due));
}

void close_schedule::event(std::uint32_t id, time_ms event_time, time_ms watermark) {
  TRADEPULSE_EXPECTS(!due(watermark));
  if (id >= newest_.size())
    newest_.resize(id + 1, time_ms::min());
  // In the same candle as the event before; those of the longer intervals are the same too.
  if (newest_[id] > time_ms::min() && event_time >= newest_[id] &&
      event_time - newest_[id] < length_of(shortest_))
    return;
  const time_ms start = candle_start(event_time, shortest_);
  if (event_time < rules_.oldest_that_counts(watermark))
    return;
  newest_[id] = start;
  for (const auto interval : all_candle_intervals)
    if (rules_.intervals.contains(interval))
      if (const time_ms at = rules_.closes_at(candle_start(start, interval), interval);
          at > watermark)
        enter(id, at);
  if (rules_.fill)
    enter(id, next_of_shortest(watermark));
}

void close_schedule::restore(std::uint32_t id, const stored_candles& stored) {
  for (const auto& each : stored.candles)
    if (!each.candle.closed() && rules_.intervals.contains(each.candle.interval))
      enter(id, rules_.closes_at(each.candle.start, each.candle.interval));
  if (!rules_.fill)
    return;
  for (const auto& each : stored.streams)
    if (each.last_closed && rules_.intervals.contains(each.interval))
      enter(id, rules_.closes_at(*each.last_closed + length_of(each.interval), each.interval));
}

std::vector<std::uint32_t> close_schedule::between(time_ms then, time_ms now) const {
  std::vector<std::uint32_t> out;
  for (const auto& each : deadlines_)
    if (each.at > then && each.at <= now)
      append_members(each.symbols, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void close_schedule::clear() {
  deadlines_.clear();
  newest_.clear();
}

time_ms close_schedule::next_of_shortest(time_ms watermark) const noexcept {
  return rules_.closes_at(candle_start(watermark - rules_.grace, shortest_), shortest_);
}

void close_schedule::enter(std::uint32_t id, time_ms at) {
  auto found = std::lower_bound(deadlines_.begin(), deadlines_.end(), at,
                                [](const deadline& each, time_ms than) { return each.at < than; });
  if (found == deadlines_.end() || found->at != at)
    found = deadlines_.insert(found, {at, empty_set()});
  auto& set = found->symbols;
  const std::size_t word = id / word_bits;
  if (word >= set.size())
    set.resize(word + 1);
  set[word] |= std::uint64_t{1} << (id % word_bits);
}

std::vector<std::uint64_t> close_schedule::empty_set() {
  if (spare_.empty())
    return {};
  auto out = std::move(spare_.back());
  spare_.pop_back();
  std::fill(out.begin(), out.end(), 0);
  return out;
}

std::size_t close_schedule::memory_bytes() const noexcept {
  std::size_t sum = newest_.capacity() * sizeof(time_ms) + deadlines_.capacity() * sizeof(deadline);
  for (const auto& each : deadlines_)
    sum += each.symbols.capacity() * sizeof(std::uint64_t);
  for (const auto& each : spare_)
    sum += each.capacity() * sizeof(std::uint64_t);
  return sum;
}

} // namespace tradepulse
