#include "actors/market/symbol_index.hpp"

#include <algorithm>
#include <iterator>

namespace tradepulse {

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
  sorted_.reset();
}

void symbol_index::remove(stream_index index) {
  std::lock_guard lock(mutex_);
  by_index_[index.value()] = nullptr;
  free_.push_back(index.value());
  sorted_.reset();
}

std::shared_ptr<symbol_entry> symbol_index::at(stream_index index) const {
  std::lock_guard lock(mutex_);
  return by_index_.at(index.value());
}

symbol_index::entry_list symbol_index::list(std::string_view after, std::size_t limit) const {
  std::shared_ptr<const entry_list> sorted;
  entry_list unsorted;
  {
    std::lock_guard lock(mutex_);
    sorted = sorted_;
    if (!sorted)
      std::copy_if(by_index_.begin(), by_index_.end(), std::back_inserter(unsorted),
                   [](const auto& each) { return each != nullptr; });
  }
  if (!sorted) {
    std::sort(unsorted.begin(), unsorted.end(),
              [](const auto& a, const auto& b) { return a->symbol < b->symbol; });
    sorted = std::make_shared<const entry_list>(std::move(unsorted));
    std::lock_guard lock(mutex_);
    // Not where a symbol came or went meanwhile: this list then is for this caller alone.
    const auto entries = by_index_.size() - free_.size();
    if (sorted->size() == entries)
      sorted_ = sorted;
  }
  auto first =
      std::upper_bound(sorted->begin(), sorted->end(), after,
                       [](std::string_view a, const auto& e) { return a < e->symbol.view(); });
  const auto count = std::min<std::size_t>(limit, static_cast<std::size_t>(sorted->end() - first));
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

} // namespace tradepulse
