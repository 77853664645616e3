#pragma once

#include <utility>
#include <vector>

#include "actors/distribution/backlog.hpp"

namespace tradepulse {

// A backlog, asked for short. `add` says whether all of it may be kept.
struct slow_streams {
  explicit slow_streams(std::size_t lossless_bytes = 1 << 20) : all(false, lossless_bytes) {}

  bool add(const event_burst& burst, stream_position before, std::uint64_t group = 1) {
    return !all.add(burst, before, group);
  }
  bool add_move(stream_index index, const stream_head& now, stream_position before,
                std::uint64_t group = 1) {
    return !all.add_move(index, now, before, group);
  }
  void forget(stream_index index) { all.forget(index); }
  std::vector<handed_item> take(std::size_t bytes) { return all.take(bytes); }
  void taken() { all.taken({}); }
  void put_back(std::vector<handed_item> items) { all.taken(std::move(items)); }
  bool empty() const { return all.empty(); }
  std::size_t streams() const { return all.streams(); }

  backlog all;
};

inline const merged_update& price_in(const handed_item& item) {
  return std::get<merged_update>(item.update);
}
inline const merged_quote& quote_in(const handed_item& item) {
  return std::get<merged_quote>(item.update);
}

} // namespace tradepulse
