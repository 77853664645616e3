#include "actors/market/symbol_index.hpp"

#include <algorithm>
#include <iterator>

namespace tradepulse {
namespace {

symbol_index::entry_list part(const symbol_index::entry_list& of,
                              symbol_index::entry_list::const_iterator first, std::size_t limit) {
  const auto left = static_cast<std::size_t>(of.end() - first);
  return {first, first + static_cast<std::ptrdiff_t>(std::min(limit, left))};
}

} // namespace

void symbol_index::changed(const symbol_entry& entry) {
  for (auto* each : {&prices_, &all_})
    if (each->has(entry)) {
      ++each->changes;
      each->entries.reset();
    }
}

void symbol_index::add(const std::shared_ptr<symbol_entry>& entry) {
  std::lock_guard lock(mutex_);
  if (free_.empty()) {
    entry->index = stream_index{static_cast<std::uint32_t>(by_index_.size())};
    by_index_.push_back(entry);
  } else {
    entry->index = stream_index{free_.back()};
    free_.pop_back();
    by_index_[entry->index.value()] = entry;
  }
  changed(*entry);
}

void symbol_index::remove(stream_index index) {
  std::lock_guard lock(mutex_);
  changed(*by_index_[index.value()]);
  by_index_[index.value()] = nullptr;
  free_.push_back(index.value());
}

std::shared_ptr<symbol_entry> symbol_index::at(stream_index index) const {
  std::lock_guard lock(mutex_);
  return by_index_.at(index.value());
}

std::shared_ptr<const symbol_index::entry_list> symbol_index::entries_of(sorted& which) const {
  entry_list unsorted;
  std::uint64_t changes = 0;
  {
    std::lock_guard lock(mutex_);
    if (which.entries)
      return which.entries;
    changes = which.changes;
    std::copy_if(by_index_.begin(), by_index_.end(), std::back_inserter(unsorted),
                 [&](const auto& each) { return each && which.has(*each); });
  }
  std::sort(unsorted.begin(), unsorted.end(),
            [](const auto& a, const auto& b) { return a->key < b->key; });
  auto made = std::make_shared<const entry_list>(std::move(unsorted));
  std::lock_guard lock(mutex_);
  // Not where a stream came or went meanwhile: this list then is for this caller alone.
  if (changes == which.changes)
    which.entries = made;
  return made;
}

symbol_index::entry_list symbol_index::list_prices(std::string_view after,
                                                   std::size_t limit) const {
  const auto all = entries_of(prices_);
  return part(
      *all,
      std::upper_bound(all->begin(), all->end(), after,
                       [](std::string_view a, const auto& e) { return a < e->key.symbol.view(); }),
      limit);
}

symbol_index::entry_list symbol_index::list_all(const stream_key& after, std::size_t limit) const {
  const auto all = entries_of(all_);
  return part(*all,
              std::upper_bound(all->begin(), all->end(), after,
                               [](const stream_key& a, const auto& e) { return a < e->key; }),
              limit);
}

} // namespace tradepulse
