#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "protocol/numbered_event.hpp"
#include "protocol/stored_stream.hpp"
#include "protocol/tick.hpp"

namespace tradepulse {

// Numbers the events of one symbol's price stream. A pure function of the stored state and of the
// log: the same records give the same numbers after any crash.
class price_stream {
 public:
  // A second move of the home within this time of the log marks the stream unordered.
  static constexpr std::chrono::hours move_window{1};

  explicit price_stream(symbol name);

  // Goes on from what PostgreSQL has; or, with `uncommitted_epoch`, from the row right after a
  // move of the home that PostgreSQL does not have yet.
  void restore(stored_stream stored, bool uncommitted_epoch = false);

  struct numbered {
    tradepulse::epoch epoch;
    std::vector<numbered_event> events;
    bool moved_home = false;     // a new epoch that is not committed yet
    std::int64_t source_gap = 0; // upstream numbers that never came
  };
  // Requires: all ticks are of one partition, in offset order, and follow what was applied before.
  // `room`: memory for the events, of a call before.
  numbered apply(std::span<const tick> ticks, const topic_partition& source, epoch floor,
                 std::vector<numbered_event> room = {});

  // The row that belongs to what was applied so far.
  const stored_stream& row() const noexcept { return state_; }

 private:
  void begin_epoch(epoch next) noexcept;

  stored_stream state_;
  bool uncommitted_epoch_ = false; // the next events are the first that say so
  // Upstream's greatest number so far: a late event's as well, which the snapshot does not have.
  std::optional<std::int64_t> newest_source_;
};

} // namespace tradepulse
