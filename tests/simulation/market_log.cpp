#include "tests/simulation/market_log.hpp"

#include <algorithm>
#include <utility>

namespace tradepulse::simulation {
namespace {

// A few of all records are the last of a transaction.
std::int64_t markers_behind(std::int64_t offset) {
  return offset % 5 == 3 ? 1 + offset % 2 : 0;
}

} // namespace

void market_log::add_partition(const topic_partition& source) {
  auto& made = partitions_[source];
  made.source = source;
  made.logs.emplace_back();
}

void market_log::append(partition& to, entry what, std::int64_t skip) {
  what.offset = to.end() + skip;
  to.next = what.offset + 1;
  // Not in a log that came for another one: the record to know it by may have been left out.
  to.markers = to.logs.size() == 1 ? markers_behind(what.offset) : 0;
  to.logs.back().push_back(std::move(what));
}

void market_log::replace(partition& which) {
  which.logs.emplace_back();
  which.begin = which.next = which.markers = 0;
}

void market_log::begin_era(const topic_partition& source, std::int64_t epoch, std::int64_t start) {
  auto& at = partitions_.at(source);
  const auto before = at.eras.empty() ? nullptr : at.eras.back().committed;
  auto& made = at.eras.emplace_back();
  made.epoch = epoch;
  made.log = at.logs.size() - 1;
  made.start = start;
  if (!at.rules)
    return;
  made.ahead = before ? *before : candle_book(*at.rules);
  made.ahead->begin(tradepulse::epoch{epoch});
  made.committed = std::make_shared<const candle_book>(*made.ahead);
}

void market_log::learn(const topic_partition& source, era& of) {
  const auto& log = partitions_.at(source).logs[of.log];
  for (; of.known < log.size(); ++of.known) {
    const auto& each = log[of.known];
    if (each.offset < of.start)
      continue;
    learn_candles(source, of, each);
    for (const auto& stream : each.feeds) {
      auto& events = of.streams[stream];
      const bool late =
          std::ranges::any_of(events, [&](const happening& before) { return each.ms < before.ms; });
      events.push_back({each.offset, each.whole, each.ms, late, {}});
    }
  }
}

void market_log::moves(const stream_key& stream, const topic_partition& to,
                       std::int64_t last_epoch) {
  moved_[stream] = {std::exchange(homes_.at(stream), to), last_epoch};
}

const topic_partition& market_log::home_in(const stream_key& stream, std::int64_t epoch) const {
  const auto moved = moved_.find(stream);
  return moved != moved_.end() && epoch <= moved->second.last_epoch ? moved->second.source
                                                                    : homes_.at(stream);
}

std::int64_t market_log::epoch_in(const era& of, const stream_key& stream,
                                  const topic_partition& source) const {
  const auto moved = moved_.find(stream);
  return moved == moved_.end() || source == moved->second.source
             ? of.epoch
             : std::max(of.epoch, moved->second.last_epoch + 1);
}

// The newest era that has it: what a move has begun before that nobody has seen.
const history* market_log::of(const stream_key& stream, std::int64_t epoch) {
  if (!homes_.contains(stream))
    return nullptr;
  const auto& home = home_in(stream, epoch);
  auto& eras = partitions_.at(home).eras;
  for (auto each = eras.rbegin(); each != eras.rend(); ++each)
    if (epoch_in(*each, stream, home) == epoch) {
      learn(home, *each);
      const auto found = each->streams.find(stream);
      return found == each->streams.end() ? nullptr : &found->second;
    }
  return nullptr;
}

std::optional<std::int64_t> market_log::count(const stream_key& stream, std::int64_t epoch) {
  if (stream.kind.events() == event_kind::candle) {
    const auto found = candles(stream, epoch).facts;
    return found ? std::optional(static_cast<std::int64_t>(found->size())) : std::nullopt;
  }
  const auto* found = of(stream, epoch);
  return found ? std::optional(static_cast<std::int64_t>(found->size())) : std::nullopt;
}

std::int64_t market_log::epoch_now(const stream_key& stream) {
  if (stream.kind.events() == event_kind::candle) {
    auto& eras = partitions_.at(candle_homes_.at(stream)).eras;
    return eras.empty() ? 0 : std::max(eras.back().epoch, end_of_candles(stream).epoch.value());
  }
  const auto& home = homes_.at(stream);
  const auto& eras = partitions_.at(home).eras;
  return eras.empty() ? 0 : epoch_in(eras.back(), stream, home);
}

stream_position market_log::end_of(const stream_key& stream) {
  if (stream.kind.events() == event_kind::candle) {
    const auto end = end_of_candles(stream);
    return end.seq.value() > 0 ? end : stream_position{};
  }
  auto now = epoch_now(stream);
  const auto* events = of(stream, now);
  if (const auto moved = moved_.find(stream); !events && moved != moved_.end())
    events = of(stream, now = moved->second.last_epoch); // nothing came behind the move
  if (!events)
    return {};
  return {epoch{now}, sequence{static_cast<std::int64_t>(events->size())}};
}

std::int64_t market_log::number_of(era& in, const stream_key& stream,
                                   const topic_partition& source, std::int64_t offset) {
  learn(source, in);
  const auto& events = in.streams[stream];
  const auto found = std::ranges::lower_bound(events, offset, {}, &happening::offset);
  return found == events.end() || found->offset != offset ? 0 : found - events.begin() + 1;
}

const market_log::entry* market_log::find(const std::vector<entry>& log, std::int64_t offset) {
  const auto found = std::ranges::lower_bound(log, offset, {}, &entry::offset);
  return found == log.end() || found->offset != offset ? nullptr : &*found;
}

std::shared_ptr<const record_batch> market_log::batch(const topic_partition& source, generation gen,
                                                      const std::vector<const entry*>& entries) {
  auto out = std::make_shared<record_batch>();
  out->source = source;
  out->gen = gen;
  std::size_t bytes = 0;
  for (const auto* each : entries)
    bytes += each->value.size();
  out->bytes.reserve(bytes);
  for (const auto* each : entries) {
    record made;
    made.offset = record_offset{each->offset};
    made.append_time = samples::at(samples::some_time + each->append_ms);
    if (!each->value.empty()) {
      const std::size_t begin = out->bytes.size();
      out->bytes += each->value;
      made.value = std::string_view{out->bytes}.substr(begin);
    }
    out->records.push_back(made);
  }
  return out;
}

std::uint64_t market_log::digest(const entry& of) {
  return record_digest(batch({}, {}, {&of})->records.front());
}

log_state market_log::state(const topic_partition& source, std::optional<record_offset> asked) {
  const auto& there = partitions_.at(source);
  log_state out{"cluster", next_offset{there.begin}, high_watermark{there.end()}, {}, {}};
  if (!asked || asked->value() < there.begin)
    return out;
  const auto& log = there.now();
  const auto found = std::ranges::lower_bound(log, asked->value(), {}, &entry::offset);
  if (found == log.end())
    return out;
  out.first_from = record_offset{found->offset};
  if (found->offset == asked->value())
    out.digest = digest(*found);
  return out;
}

} // namespace tradepulse::simulation
