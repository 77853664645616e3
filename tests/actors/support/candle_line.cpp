#include "tests/actors/support/candle_line.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace tradepulse {

candle_line::candle_line(const candle_options& rules, std::vector<symbol> names,
                         std::chrono::milliseconds max_ahead)
    : rules_(std::make_shared<const candle_options>(rules)), names_(std::move(names)),
      max_ahead_(max_ahead), watermark_(max_ahead), schedule_(rules) {
  for (std::size_t i = 0; i < names_.size(); ++i)
    all_.push_back({candle_builder(rules_), {}, {}, {}, {}});
}

void candle_line::read(std::span<const candle_record> batch) {
  std::vector<candle_cause> causes; // of every record, and of those at which something closes
  std::vector<candle_cause> closing;
  took_part_.clear();
  for (const auto& each : batch) {
    const time_ms now = watermark_.observe(each.event.event_time, each.append_time);
    causes.push_back({record_offset{each.offset}, each.event.event_time, now, each.floor});
    if (schedule_.due(now)) {
      closing.push_back(causes.back());
      schedule_.collect(now, names_, took_part_);
    }
    schedule_.event(each.symbol, each.event.event_time, now);
    took_part_.push_back(each.symbol);
  }
  std::sort(took_part_.begin(), took_part_.end());
  took_part_.erase(std::unique(took_part_.begin(), took_part_.end()), took_part_.end());
  for (const auto id : took_part_) {
    auto& each = all_[id];
    auto next = closing.begin();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].symbol != id)
        continue;
      for (; next != closing.end() && next->offset < causes[i].offset; ++next)
        each.builder.advance(*next, each.facts);
      if (next != closing.end() && next->offset == causes[i].offset)
        ++next;
      apply(each, batch[i], causes[i]);
    }
    for (; next != closing.end(); ++next)
      each.builder.advance(*next, each.facts);
  }
  for (auto& each : all_)
    commit(each);
  committed_watermark_ = watermark_.value();
}

void candle_line::apply(one& to, const candle_record& record, const candle_cause& cause) {
  std::vector<candle_builder::key> missing;
  if (to.builder.needs(record.event, cause.watermark, missing))
    for (const auto& key : missing) {
      const auto found = to.rows.find({key.interval, key.start});
      to.builder.supply(key, found == to.rows.end() ? std::nullopt : std::optional{found->second});
      ++supplied_;
    }
  last_ = to.builder.apply(record.event, cause, to.facts);
}

void candle_line::commit(one& what) {
  stored_candles changed;
  const auto number = what.builder.save(changed);
  rows_written_ += changed.candles.size() + changed.streams.size();
  for (const auto& each : changed.candles)
    what.rows[{each.candle.interval, each.candle.start}] = each;
  for (const auto& each : changed.streams)
    what.streams[each.interval] = each;
  what.through = what.builder.through();
  if (release_)
    what.builder.release(number);
}

stored_candles candle_line::stored(const one& of, bool closed_too) {
  stored_candles out;
  for (const auto& [key, each] : of.rows)
    if (closed_too || !each.candle.closed())
      out.candles.push_back(each);
  for (const auto& [interval, each] : of.streams)
    out.streams.push_back(each);
  return out;
}

void candle_line::restart(bool closed_loaded) {
  watermark_ = partition_watermark(max_ahead_, committed_watermark_);
  schedule_ = close_schedule(*rules_);
  for (std::uint32_t id = 0; id < all_.size(); ++id) {
    auto& each = all_[id];
    const auto kept = stored(each, closed_loaded);
    each.builder = candle_builder(rules_);
    each.builder.restore(kept, committed_watermark_, each.through, closed_loaded);
    schedule_.restore(id, kept);
  }
}

} // namespace tradepulse
