#include "actors/persistence/pending_commit.hpp"

#include <algorithm>
#include <tuple>

#include "actors/ingest/candle_clock.hpp"
#include "actors/ingest/made_candles.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {

namespace {

// What the epoch has shown, of a price whose row is refused.
std::optional<newest_event> newest_of(const stored_stream& price) {
  auto out = price.newest;
  const auto& shown = price.snapshot;
  if (!shown || shown->price_seq.value() == 0) // of an epoch before
    return out;
  if (!out)
    return newest_event{shown->event_time, shown->source_sequence};
  out->event_time = std::max(out->event_time, shown->event_time);
  out->source_sequence = std::max(out->source_sequence, shown->source_sequence);
  return out;
}

} // namespace

pending_commit::pending_commit(topic_partition source, generation gen, next_offset next,
                               time_ms journal_time)
    : source_(std::move(source)), gen_(gen), next_(next), to_(next), journal_time_(journal_time),
      commit_time_(journal_time) {}

void pending_commit::add(std::shared_ptr<ingest_range> range) {
  TRADEPULSE_EXPECTS(range->gen == gen_);
  behind_a_hole_.emplace(range->from.value(), std::move(range));
  merge_what_follows();
}

void pending_commit::merge_what_follows() {
  for (auto first = behind_a_hole_.begin();
       !frozen_ && !full() && first != behind_a_hole_.end() && first->first == to_.value();
       first = behind_a_hole_.begin()) {
    merge(std::move(first->second));
    behind_a_hole_.erase(first);
  }
}

void pending_commit::merge(std::shared_ptr<ingest_range> range) {
  to_ = range->to;
  events_ += range->batch->credit_events();
  bytes_ += range->batch->credit_bytes();
  if (range->last_applied)
    last_applied_ = range->last_applied;
  cluster_id_ = range->cluster_id;
  for (const auto& slot : range->slots) {
    if (slot.count > 0)
      put(slot.row);
    if (!slot.candles)
      continue;
    for (const auto& run : slot.candles->runs)
      put(run.row);
    if (const auto& made = slot.candles->update)
      candles_ += made->closed.size();
  }
  for (const auto& row : range->extra_rows)
    put(row);
  merged_.push_back(std::move(range));
}

void pending_commit::put(const stored_stream& row) {
  const auto at = rows_.lower_bound(row.key());
  if (at != rows_.end() && at->first == row.key()) {
    at->second = &row;
  } else if (spare_.empty()) {
    rows_.emplace_hint(at, row.key(), &row);
  } else {
    auto node = std::move(spare_.back());
    spare_.pop_back();
    node.key() = row.key();
    node.mapped() = &row;
    rows_.insert(at, std::move(node));
  }
}

range_commit pending_commit::work(time_ms now) {
  range_commit out{source_, gen_, next_, to_, cluster_id_, last_applied_, {}, {}, {}};
  out.rows.reserve(rows_.size());
  for (const auto& [name, row] : rows_) {
    const auto found = refusals_.find(name);
    const int times = found == refusals_.end() ? 0 : found->second;
    auto& given = out.rows.emplace_back(stream_row{*row, times > 0}).stream;
    if (times > 0 && given.kind == stream_kind::price)
      given.newest = newest_of(given);
    if (times > 2)
      given.newest.reset();
    else if (times == 2 && given.newest)
      given.newest->source_sequence.reset();
  }
  add_candles(out);
  out.events = runs();
  commit_time_ = out.events.empty() ? journal_time_ : std::max(journal_time_, now);
  out.commit_time = commit_time_;
  return out;
}

