#include "actors/market/candle_desk.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <variant>

#include "actors/ingest/made_candles.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

candle_event event_of(const tick& read, stream_position at) {
  return {at, read.event_time, read.price, read.volume, {}, {}};
}

candle_event event_of(const logged_trade& read, stream_position at) {
  const auto& trade = read.value;
  const auto taker = trade.side == trade_side::unknown ? std::nullopt : std::optional(trade.side);
  return {at, read.event_time, trade.price, trade.size, taker, trade.trade_id};
}

// The order of the runs: by stream, within one by number.
auto order_of(const candle_fact& fact) {
  return std::tuple(fact.candle.interval, fact.position);
}

auto key_of(const stored_candle& which) {
  return std::tuple(which.candle.interval, which.candle.start);
}

} // namespace

candle_desk::candle_desk(std::shared_ptr<const candle_options> rules)
    : rules_(std::move(rules)), builder_(rules_) {}

void candle_desk::restore(const stored_stream& source, time_ms watermark) {
  builder_.restore(source.candles ? *source.candles : stored_candles{}, watermark, source.position,
                   false);
  others_.clear();
  if (source.candles)
    for (auto each : source.candles->streams)
      if (!rules_->intervals.contains(each.interval)) {
        each.source_epoch = {}; // should it be made again, what was open is not known
        each.last_closed.reset();
        others_.push_back(each);
      }
  begin_slot();
  saves_.clear();
  lost_ = false;
  begun_.clear();
}

const std::vector<candle_key>& candle_desk::work(const ingest_range& range,
                                                 ingest_range::slot& slot, bool hold) {
  TRADEPULSE_EXPECTS(range.marks);
  missing_.clear();
  if (next_event_ == 0 && next_closing_ == 0)
    tally_ = {};
  // Another partition's events make its candles by now, at that partition's watermark.
  const bool ours = slot.row.home == range.batch->source;
  const bool all =
      !ours ||
      std::visit(
          [&](auto events) {
            using logged = std::remove_cv_t<typename decltype(events)::element_type>;
            if constexpr (std::is_same_v<logged, tick> || std::is_same_v<logged, logged_trade>)
              return go_through(range, slot, events);
            else
              return true;
          },
          range.events(slot));
  if (!all)
    return missing_;
  slot.candles = made(range, slot, hold);
  tally_.left_out = builder_.take_left_out();
  begin_slot();
  return missing_;
}

template <class Logged>
bool candle_desk::go_through(const ingest_range& range, const ingest_range::slot& slot,
                             std::span<const Logged> events) {
  const auto& last = slot.row.position;
  const auto before = last.seq.value() - static_cast<std::int64_t>(events.size());
  // By the candles: a claim may have put the source behind the move that it has lost.
  const bool is_first = std::ranges::any_of(builder_.series(), [&last](const auto& each) {
    return each.stream().source_epoch != last.epoch;
  });
  if (slot.began_epoch && is_first)
    pass_over(range, events.front().offset);
  for (; next_event_ < events.size(); ++next_event_) {
    const auto& read = events[next_event_];
    close_before(range, read.offset);
    const auto event =
        event_of(read, {last.epoch, sequence{before + static_cast<std::int64_t>(next_event_) + 1}});
    const candle_cause cause{read.offset, read.event_time, range.marks->watermark_at(read.offset),
                             range.floor};
    if (builder_.add_to_open(event, cause))
      continue;
    if (builder_.needs(event, cause.watermark, missing_))
      return false;
    apply(event, cause);
  }
  close_before(range, record_offset{range.to.value()});
  return true;
}

// What closes at the records of others. At one of its own the close comes with the event.
void candle_desk::close_before(const ingest_range& range, record_offset offset) {
  const auto& all = range.marks->closings;
  for (; next_closing_ < all.size() && all[next_closing_].offset < offset; ++next_closing_) {
    const auto& each = all[next_closing_];
    const candle_cause cause{each.offset, each.time, each.watermark, range.floor};
    builder_.advance(cause, facts_);
  }
  if (next_closing_ < all.size() && all[next_closing_].offset == offset)
    ++next_closing_;
}

// What was open when the home moved went by the times of the partition before; with the first event
// here it is forgotten.
void candle_desk::pass_over(const ingest_range& range, record_offset first) {
  const auto& all = range.marks->closings;
  while (next_closing_ < all.size() && all[next_closing_].offset < first)
    ++next_closing_;
}

void candle_desk::apply(const candle_event& event, const candle_cause& cause) {
  const auto done = builder_.apply(event, cause, facts_);
  began_epoch_ = began_epoch_ || done.began_epoch;
  tally_.corrections += done.corrections;
  tally_.too_late += done.too_late ? 1 : 0;
  tally_.overflows += done.overflows;
}

void candle_desk::supply(std::span<const candle_key> asked, std::span<const stored_candle> found) {
  for (const auto& key : asked) {
    const auto at = std::ranges::find_if(found, [&](const stored_candle& each) {
      return each.candle.interval == key.interval && each.candle.start == key.start;
    });
    builder_.supply(key, at == found.end() ? std::nullopt : std::optional(*at));
  }
}

