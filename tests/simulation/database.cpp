#include "tests/simulation/database.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>

#include "tests/actors/support/samples.hpp"

namespace tradepulse::simulation {
namespace {

std::string text_of(const stream_key& stream) {
  return stream.symbol.str() + " " + name_of(stream.kind);
}
std::string text_of(stream_position at) {
  return std::to_string(at.epoch.value()) + "/" + std::to_string(at.seq.value());
}

template <class Logged>
price price_of(const Logged& of) {
  if constexpr (std::is_same_v<Logged, tick>)
    return of.price;
  else if constexpr (std::is_same_v<Logged, logged_trade>)
    return of.value.price;
  else if constexpr (std::is_same_v<Logged, logged_quote>)
    return of.value.bid;
  else
    return of.value.close;
}

template <class Logged>
std::shared_ptr<const candle> candle_of(const Logged& of) {
  if constexpr (std::is_same_v<Logged, logged_candle>)
    return std::make_shared<const candle>(of.value);
  else
    return {};
}

std::int64_t ms_of(time_ms time) {
  return time.time_since_epoch().count() - samples::some_time;
}

} // namespace

// --- claims ----------------------------------------------------------------------------------

claimed_partition database::granted(const topic_partition& source) const {
  const auto& found = rows_.at(source);
  claimed_partition out{source,
                        found.gen,
                        found.next,
                        found.floor,
                        found.cluster_id,
                        found.last_applied,
                        found.journal_time,
                        found.watermark,
                        {}};
  for (const auto& [name, stream] : streams_)
    if (stream.home == source && name.kind.events() != event_kind::candle)
      out.streams.push_back(stream);
  return out;
}

claimed_partition database::claim(const topic_partition& source, const std::string& owner,
                                  generation at_least) {
  settle_floating(source);
  auto& mine = rows_[source];
  mine.gen = generation{std::max(mine.gen, at_least).value() + 1};
  mine.owner = owner;
  found_.happened("claimed " + source.to_string() + " " + std::to_string(mine.gen.value()));
  return granted(source);
}

std::optional<claimed_partition> database::move(const repositioning& what) {
  settle_floating(what.source);
  auto& mine = rows_[what.source];
  if (mine.gen != what.gen)
    return std::nullopt;
  mine.next = what.next;
  mine.cluster_id = what.cluster_id;
  mine.last_applied.reset();
  if (what.new_epoch) {
    for (const auto& [name, stream] : streams_)
      if (stream.home == what.source)
        mine.floor = std::max(mine.floor, stream.position.epoch);
    mine.floor = epoch{mine.floor.value() + 1};
    mine.watermark.reset();
  }
  log_.begin_era(what.source, mine.floor.value(), what.next.value());
  undo_.clear(); // this is not lost again
  found_.happened("moved " + what.source.to_string() + " to epoch " +
                  std::to_string(mine.floor.value()));
  return granted(what.source);
}

// --- commits ---------------------------------------------------------------------------------

database::transaction database::copy_of(const range_commit& work) {
  transaction out{work, {}};
  out.head.events.clear();
  for (const auto& run : work.events) {
    lateness order(run.newest_before);
    std::int64_t seq = run.first.value();
    std::visit(
        [&](const auto& events) {
          for (const auto& each : events) {
            happening what{each.offset.value(), price_of(each).units() / decimal_unit,
                           ms_of(each.event_time), order.late(each.event_time), candle_of(each)};
            out.events.push_back({run.key(), {run.epoch, sequence{seq++}}, what});
          }
        },
        run.events);
  }
  return out;
}

bool database::commit(const transaction& what) {
  const auto& head = what.head;
  auto& mine = rows_[head.source];
  if (mine.gen != head.gen || mine.next.value_or(next_offset{0}) != head.from)
    return false;
  auto& log = log_.at(head.source);
  if (log.eras.empty()) {
    fail("a commit before its partition had a place in its log");
    return true;
  }
  const auto [before, book] = std::pair(mine, log.eras.back().committed);
  look_at(what, log.eras.back());
  std::map<stream_key, std::optional<stored_stream>> streams;
  bool stays = false; // it is not lost with its server
  mine.next = head.to;
  mine.cluster_id = head.cluster_id;
  if (head.last_applied)
    mine.last_applied = head.last_applied;
  if (!what.events.empty())
    mine.journal_time = head.commit_time;
  if (head.watermark)
    mine.watermark = head.watermark;
  ++commits;
  for (const auto& each : what.events)
    if (is_kept(each.stream.kind)) {
      auto& all = journal_[each.stream][each.at.epoch.value()];
      if (each.at.seq.value() != static_cast<std::int64_t>(all.size()) + 1)
        fail(text_of(each.stream) + " is given " + text_of(each.at) + " behind number " +
             std::to_string(all.size()));
      all.push_back({each.what, head.commit_time, commits});
      commit_times_[each.stream].try_emplace(each.at, head.commit_time);
    }
  for (const auto& each : head.rows) {
    const auto name = each.stream.key();
    const auto begun = each.stream.position.epoch;
    if (const auto found = streams_.find(name); found != streams_.end()) {
      if (found->second.position > each.stream.position)
        continue; // of a home before, behind the commit of the one that it has moved to
      streams[name] = found->second;
    }
    stays = stays || (begun > mine.floor &&
                      (!streams[name] || streams[name]->position.epoch < begun));
    auto stored = each.stream;
    if (each.position_only) {
      loose_.insert(name);
      if (!each.stream.newest)
        untimed_.insert(name);
      stored.snapshot = streams[name] ? streams[name]->snapshot : std::nullopt;
      if (stored.snapshot) {
        if (stored.snapshot->position.epoch < stored.position.epoch)
          stored.snapshot->price_seq = sequence{0}; // what is shown is older
        stored.snapshot->position = stored.position;
      }
    }
    if (streams[name])
      stored.candles = streams[name]->candles;
    if (stored.position.seq.value() == 0)
      begun_[{name, begun}] = commits;
    streams_[name] = std::move(stored);
  }
  undo_.push_back([this, source = head.source, streams, before = before, book = book,
                   events = what.events, candles_back = store_candles(head), number = commits] {
    rows_[source] = before; // also a later claim is lost
    candles_back();
    log_.at(source).eras.back().committed = book;
    std::erase_if(begun_, [number](const auto& each) { return each.second == number; });
    for (const auto& [name, stream] : streams)
      if (stream)
        streams_[name] = *stream;
      else
        streams_.erase(name);
    for (const auto& each : events)
      if (is_kept(each.stream.kind))
        journal_[each.stream][each.at.epoch.value()].pop_back();
  });
  if (undo_.size() > 4)
    undo_.pop_front();
  if (stays) // it has begun an epoch that no floor would keep from another log
    undo_.clear();
  if (log.eras.back().committed)
    look_at_states(head.source, *log.eras.back().committed);
  found_.happened("committed " + head.source.to_string() + " up to " +
                  std::to_string(head.to.value()));
  return true;
}

// Every valid record of [from, to) has the number that the log gives it, once; every bad one has
// its letter; the rows say where the streams stand.
void database::look_at(const transaction& what, market_log::era& in) {
  const auto& head = what.head;
  const auto& log = log_.at(head.source).logs[in.log];
  std::map<stream_key, std::vector<const numbered*>> given;
  for (const auto& each : what.events)
    given[each.stream].push_back(&each);
  std::map<stream_key, std::int64_t> taken;
  const market_log::entry* last = nullptr;
  for (const auto& each : log) {
    if (each.offset < head.from.value() || each.offset >= head.to.value())
      continue;
    last = &each;
    if (each.bad && !letters.contains({head.source, each.offset, market_log::digest(each)}))
      return fail("record " + std::to_string(each.offset) + " was committed without its letter");
    for (const auto& stream : each.feeds) {
      const stream_position due{
          epoch{log_.epoch_in(in, stream, head.source)},
          sequence{log_.number_of(in, stream, head.source, each.offset)}};
      auto& mine = given[stream];
      const auto i = static_cast<std::size_t>(taken[stream]++);
      if (i >= mine.size())
        return fail(text_of(stream) + " lacks the event of record " + std::to_string(each.offset));
      const auto& one = *mine[i];
      const auto& truth = in.streams.at(stream)[static_cast<std::size_t>(due.seq.value() - 1)];
      if (one.at != due || one.what.offset != each.offset || one.what.whole != truth.whole ||
          one.what.ms != truth.ms || (one.what.late != truth.late && !is_untimed(stream)))
        return fail(text_of(stream) + ": record " + std::to_string(each.offset) + " is " +
                    text_of(due) + ", and record " +
                    std::to_string(one.what.offset) + " was committed as " + text_of(one.at));
    }
  }
  for (const auto& [stream, events] : given)
    if (stream.kind.events() != event_kind::candle &&
        taken[stream] != static_cast<std::int64_t>(events.size()))
      return fail(text_of(stream) + " has more events than its log");
  if (last && (!head.last_applied || head.last_applied->offset.value() != last->offset ||
               head.last_applied->digest != market_log::digest(*last)))
    return fail("the record applied last is another one");
  if (head.to < head.from || (last && head.to.value() != last->offset + 1))
    return fail("the range does not end behind its last record");
  if (!what.events.empty() && rows_[head.source].journal_time > head.commit_time)
    return fail("commit times go back");
  std::set<stream_key> rows;
  for (const auto& each : head.rows) {
    rows.insert(each.stream.key());
    const auto events = given.find(each.stream.key());
    const bool is_candle = each.stream.kind.events() == event_kind::candle;
    if (is_candle && each.stream.position.seq.value() == 0)
      continue; // look_at_candles() does
    if (events == given.end() || events->second.empty())
      return fail(text_of(each.stream.key()) + " has a row and no event");
    look_at_row(each, in, events->second.back()->at);
  }
  for (const auto& [stream, events] : given)
    if (!events.empty() && !rows.contains(stream))
      return fail(text_of(stream) + " has events and no row");
  look_at_candles(what, in);
}

void database::look_at_row(const stream_row& of, market_log::era& in, stream_position last) {
  const auto& stored = of.stream;
  const auto name = stored.key();
  if (stored.position != last)
    return fail(text_of(name) + " is stored at " + text_of(stored.position) +
                ", its events end at " + text_of(last));
  if (of.position_only || is_loose(name) || name.kind.events() == event_kind::candle)
    return;
  const auto& events = in.streams.at(name);
  std::int64_t newest = 1;
  for (std::int64_t i = 1; i <= last.seq.value(); ++i)
    if (events[static_cast<std::size_t>(i - 1)].ms >=
        events[static_cast<std::size_t>(newest - 1)].ms)
      newest = i;
  const auto& shown = events[static_cast<std::size_t>(newest - 1)];
  if (name.kind == stream_kind::price
          ? !stored.snapshot || stored.snapshot->price_seq.value() != newest ||
                stored.snapshot->position != stored.position ||
                stored.snapshot->price != samples::costs(shown.whole)
          : !stored.newest || ms_of(stored.newest->event_time) != shown.ms)
    fail(text_of(name) + " at " + text_of(stored.position) + " does not show number " +
         std::to_string(newest));
}

} // namespace tradepulse::simulation
