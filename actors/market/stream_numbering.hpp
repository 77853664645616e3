#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "protocol/lateness.hpp"
#include "protocol/market_events.hpp"
#include "protocol/stored_stream.hpp"

namespace tradepulse {

// Numbers the events of one stream. A pure function of the stored state and of the log: the same
// records give the same numbers after any crash.
template <class Events>
class stream_numbering {
 public:
  using logged = typename Events::logged;
  using event = typename Events::numbered;
  // A second move of the home within this time of the log marks the stream unordered.
  static constexpr std::chrono::hours move_window{1};

  explicit stream_numbering(const stream_key& key);

  // Goes on from what PostgreSQL has; or, with `uncommitted_epoch`, from the row right after a
  // move of the home that PostgreSQL does not have yet.
  void restore(stored_stream stored, bool uncommitted_epoch = false);

  struct numbered {
    tradepulse::epoch epoch;
    std::vector<event> events;
    bool moved_home = false;     // a new epoch that is not committed yet
    std::int64_t source_gap = 0; // numbers of upstream that this stream has not got
    // Event time of the newest of the epoch before these.
    time_ms newest_before = lateness::nothing_before;
  };
  // Requires: all events are of one partition, in offset order, and follow what was applied before.
  // `room`: memory for the events, of a call before.
  numbered apply(std::span<const logged> read, const topic_partition& source, epoch floor,
                 std::vector<event> room = {});

  // The same for events that were numbered elsewhere, of which the last has `row`.position.
  numbered follow(std::span<const logged> read, const stored_stream& row, bool moved_home,
                  std::vector<event> room = {});

  // The row that belongs to what was applied so far.
  const stored_stream& row() const noexcept { return state_; }

 private:
  void begin_epoch(epoch next) noexcept;
  time_ms newest_time() const noexcept;
  bool shows_this_epoch() const noexcept;
  void show(const logged& t, bool late);

  stored_stream state_;
  bool uncommitted_epoch_ = false; // the next events are the first that say so
  // Upstream's greatest number so far: a late event's as well, which a snapshot does not have.
  std::optional<std::int64_t> newest_source_;
};

using price_stream = stream_numbering<price_events>;

extern template class stream_numbering<price_events>;
extern template class stream_numbering<trade_events>;
extern template class stream_numbering<quote_events>;
extern template class stream_numbering<kline_events>;
extern template class stream_numbering<candle_events>;

} // namespace tradepulse
