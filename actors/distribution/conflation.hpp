#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "actors/messages.hpp"
#include "protocol/price_burst.hpp"

namespace tradepulse {

// What one slow reader has not been sent: per stream at most one merged update with the extremes
// of all it swallowed, behind the `gap` messages and join snapshots that must come first. Bounded
// by the number of subscriptions, never by time.
class conflation {
 public:
  // Frames that may wait before an update of one stream; a stream that changes its epoch or its
  // home more often than a reader reads is not worth keeping.
  static constexpr std::size_t max_preface_bytes = 16 * 1'024;

  explicit conflation(bool numbers_as_strings) : numbers_as_strings_(numbers_as_strings) {}

  // `before` is the subscription's delivered position. False: the bound is reached, close.
  bool add(const price_burst& burst, stream_position before);
  bool add_move(stream_index index, const price_snapshot& joined_at, stream_position before);
  void forget(stream_index index);

  // Moves what waits into items worth about `bytes`, oldest stream first.
  std::vector<handed_item> take(std::size_t bytes);
  // The items of the last take() were written.
  void taken();
  // They were refused: they come before what has arrived since.
  void put_back(std::vector<handed_item> items);

  bool empty() const noexcept { return waiting_.empty(); }
  std::size_t streams() const noexcept { return entries_.size(); }

 private:
  struct entry {
    tradepulse::symbol symbol;
    std::string preface;
    std::uint32_t gaps = 0; // in it
    std::optional<merged_update> update;
    stream_position through;
    std::optional<std::list<stream_index>::iterator> waits; // its place in waiting_
    bool on_its_way = false;                                // with the last take()
  };
  entry& entry_for(stream_index index, const symbol& name, stream_position before);
  void begin_gap(entry& at, stream_position next, std::string_view reason);
  void wait(stream_index index, entry& at);
  void drop_idle(stream_index index);
  void arrived();

  bool numbers_as_strings_;
  // A stream that waits or is on its way. Each is left, begun anew or taken in constant time,
  // however many there are.
  std::unordered_map<stream_index, entry> entries_;
  std::list<stream_index> waiting_; // oldest first
  std::vector<stream_index> on_their_way_;
};

// Swallows the next event of the same stream and epoch.
void merge_event(std::optional<merged_update>& into, const symbol& name, epoch e,
                 const numbered_event& event);
// `newer` follows `older` directly.
merged_update merge_updates(const merged_update& older, const merged_update& newer);

} // namespace tradepulse