// The newest state of each source, and every candle that was closed or corrected, but for those of
// streams whose rows are refused: of them the journal and the position are kept.
void pending_commit::add_candles(range_commit& to) const {
  std::map<stream_key, candle_update> all;
  for (const auto& range : merged_) {
    if (range->marks)
      to.watermark = range->marks->behind;
    for (const auto& slot : range->slots)
      if (slot.candles && slot.candles->update) {
        const auto& made = *slot.candles->update;
        auto& into =
            all.try_emplace(made.source, candle_update{made.source, {}, {}, {}}).first->second;
        into.state = made.state;
        into.source_epoch = made.source_epoch;
        for (const auto& each : made.closed)
          if (!refusals_.contains(
                  {made.source.symbol, stream_kind::candle(each.row.candle.interval)}))
            into.closed.push_back(each);
      }
  }
  for (auto& [source, made] : all) {
    keep_newest(made.closed);
    to.candles.push_back(std::move(made));
  }
}

// Numbered by the row of each slot, which stands at the last of its events.
std::vector<journal_run> pending_commit::runs() const {
  std::vector<journal_run> out;
  std::size_t count = 0;
  for (const auto& range : merged_)
    count += range->slots.size();
  out.reserve(count);
  const auto add = [&out](const ingest_range& range, const ingest_range::slot& slot) {
    const auto& last = slot.row.position;
    if (slot.count > 0)
      out.push_back({slot.symbol, last.epoch, sequence{last.seq.value() - slot.count + 1},
                     range.events(slot), slot.newest_before, slot.kind});
  };
  for (const auto& range : merged_)
    for (const auto& slot : range->slots) {
      add(*range, slot);
      if (slot.candles)
        for (const auto& run : slot.candles->runs)
          add(*range, run);
    }
  // Those of a stream are in order already.
  std::ranges::stable_sort(out, [](const journal_run& a, const journal_run& b) {
    return std::tie(a.symbol, a.kind) < std::tie(b.symbol, b.kind);
  });
  return out;
}

std::vector<dead_letter> pending_commit::refuse(const std::vector<refused_row>& rows) {
  frozen_ = true;
  std::vector<dead_letter> letters;
  for (const auto& row : rows) {
    if (++refusals_[row.stream] > 1)
      continue;
    for (const auto& range : merged_) {
      auto slot = std::find_if(range->slots.begin(), range->slots.end(),
                               [&](const auto& s) { return s.key() == row.stream; });
      if (slot == range->slots.end())
        continue;
      const auto refuse_record = [&](record_offset offset) {
        const auto& records = range->batch->records;
        auto at = std::lower_bound(records.begin(), records.end(), offset,
                                   [](const record& r, record_offset o) { return r.offset < o; });
        letters.push_back({range->batch, static_cast<std::size_t>(at - records.begin()),
                           reject_reason::database_refused,
                           "SQLSTATE " + row.sqlstate + ": " + row.message.substr(0, 150)});
      };
      std::visit(
          [&](const auto& events) {
            for (const auto& each : events)
              refuse_record(each.offset);
          },
          range->events(*slot));
    }
  }
  return letters;
}

pending_commit::done pending_commit::committed() {
  done out{to_, last_applied_, events_, {}, {}, {}};
  const auto note_epoch = [&out](const ingest_range::slot& slot) {
    if (slot.began_epoch)
      out.begun_epochs.emplace_back(slot.key(), slot.row.position.epoch);
  };
  for (const auto& range : merged_) {
    range->fate->store(range_fate::committed);
    for (const auto& slot : range->slots) {
      note_epoch(slot);
      if (slot.candles)
        std::ranges::for_each(slot.candles->runs, note_epoch);
    }
    if (!range->batch->records.empty()) {
      out.oldest_appends.push_back(range->batch->records.front().append_time);
      out.range_events.push_back(range->event_count());
    }
  }
  next_ = to_;
  journal_time_ = commit_time_;
  while (!rows_.empty())
    spare_.push_back(rows_.extract(rows_.begin()));
  merged_.clear();
  refusals_.clear();
  events_ = bytes_ = candles_ = 0;
  last_applied_.reset();
  frozen_ = false;
  merge_what_follows();
  return out;
}

} // namespace tradepulse
