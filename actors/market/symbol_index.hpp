#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "actors/market/symbol_entry.hpp"

namespace tradepulse {

// Numbers the streams of the process densely, and lists them in the order of their symbols and
// kinds. Thread: any.
class symbol_index {
 public:
  using entry_list = std::vector<std::shared_ptr<symbol_entry>>;

  // Sets the entry's index: one that was given back, or the next.
  void add(const std::shared_ptr<symbol_entry>& entry);
  void remove(stream_index index);
  // Requires: added and not removed.
  std::shared_ptr<symbol_entry> at(stream_index index) const;
  // At most `limit` behind `after`: streams of `price`, and all. Sorting is paid by the first call
  // after a change.
  entry_list list_prices(std::string_view after, std::size_t limit) const;
  entry_list list_all(const stream_key& after, std::size_t limit) const;

 private:
  // Those of some streams, in order.
  struct sorted {
    bool prices_only;
    std::uint64_t changes = 0;
    std::shared_ptr<const entry_list> entries = {}; // null: to be made again

    bool has(const symbol_entry& entry) const noexcept {
      return !prices_only || entry.key.kind == stream_kind::price;
    }
  };
  std::shared_ptr<const entry_list> entries_of(sorted& which) const;
  void changed(const symbol_entry& entry);

  mutable std::mutex mutex_;
  entry_list by_index_; // null: free
  std::vector<std::uint32_t> free_;
  mutable sorted prices_{true};
  mutable sorted all_{false};
};

} // namespace tradepulse
