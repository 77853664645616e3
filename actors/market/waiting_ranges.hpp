#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "actors/ingest/ingest_range.hpp"
#include "protocol/lateness.hpp"
#include "protocol/market_events.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse {

// The ranges in which a symbol has filled a slot and that wait for their commit: what has left the
// ring, or never was in one, is still in their ticks. They are not kept alive here: a range ends
// with its commit, or with the claim it was read under. The credit of ingest bounds how many.
// Thread: one at a time, that of the symbol's state; ranges may end on any other meanwhile.
class waiting_ranges {
 public:
  // Requires: the slot is one of the range, and its row and newest_before are written.
  void add(ingest_range& range, const ingest_range::slot& slot);
  // Those that have ended.
  void prune();
  void clear() noexcept { kept_ = {}; }
  // Those of this epoch and later ones: their claim is over.
  void forget_from(epoch first);
  bool empty() const noexcept { return kept_.empty(); }
  // With those that have ended and were not dropped yet: at most twice as many as waited at the
  // last look, and a few. Each of them keeps the memory of its range's control block.
  std::size_t size() const noexcept { return kept_.size(); }

  // Of epochs before `below`, where a symbol has gone on from another partition while its events
  // of this one wait: the newest that wait, with their range.
  struct earlier {
    stream_position last;
    std::weak_ptr<const ingest_range> range;
  };
  std::optional<earlier> newest_before(epoch below) const;
  // The end of the oldest of these epochs that has something above `after`.
  std::optional<stream_position> oldest_end(stream_position after, epoch below) const;

  // Numbers of one epoch that one range has. While it is held, the range stays.
  struct part {
    std::shared_ptr<const ingest_range> range;
    const ingest_range::slot* slot = nullptr;
    sequence first;
    sequence last;
  };
  // Newest first, only those of this epoch that wait still.
  template <class Take> // bool(part): whether to go on
  void from_newest(epoch of, Take&& take) const {
    for (auto each = kept_.rbegin(); each != kept_.rend(); ++each)
      if (auto range = each->range.lock()) {
        const auto& row = each->slot->row;
        if (row.position.epoch != of)
          continue;
        const sequence first{row.position.seq.value() - each->slot->count + 1};
        if (!take(part{std::move(range), each->slot, first, row.position.seq}))
          return;
      }
  }
  // The events of the part from `first` to `last`, as they were numbered.
  template <class Events>
  static void append(std::vector<typename Events::numbered>& to, const part& of, sequence first,
                     sequence last) {
    lateness order(of.slot->newest_before);
    sequence seq = of.first;
    for (const auto& t : of.range->events<Events>(*of.slot)) {
      const bool late = order.late(t.event_time);
      if (seq >= first && seq <= last)
        to.push_back(Events::number(seq, t, late));
      seq = sequence{seq.value() + 1};
    }
  }

 private:
  struct kept {
    std::weak_ptr<const ingest_range> range;
    const ingest_range::slot* slot = nullptr;
  };
  static constexpr std::size_t few = 16;

  std::vector<kept> kept_; // oldest first
  std::size_t look_at_ = few;
};

} // namespace tradepulse
