#include "actors/ingest/range_builder.hpp"

#include <variant>

#include "protocol/expects.hpp"

namespace tradepulse {

range_builder::range_builder(std::shared_ptr<tick_decoder> decoder)
    : decoder_(std::move(decoder)) {}

range_builder::built range_builder::build(std::shared_ptr<const record_batch> batch,
                                          next_offset from,
                                          const std::unordered_set<symbol>& stopped) {
  TRADEPULSE_EXPECTS(!batch->records.empty());
  built out;
  decoded_.clear();
  present_.clear();
  const auto& records = batch->records;
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto outcome = decoder_->decode(records[i]);
    if (auto* good = std::get_if<decoded_tick>(&outcome)) {
      if (!stopped.empty() && stopped.contains(good->symbol)) {
        out.letters.push_back({batch, i, reject_reason::symbol_stopped,
                               "symbol " + good->symbol.str() + " failed too often"});
        continue;
      }
      auto [known, made] =
          ids_.try_emplace(good->symbol, static_cast<std::uint32_t>(names_.size()));
      if (made) {
        names_.push_back(good->symbol);
        counts_.push_back(0);
      }
      if (counts_[known->second]++ == 0)
        present_.push_back(known->second);
      decoded_.emplace_back(known->second, good->tick);
    } else if (auto* bad = std::get_if<rejected_record>(&outcome)) {
      out.letters.push_back({batch, i, bad->reason, std::move(bad->detail)});
    } else if (std::holds_alternative<tombstone>(outcome)) {
      ++out.tombstones;
    } else {
      ++out.skipped;
    }
  }
  auto range = std::make_shared<ingest_range>();
  range->gen = batch->gen;
  range->from = from;
  range->to = next_offset{records.back().offset.value() + 1};
  range->last_applied = applied_record{records.back().offset, record_digest(records.back())};
  range->batch = std::move(batch);
  // Counting sort: within a symbol the order of the log stays.
  range->slots.reserve(present_.size());
  std::uint32_t first = 0;
  for (auto id : present_) {
    ingest_range::slot slot;
    slot.symbol = names_[id];
    slot.first = first;
    slot.count = counts_[id];
    first += slot.count;
    counts_[id] = slot.first; // from here: where the next tick of this symbol goes
    range->slots.push_back(std::move(slot));
  }
  range->ticks.resize(decoded_.size());
  for (const auto& [id, t] : decoded_)
    range->ticks[counts_[id]++] = t;
  for (auto id : present_)
    counts_[id] = 0;
  out.ticks = decoded_.size();
  out.range = std::move(range);
  return out;
}

} // namespace tradepulse
