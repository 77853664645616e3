#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "actors/market/symbol_entry.hpp"

namespace tradepulse {

// Numbers the symbols of the process densely, and lists them in the order of their names.
// Thread: any.
class symbol_index {
 public:
  using entry_list = std::vector<std::shared_ptr<symbol_entry>>;

  // Sets the entry's index: one that was given back, or the next.
  void add(const std::shared_ptr<symbol_entry>& entry);
  void remove(stream_index index);
  // Requires: added and not removed.
  std::shared_ptr<symbol_entry> at(stream_index index) const;
  // At most `limit` behind `after`. Sorting is paid by the first call after a change.
  entry_list list(std::string_view after, std::size_t limit) const;

 private:
  mutable std::mutex mutex_;
  entry_list by_index_; // null: free
  std::vector<std::uint32_t> free_;
  mutable std::shared_ptr<const entry_list> sorted_; // null: to be made again
};

} // namespace tradepulse
