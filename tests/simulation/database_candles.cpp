#include <algorithm>
#include <tuple>

#include "tests/actors/support/samples.hpp"
#include "tests/simulation/database.hpp"

// Candles as they are committed: their events and their numbers, the table, and what a claim goes
// on from.
namespace tradepulse::simulation {
namespace {

bool is_candle(const stream_key& stream) {
  return stream.kind.events() == event_kind::candle;
}
std::string text_of(const stream_key& stream) {
  return stream.symbol.str() + " " + name_of(stream.kind);
}
std::string text_of(stream_position at) {
  return std::to_string(at.epoch.value()) + "/" + std::to_string(at.seq.value());
}
std::string text_of(time_ms time) {
  return std::to_string(time.time_since_epoch().count() - samples::some_time);
}
std::string text_of(const candle& of) {
  return "[" + text_of(of.start) + " o" + of.open.to_string() + " h" + of.high.to_string() + " l" +
         of.low.to_string() + " c" + of.close.to_string() + " n" + std::to_string(of.trades) +
         " r" + std::to_string(of.revision) + " of " + std::to_string(of.source_epoch.value()) +
         "/" + std::to_string(of.first_seq.value()) + ".." + std::to_string(of.last_seq.value()) +
         " flags " + std::to_string(static_cast<int>(of.flags)) + "]";
}
std::int64_t ms_of(time_ms time) {
  return time.time_since_epoch().count() - samples::some_time;
}
std::string text_of(const stored_candle& of) {
  return text_of(of.candle) + " opens after " + std::to_string(of.open_after_ms) + " by " +
         std::to_string(of.open_seq.value()) + ", closes after " +
         std::to_string(of.close_after_ms) + " by " + std::to_string(of.close_seq.value());
}
std::string text_of(const stored_candles& of) {
  std::string out;
  for (const auto& each : of.streams)
    out += " " + std::string(name_of(each.interval)) + " " + text_of(each.position) + " of " +
           std::to_string(each.source_epoch.value()) +
           (each.last_closed
                ? " closed " + text_of(*each.last_closed) + " at " + each.last_close.to_string()
                : "") +
           (each.partial_through ? " partial " + text_of(*each.partial_through) : "");
  for (const auto& each : of.candles)
    out += " " + text_of(each);
  return out;
}
auto key_of(const stored_candle& of) {
  return std::tuple(of.candle.interval, of.candle.start);
}

} // namespace

std::vector<stored_candle> database::candles(const stream_key& source,
                                             std::span<const candle_key> which) const {
  std::vector<stored_candle> out;
  for (const auto& key : which)
    if (const auto found =
            candles_.find({{source.symbol, stream_kind::candle(key.interval)}, key.start});
        found != candles_.end())
      out.push_back(found->second.row);
  return out;
}

std::function<void()> database::store_candles(const range_commit& head) {
  struct state {
    stream_key source;
    std::shared_ptr<const stored_candles> candles;
    epoch of;
  };
  std::vector<state> states;
  std::vector<std::pair<std::pair<stream_key, time_ms>, std::optional<closed_candle>>> rows;
  for (const auto& update : head.candles) {
    auto& source = streams_[update.source];
    auto& of = candle_epochs_[update.source];
    if (update.source_epoch >= of) { // else it is of a home before
      states.push_back({update.source, source.candles, of});
      source.candles = update.state;
      of = update.source_epoch;
    }
    for (const auto& closed : update.closed) {
      const auto& made = closed.row.candle;
      const std::pair key{stream_key{update.source.symbol, stream_kind::candle(made.interval)},
                          made.start};
      const auto found = candles_.find(key);
      if (found != candles_.end() && found->second.position >= closed.position)
        continue;
      rows.emplace_back(key, found == candles_.end() ? std::nullopt : std::optional(found->second));
      candles_.insert_or_assign(key, closed);
    }
  }
  return [this, states, rows] {
    for (const auto& [source, candles, of] : states) {
      candle_epochs_[source] = of;
      if (const auto found = streams_.find(source); found != streams_.end())
        found->second.candles = candles;
    }
    for (const auto& [key, old] : rows)
      if (old)
        candles_.insert_or_assign(key, *old);
      else
        candles_.erase(key);
  };
}

// Each close and each correction that the records of [from, to) make, once, in the order of their
// numbers, and nothing else.
void database::look_at_candles(const transaction& what, market_log::era& in) {
  const auto& head = what.head;
  std::map<stream_key, std::vector<const numbered*>> given;
  for (const auto& each : what.events)
    if (is_candle(each.stream) && !log_.is_wanderer(each.stream.symbol))
      given[each.stream].push_back(&each);
  if (!in.committed) {
    if (!given.empty() || head.watermark || !head.candles.empty())
      fail("candles of a topic that makes none");
    return;
  }
  auto book = std::make_shared<candle_book>(*in.committed);
  std::vector<candle_book::made> made;
  for (const auto& each : log_.at(head.source).logs[in.log])
    if (each.offset >= head.from.value() && each.offset < head.to.value() && !each.feeds.empty())
      book->record(log_.record_of(head.source, each), made);
  std::map<stream_key, std::size_t> taken;
  for (const auto& each : made) {
    const auto& mine = given[each.stream];
    const auto i = taken[each.stream]++;
    if (i >= mine.size())
      return fail(text_of(each.stream) + " lacks its event " + text_of(each.fact.position) + " " +
                  text_of(each.fact.candle));
    const auto& one = *mine[i];
    if (one.at != each.fact.position || one.what.offset != each.fact.offset.value() ||
        one.what.ms != ms_of(each.fact.time) ||
        (*one.what.made != each.fact.candle && !is_loose(each.stream)))
      return fail(text_of(each.stream) + ": " + text_of(each.fact.position) + " is of record " +
                  std::to_string(each.fact.offset.value()) + " " + text_of(each.fact.candle) +
                  ", and what was committed is " + text_of(one.at) + " of record " +
                  std::to_string(one.what.offset) + " " + text_of(*one.what.made));
  }
  for (const auto& [stream, events] : given)
    if (taken[stream] != events.size())
      return fail(text_of(stream) + " has an event that its log does not make: " +
                  text_of(*events[taken[stream]]->what.made));
  if (head.watermark.value_or(time_ms::min()) !=
      book->watermark().value_or(rows_[head.source].watermark.value_or(time_ms::min())))
    return fail("another watermark of " + head.source.to_string());
  look_at_table(head, made, *book);
  look_at_epochs(head, *in.committed, *book);
  in.committed = std::move(book);
}

// A stream whose epoch begins stands there, also before its first event: in the row that the epoch
// begins with, and in no other. The first epoch of all begins with its first event.
void database::look_at_epochs(const range_commit& head, const candle_book& before,
                              const candle_book& after) {
  std::set<stream_key> due;
  for (const auto& [stream, home] : log_.candle_streams())
    if (const auto at = after.position(stream);
        home == head.source && at.seq == sequence{0} && at.epoch > epoch{1} &&
        at != before.position(stream))
      due.insert(stream);
  for (const auto& each : head.rows) {
    const auto name = each.stream.key();
    if (!is_candle(name) || each.stream.position.seq.value() > 0 ||
        log_.is_wanderer(name.symbol))
      continue;
    if (due.erase(name) == 0 || each.stream.position != after.position(name))
      return fail(text_of(name) + " is stored at " + text_of(each.stream.position) +
                  ", and its log has it at " + text_of(after.position(name)));
  }
  if (!due.empty())
    fail(text_of(*due.begin()) + " is not stored where its epoch begins");
}

// One row a candle that was closed or corrected: its newest state. Open ones, provisional or not,
// are none.
void database::look_at_table(const range_commit& head, const std::vector<candle_book::made>& made,
                             const candle_book& book) {
  std::set<stream_key> kept_out; // refused by the data
  for (const auto& each : head.rows)
    if (each.position_only)
      kept_out.insert(each.stream.key());
  std::map<std::pair<stream_key, time_ms>, const candle_book::made*> due;
  for (const auto& each : made)
    if (!kept_out.contains(each.stream))
      due[{each.stream, each.fact.candle.start}] = &each;
  for (const auto& update : head.candles) {
    if (log_.is_wanderer(update.source.symbol))
      continue;
    for (const auto& closed : update.closed) {
      const auto& stored = closed.row;
      const stream_key name{update.source.symbol, stream_kind::candle(stored.candle.interval)};
      const auto found = due.find({name, stored.candle.start});
      if (found == due.end())
        return fail(text_of(name) +
                    " has a row that its log does not make: " + text_of(stored.candle));
      const auto& truth = *found->second;
      // What no event can change any more needs not say when its events were: it is too old, or
      // its source has begun an epoch since.
      const auto state = book.state(name.symbol);
      const bool counts = stored.candle.end() > *book.watermark() - book.rules().rules->lateness &&
                          state->streams.front().source_epoch == stored.candle.source_epoch;
      if (closed.position != truth.fact.position ||
          (!is_loose(name) &&
           (stored.candle != truth.fact.candle || (counts && !(stored == truth.row)))))
        return fail(text_of(name) + ": the row of " + text_of(truth.row) + " is " +
                    text_of(stored));
      due.erase(found);
    }
  }
  if (!due.empty())
    fail(text_of(due.begin()->first.first) + " lacks the row of " +
         text_of(due.begin()->second->fact.candle));
}

void database::look_at_states(const topic_partition& source, const candle_book& book) {
  for (const auto& [name, stream] : streams_) {
    if (stream.home != source || name.kind != book.source() || log_.is_wanderer(name.symbol))
      continue;
    const auto truth = book.state(name.symbol);
    if (!truth || !stream.candles) {
      if (truth || stream.candles)
        fail(text_of(name) + (truth ? " has no state of its candles" : " has candles of nothing"));
      continue;
    }
    const auto loose = [&](candle_interval interval) {
      return is_loose({name.symbol, stream_kind::candle(interval)});
    };
    auto due = *truth;
    auto there = *stream.candles;
    for (auto* each : {&due, &there}) {
      std::erase_if(each->streams, [&](const auto& one) { return loose(one.interval); });
      std::erase_if(each->candles, [&](const auto& one) { return loose(one.candle.interval); });
      std::ranges::sort(each->streams, {}, &stored_candle_stream::interval);
      std::ranges::sort(each->candles, {}, key_of);
    }
    if (due.streams != there.streams || due.candles != there.candles)
      fail(text_of(name) + ": its candles are stored as" + text_of(there) + ", and its log makes" +
           text_of(due));
  }
}

} // namespace tradepulse::simulation
