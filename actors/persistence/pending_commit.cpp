#include "actors/persistence/pending_commit.hpp"

#include <algorithm>

#include "protocol/expects.hpp"

namespace tradepulse {

pending_commit::pending_commit(topic_partition source, generation gen, next_offset next)
    : source_(std::move(source)), gen_(gen), next_(next), to_(next) {}

void pending_commit::add(std::shared_ptr<ingest_range> range) {
  TRADEPULSE_EXPECTS(range->gen == gen_);
  behind_a_hole_.emplace(range->from.value(), std::move(range));
  merge_what_follows();
}

void pending_commit::merge_what_follows() {
  for (auto first = behind_a_hole_.begin();
       !frozen_ && first != behind_a_hole_.end() && first->first == to_.value();
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
  for (const auto& slot : range->slots)
    put(slot.row);
  for (const auto& row : range->extra_rows)
    put(row);
  merged_.push_back(std::move(range));
}

void pending_commit::put(const stored_stream& row) {
  const auto at = rows_.lower_bound(row.symbol);
  if (at != rows_.end() && at->first == row.symbol) {
    at->second = &row;
  } else if (spare_.empty()) {
    rows_.emplace_hint(at, row.symbol, &row);
  } else {
    auto node = std::move(spare_.back());
    spare_.pop_back();
    node.key() = row.symbol;
    node.mapped() = &row;
    rows_.insert(at, std::move(node));
  }
}

range_commit pending_commit::work() const {
  range_commit out{source_, gen_, next_, to_, cluster_id_, last_applied_, {}};
  out.rows.reserve(rows_.size());
  for (const auto& [name, row] : rows_)
    out.rows.push_back({*row, position_only_.contains(name)});
  return out;
}

std::vector<dead_letter> pending_commit::refuse(const std::vector<refused_row>& rows) {
  frozen_ = true;
  std::vector<dead_letter> letters;
  for (const auto& row : rows) {
    if (!position_only_.insert(row.symbol).second)
      continue;
    for (const auto& range : merged_) {
      auto slot = std::find_if(range->slots.begin(), range->slots.end(),
                               [&](const auto& s) { return s.symbol == row.symbol; });
      if (slot == range->slots.end())
        continue;
      for (std::uint32_t i = slot->first; i < slot->first + slot->count; ++i) {
        const auto& records = range->batch->records;
        auto at = std::lower_bound(records.begin(), records.end(), range->ticks[i].offset,
                                   [](const record& r, record_offset o) { return r.offset < o; });
        letters.push_back({range->batch, static_cast<std::size_t>(at - records.begin()),
                           reject_reason::database_refused,
                           "SQLSTATE " + row.sqlstate + ": " + row.message.substr(0, 150)});
      }
    }
  }
  return letters;
}

pending_commit::done pending_commit::committed() {
  done out{to_, last_applied_, events_, {}, {}, {}};
  for (const auto& range : merged_) {
    for (const auto& slot : range->slots)
      if (slot.began_epoch)
        out.begun_epochs.emplace_back(slot.symbol, slot.row.position.epoch);
    if (!range->batch->records.empty()) {
      out.oldest_appends.push_back(range->batch->records.front().append_time);
      out.range_events.push_back(range->ticks.size());
    }
  }
  next_ = to_;
  while (!rows_.empty())
    spare_.push_back(rows_.extract(rows_.begin()));
  merged_.clear();
  position_only_.clear();
  events_ = bytes_ = 0;
  last_applied_.reset();
  frozen_ = false;
  merge_what_follows();
  return out;
}

} // namespace tradepulse
