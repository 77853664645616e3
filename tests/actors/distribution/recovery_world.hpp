#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "actors/distribution/recovery.hpp"
#include "actors/market/symbol_state_of.hpp"
#include "tests/actors/support/kinds.hpp"

// One stream with everything that can happen to it, and its journal; for clients that come back at
// random.
namespace tradepulse::recovery_testing {

using samples::dice;
using samples::named;

inline const topic_partition home{"ticks", 0};

// What differs by kind: a record at a price, where it lies in a range, where it is numbered.
template <class Events>
struct kind_of;
template <>
struct kind_of<price_events> {
  static constexpr stream_kind kind{};
  static tick record(std::int64_t offset, std::int64_t price, std::int64_t ms) {
    return samples::tick_at(offset, price, ms);
  }
  static auto& in(ingest_range& range) { return range.ticks; }
  static auto& in(event_room& room) { return room.prices; }
  static price shown(const numbered_event& event) { return event.price; }
};
template <>
struct kind_of<trade_events> {
  static constexpr stream_kind kind = stream_kind::trade;
  static logged_trade record(std::int64_t offset, std::int64_t price, std::int64_t ms) {
    const auto at = samples::tick_at(offset, price, ms);
    return {
        at.offset, at.event_time, at.append_time, {}, {at.price, samples::amount(1), {}, offset}};
  }
  static auto& in(ingest_range& range) { return range.trades; }
  static auto& in(event_room& room) { return room.trades; }
  static price shown(const numbered_trade& event) { return event.value.price; }
};

template <class Events>
class random_market {
  using of_kind = kind_of<Events>;

 public:
  using event_type = typename Events::numbered;

  // `to_clients`: what goes by way of the fan-out actor, in order.
  random_market(dice& random, std::size_t ring, bool journal, std::function<void(burst_ptr)> live,
                std::function<void()> settled)
      : dice_(random), ring_(ring), journalled_(journal), live_(std::move(live)),
        told_settled_(std::move(settled)) {
    begin_process();
  }

  // --- what happens ---
  void read() { // 1 to 5 records: new ones, or again
    if (between_claims_)
      return;
    const auto count = dice_.between(1, 5);
    auto batch = std::make_shared<record_batch>();
    batch->source = home;
    auto range = std::make_shared<ingest_range>();
    range->batch = batch;
    range->floor = floor_;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto offset = static_cast<std::int64_t>(next_);
      if (next_ == log_.size())
        log_.push_back(
            of_kind::record(offset, dice_.between(1, 999), dice_.between(0, 40) + offset));
      of_kind::in(*range).push_back(log_[next_++]);
    }
    ingest_range::slot slot;
    slot.symbol = named("A");
    slot.count = static_cast<std::uint32_t>(count);
    slot.kind = of_kind::kind;
    range->slots.push_back(slot);
    event_room room;
    const auto done = state_->apply(*range, range->slots[0], room);
    for (const auto& each : of_kind::in(room))
      truth_[done.epoch.value()][each.seq.value()] = each;
    if (done.published)
      published_ = done.published;
    waiting_.push_back({range, next_, done.epoch, of_kind::in(room)});
    live_(state_->burst_of(done, room));
    settle_if_read();
  }
  void commit() {
    if (between_claims_ || waiting_.empty())
      return;
    auto& first = waiting_.front();
    for (const auto& each : first.events)
      if (journalled_)
        journal_[{first.of, each.seq}] = each;
    stored_ = first.range->slots[0].row;
    committed_ = first.to;
    waiting_.pop_front();
  }
  // The claim is lost: what waits is thrown away. Until claim() nothing is read.
  void lose() {
    settled_ = false;
    between_claims_ = true;
    waiting_.clear();
  }
  void claim() {
    if (!between_claims_)
      return;
    between_claims_ = false;
    next_ = committed_;
    end_at_claim_ = log_.size();
    state_->restore(stored_, published_, false);
    settle_if_read();
  }
  void crash() {
    lose();
    if (stored_.snapshot)
      published_ = std::make_shared<const price_snapshot>(*stored_.snapshot);
    else if (of_kind::kind != stream_kind::price && stored_.position.epoch.value() > 0)
      published_ = samples::head_of("A", of_kind::kind, stored_.position);
    else
      published_ = nullptr;
    begin_process();
    claim();
  }
  void replace_log() { // what was not committed never comes again
    lose();
    log_.resize(committed_);
    floor_ = epoch{std::max(floor_, stored_.position.epoch).value() + 1};
    claim();
  }
  void expire() {
    for (auto n = dice_.between(1, 8); n > 0 && !journal_.empty(); --n)
      journal_.erase(journal_.begin());
  }