void candle_desk::begin_slot() noexcept {
  next_event_ = next_closing_ = 0;
  facts_.clear();
  began_epoch_ = false;
  std::ignore = builder_.take_left_out();
}

// Who asks the database of what is not committed is told that there is nothing. So behind a range
// that is lost everything stays, as far as lateness wants it, until a claim restores what is there.
void candle_desk::release_committed() {
  std::uint32_t committed = 0;
  for (; !saves_.empty() && *saves_.front().fate == range_fate::committed; saves_.pop_front())
    committed = saves_.front().number;
  if (committed > 0)
    builder_.release(committed);
  if (!saves_.empty() && *saves_.front().fate == range_fate::lost) {
    lost_ = true;
    saves_.clear();
  }
}

// The epochs before are forgotten, and nothing of their ranges is there to be released. These may
// be another partition's, whose claim does not restore what has moved on.
void candle_desk::remember_save(const ingest_range& range, std::uint32_t number) {
  if (began_epoch_) {
    saves_.clear();
    lost_ = false;
  }
  if (!lost_)
    saves_.push_back({range.fate, number});
}

// The partition's own epoch was committed with its floor. One above it is the next of this stream
// alone, where a close of the log before has taken the floor's: a claim that loses it may give it
// to events of yet another log.
bool candle_desk::is_uncommitted(const ingest_range& range, candle_interval interval,
                                 stream_position first) {
  std::erase_if(begun_, [&](const begun_epoch& each) {
    return *each.fate == range_fate::committed ||
           (each.interval == interval && each.epoch < first.epoch);
  });
  if (began_epoch_ && first.seq <= sequence{1} && first.epoch > range.floor)
    begun_.push_back({range.fate, interval, first.epoch});
  return std::ranges::any_of(begun_, [&](const begun_epoch& each) {
    return each.interval == interval && each.epoch == first.epoch;
  });
}

void candle_desk::add_run(made_candles& to, const ingest_range& range,
                          const ingest_range::slot& slot, candle_interval interval,
                          stream_position first, bool hold) {
  auto& run = to.runs.emplace_back();
  run.symbol = slot.symbol;
  run.kind = stream_kind::candle(interval);
  run.began_epoch = hold || is_uncommitted(range, interval, first);
  run.row.symbol = slot.symbol;
  run.row.kind = run.kind;
  run.row.home = slot.row.home;
  run.row.position = first;
}

std::shared_ptr<made_candles> candle_desk::made(const ingest_range& range,
                                                const ingest_range::slot& slot, bool hold) {
  release_committed();
  tally_.closes = facts_.size();
  // Between two slots nobody needs it, and that of the thread is still in its caches.
  thread_local stored_candles changed;
  changed.clear();
  const auto number = builder_.save(changed);
  if (changed.empty() && facts_.empty())
    return {};
  remember_save(range, number);
  auto out = std::make_shared<made_candles>();
  std::ranges::sort(facts_, {}, order_of);
  out->update = update_of(slot, changed);
  out->facts.reserve(facts_.size());
  out->runs.reserve(std::min(facts_.size(), builder_.series().size())); // mostly one an interval
  const auto appended =
      range.batch->records.empty() ? time_ms{} : range.batch->records.front().append_time;
  for (const auto& fact : facts_)
    out->facts.push_back({fact.offset, fact.time, appended, {}, fact.candle});
  for (std::size_t i = 0; i < facts_.size(); ++i) {
    const auto& fact = facts_[i];
    const auto kind = stream_kind::candle(fact.candle.interval);
    if (out->runs.empty() || out->runs.back().kind != kind ||
        out->runs.back().row.position.epoch != fact.position.epoch) {
      add_run(*out, range, slot, fact.candle.interval, fact.position, hold);
      out->runs.back().facts = out->facts.data() + i;
    }
    ++out->runs.back().count;
    out->runs.back().row.position = fact.position;
  }
  // An epoch that has no fact yet is where its stream stands all the same, or who has been told so
  // by a claim would be ahead of a process that has not. Of the first of all nobody is ahead.
  if (began_epoch_)
    for (const auto& each : builder_.series())
      if (const auto& at = each.stream().position; at.seq == sequence{0} && at.epoch > epoch{1})
        add_run(*out, range, slot, each.interval(), at, hold);
  return out;
}

candle_update candle_desk::update_of(const ingest_range::slot& slot,
                                     const stored_candles& changed) {
  candle_update out{slot.key(), {}, {}, slot.row.position.epoch};
  auto state = std::make_shared<stored_candles>();
  builder_.state(*state);
  state->streams.insert(state->streams.end(), others_.begin(), others_.end());
  out.state = std::move(state);
  // What became too old within this very slot has left the builder, and nothing can change it any
  // more.
  out.closed.reserve(facts_.size());
  for (const auto& fact : facts_) {
    const auto& which = fact.candle;
    const auto kept = std::ranges::lower_bound(
        changed.candles, std::tuple(which.interval, which.start), {}, key_of);
    const bool there = kept != changed.candles.end() && kept->candle == which;
    out.closed.push_back({there ? *kept : stored_candle{which, 0, 0, {}, {}}, fact.position});
  }
  keep_newest(out.closed);
  return out;
}

} // namespace tradepulse
