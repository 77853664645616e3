#include "tests/simulation/candle_book.hpp"

#include <algorithm>
#include <limits>

#include "tests/actors/support/samples.hpp"

namespace tradepulse::simulation {
namespace {

constexpr auto every_event = std::numeric_limits<std::int64_t>::max();

std::int64_t length(candle_interval interval) {
  return length_of(interval).count();
}
std::int64_t start_of(std::int64_t ms, candle_interval interval) {
  std::int64_t start = ms / length(interval) * length(interval);
  while (start > ms)
    start -= length(interval);
  return start;
}
time_ms time_of(std::int64_t ms) {
  return samples::at(ms);
}

} // namespace

void candle_book::begin(epoch floor) {
  floor_ = floor;
  watermark_.reset();
}

void candle_book::record(const candle_record& of, std::vector<made>& out) {
  const auto reached =
      samples::some_time + std::min(of.ms, of.append_ms + rules_.max_ahead.count());
  watermark_ = std::max(watermark_.value_or(reached), reached);
  if (of.feeds)
    symbols_[*of.feeds];
  for (auto& [name, each] : symbols_) {
    const bool own = of.feeds && *of.feeds == name;
    if (own && each.source != floor_)
      first_of_epoch(each, samples::some_time + of.ms);
    for (const auto& [interval, unused] : each.all)
      close_due(name, each, interval, of, out);
    if (!own)
      continue;
    ++each.seq;
    each.watermarks.push_back(*watermark_);
    if (*watermark_ - (samples::some_time + of.ms) > rules_.rules->lateness.count())
      continue;
    for (const auto& [interval, unused] : each.all)
      add(name, each, interval, of, out);
    for (const auto& [interval, unused] : each.all)
      close_due(name, each, interval, of, out); // what fill owes behind it
  }
}

void candle_book::first_of_epoch(one_symbol& of, std::int64_t ms) const {
  const bool first_ever = floor_ == epoch{1};
  of.source = floor_;
  of.seq = 0;
  of.watermarks.clear();
  of.partial_through = first_ever ? std::nullopt : std::optional(ms);
  for (const auto interval : all_candle_intervals)
    if (rules_.rules->intervals.contains(interval)) {
      auto& each = of.all[interval];
      const epoch next{each.position.epoch.value() + 1};
      each = {{std::max(next, floor_), sequence{0}}, {}, {}, {}};
    }
}

bool candle_book::over(std::int64_t start, candle_interval interval, std::int64_t watermark) const {
  return watermark >= start + length(interval) + rules_.rules->grace.count();
}

void candle_book::close_due(const symbol& name, one_symbol& of, candle_interval interval,
                            const candle_record& by, std::vector<made>& out) const {
  auto& mine = of.all.at(interval);
  auto due = mine.open;
  std::erase_if(due, [&](std::int64_t start) { return !over(start, interval, *watermark_); });
  if (rules_.rules->fill && (!mine.closed.empty() || !mine.open.empty())) {
    auto start = mine.closed.empty() ? *mine.open.begin() : mine.closed.rbegin()->first;
    for (start += length(interval); over(start, interval, *watermark_); start += length(interval))
      due.insert(start);
  }
  for (const auto start : due)
    say(name, of, interval, start, by, out);
}

void candle_book::add(const symbol& name, one_symbol& of, candle_interval interval,
                      const candle_record& by, std::vector<made>& out) const {
  auto& mine = of.all.at(interval);
  const auto ms = samples::some_time + by.ms;
  const auto start = start_of(ms, interval);
  mine.events[start].push_back({ms, of.seq, by.whole, by.offset, by.sized});
  if (mine.closed.contains(start) || over(start, interval, *watermark_))
    say(name, of, interval, start, by, out);
  else
    mine.open.insert(start);
}

void candle_book::say(const symbol& name, one_symbol& of, candle_interval interval,
                      std::int64_t start, const candle_record& by, std::vector<made>& out) const {
  auto& mine = of.all.at(interval);
  auto row = candle_at(of, interval, start, every_event);
  const auto before = mine.closed.find(start);
  row.candle.revision = before == mine.closed.end() ? 0 : before->second.revision + 1;
  row.candle.flags = row.candle.flags | candle_flags::closed;
  mine.open.erase(start);
  mine.closed[start] = {row.candle.revision, row.candle.close};
  if (mine.position.epoch < floor_)
    mine.position = {floor_, sequence{0}};
  mine.position.seq = sequence{mine.position.seq.value() + 1};
  out.push_back(
      {{name, stream_kind::candle(interval)},
       {row.candle, mine.position, record_offset{by.offset}, time_of(samples::some_time + by.ms)},
       row});
}

// Of the events in it up to that number; flat at the close before where there are none.
stored_candle candle_book::candle_at(const one_symbol& of, candle_interval interval,
                                     std::int64_t start, std::int64_t last_seq) const {
  const auto& mine = of.all.at(interval);
  stored_candle out;
  auto& c = out.candle;
  c.interval = interval;
  c.start = time_of(start);
  c.source_epoch = of.source;
  if (of.partial_through && start <= *of.partial_through)
    c.flags = candle_flags::partial;
  std::vector<event> in_it;
  if (const auto found = mine.events.find(start); found != mine.events.end())
    for (const auto& each : found->second)
      if (each.seq <= last_seq)
        in_it.push_back(each);
  if (in_it.empty()) {
    if (!mine.closed.empty())
      c.open = c.high = c.low = c.close = mine.closed.rbegin()->second.close;
    return out;
  }
  std::ranges::sort(in_it, {}, [](const event& each) { return std::pair(each.ms, each.seq); });
  const auto& first = in_it.front();
  const auto& last = in_it.back();
  c.trades = static_cast<std::int64_t>(in_it.size());
  c.open = samples::costs(first.whole);
  c.close = samples::costs(last.whole);
  const auto [low, high] = std::ranges::minmax(in_it, {}, &event::whole);
  c.low = samples::costs(low.whole);
  c.high = samples::costs(high.whole);
  c.first_seq = sequence{std::ranges::min(in_it, {}, &event::seq).seq};
  c.last_seq = sequence{std::ranges::max(in_it, {}, &event::seq).seq};
  out.open_after_ms = static_cast<std::uint32_t>(first.ms - start);
  out.close_after_ms = static_cast<std::uint32_t>(last.ms - start);
  out.open_seq = sequence{first.seq};
  out.close_seq = sequence{last.seq};
  const bool takers = rules_.stream == stream_kind::trade; // each buys one
  c.flags = c.flags |
            (takers ? candle_flags::first_id | candle_flags::last_id : candle_flags::lacks_taker);
  if (takers) {
    c.first_trade_id = first.offset;
    c.last_trade_id = last.offset;
  }
  for (const auto& each : in_it) {
    c.flags = c.flags | (each.sized ? candle_flags::sized : candle_flags::lacks_size);
    if (!each.sized)
      continue;
    c.volume_units += decimal_unit;
    c.quote_units += int128{each.whole} * decimal_unit * decimal_unit;
  }
  if (takers) {
    c.taker_buy_volume_units = c.volume_units;
    c.taker_buy_quote_units = c.quote_units;
  }
  return out;
}

// --- what is compared --------------------------------------------------------------------------

const candle_book::one_symbol* candle_book::find(const symbol& name) const {
  const auto found = symbols_.find(name);
  return found == symbols_.end() ? nullptr : &found->second;
}

std::optional<time_ms> candle_book::watermark() const {
  return watermark_ ? std::optional(time_of(*watermark_)) : std::nullopt;
}

std::optional<stored_candles> candle_book::state(const symbol& name) const {
  const auto* of = find(name);
  if (!of)
    return std::nullopt;
  stored_candles out;
  for (const auto& [interval, each] : of->all) {
    stored_candle_stream stream{interval, of->source, each.position, {}, {}, {}};
    if (of->partial_through)
      stream.partial_through = time_of(*of->partial_through);
    if (!each.closed.empty()) {
      stream.last_closed = time_of(each.closed.rbegin()->first);
      stream.last_close = each.closed.rbegin()->second.close;
    }
    out.streams.push_back(stream);
    for (const auto start : each.open)
      out.candles.push_back(candle_at(*of, interval, start, every_event));
  }
  return out;
}

stream_position candle_book::position(const stream_key& candles) const {
  const auto* of = find(candles.symbol);
  return of ? of->all.at(candles.kind.candle_length()).position : stream_position{};
}

std::optional<candle> candle_book::open_at(const stream_key& candles, time_ms start,
                                           stream_position through) const {
  const auto* of = find(candles.symbol);
  const auto seq = through.seq.value();
  if (!of || of->source != through.epoch || seq < 1 ||
      seq > static_cast<std::int64_t>(of->watermarks.size()))
    return std::nullopt;
  const auto interval = candles.kind.candle_length();
  const auto ms = start.time_since_epoch().count();
  if (over(ms, interval, of->watermarks[static_cast<std::size_t>(seq - 1)]))
    return std::nullopt;
  auto found = candle_at(*of, interval, ms, seq).candle;
  return found.trades > 0 ? std::optional(found) : std::nullopt;
}

std::optional<candle> candle_book::newest_open(const stream_key& candles) const {
  const auto* of = find(candles.symbol);
  const auto interval = candles.kind.candle_length();
  if (!of || of->all.at(interval).open.empty())
    return std::nullopt;
  return candle_at(*of, interval, *of->all.at(interval).open.rbegin(), every_event).candle;
}

} // namespace tradepulse::simulation