  // --- what is asked ---
  recalled_events recall(stream_position after, std::size_t limit) {
    auto out = state_->recall(after, limit);
    out.settled = settled_;
    out.final_below = out.final_below || settled_;
    return out;
  }
  history_page page(const history_query& query) const {
    history_page out;
    std::size_t count = 0;
    std::vector<event_type> run;
    stream_position last;
    const auto end_run = [&] {
      if (!run.empty())
        out.bursts.push_back(std::make_shared<const burst_of<Events>>(
            query.index, query.symbol, last.epoch, std::exchange(run, {}), time_ms{}, query.kind));
    };
    for (const auto& [at, each] : journal_) {
      if (at <= query.after || (query.through && at > *query.through))
        continue;
      if (count++ == query.limit) {
        out.more = true;
        break;
      }
      if (at.epoch != last.epoch || at.seq.value() != last.seq.value() + 1)
        end_run();
      run.push_back(each);
      last = at;
    }
    end_run();
    return out;
  }

  // --- what is true ---
  const event_type& event(stream_position at) const {
    return truth_.at(at.epoch.value()).at(at.seq.value());
  }
  // Behind `after`, below `next`: an event that could have been had, or comes again.
  std::optional<stream_position> needlessly_lost(stream_position after,
                                                 stream_position next) const {
    for (const auto& [at, each] : journal_)
      if (at > after && at < next)
        return at;
    for (const auto& range : waiting_)
      for (const auto& each : range.events)
        if (const stream_position at{range.of, each.seq}; at > after && at < next)
          return at;
    // Behind what is committed, in the epoch that goes on: it will be read again.
    if (!settled_ && floor_ <= stored_.position.epoch && next.epoch == stored_.position.epoch &&
        after.epoch == next.epoch && next.seq.value() > stored_.position.seq.value() + 1 &&
        after < next)
      for (auto seq = std::max(after.seq, stored_.position.seq).value() + 1; seq < next.seq.value();
           ++seq)
        return stream_position{next.epoch, sequence{seq}};
    return {};
  }
  stream_position highest() const { return published_ ? published_->position : stream_position{}; }
  bool settled() const { return settled_; }
  // A position that a client may have: of an event, also of one that was lost, or of none.
  stream_position some_position() const {
    std::vector<stream_position> all{{}};
    for (const auto& [e, events] : truth_)
      for (const auto& [seq, each] : events)
        all.push_back({epoch{e}, sequence{seq}});
    auto out =
        all[static_cast<std::size_t>(dice_.between(0, static_cast<std::int64_t>(all.size()) - 1))];
    if (dice_.chance(0.05))
      out = {epoch{out.epoch.value() + 1}, sequence{3}};
    return out;
  }

 private:
  struct committable {
    std::shared_ptr<ingest_range> range;
    std::size_t to;
    epoch of;
    std::vector<event_type> events;
  };
  void begin_process() {
    state_ = std::make_unique<symbol_state_of<Events>>(stream_key{named("A"), of_kind::kind},
                                                       stream_index{0}, ring_);
    between_claims_ = true;
    claim();
  }
  void settle_if_read() {
    if (settled_ || next_ < end_at_claim_)
      return;
    settled_ = true;
    told_settled_();
  }

  dice& dice_;
  std::size_t ring_;
  bool journalled_;
  std::function<void(burst_ptr)> live_;
  std::function<void()> told_settled_;
  std::unique_ptr<symbol_state_of<Events>> state_;
  std::vector<typename Events::logged> log_;
  std::size_t next_ = 0;
  std::size_t committed_ = 0;
  std::size_t end_at_claim_ = 0;
  epoch floor_{1};
  stored_stream stored_;
  head_ptr published_;
  std::deque<committable> waiting_;
  std::map<stream_position, event_type> journal_;
  std::map<std::int64_t, std::map<std::int64_t, event_type>> truth_;
  bool settled_ = false;
  bool between_claims_ = true;
};

} // namespace tradepulse::recovery_testing
