#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <variant>

#include "actors/market/recalled_events.hpp"
#include "protocol/ports/history.hpp"
#include "protocol/price_snapshot.hpp"
#include "protocol/since_point.hpp"

namespace tradepulse {

// One subscription on its way from the position its client had, or a time, to the live stream:
// which rung of the ladder it stands on (memory, the journal), what is to be written next, and when
// it is live. Decides and does nothing else: who holds it asks, writes, and says what came of it.
//
// Guarantees: what is written covers, behind `since`, each event once and in order, or a hole that
// is announced; a hole only where the event can neither be had nor come again. Live from exactly
// there where `live` was answered.
class recovery {
 public:
  // `journal`: whether there is one to read.
  recovery(since_point since, bool journal);

  // --- what `subscribed` says ---
  struct opening {
    stream_position from; // the first due event; behind `to` where nothing is due
    stream_position to;
    std::optional<std::int64_t> lost; // absent: not known before it was read
    // Above all that exists: the subscription begins anew, an error says so.
    bool refused = false;
  };
  // From the answer to a question with limit 0 behind where_to_open(). From then on there is a
  // position, and what it refuses stays refused.
  opening open(const recalled_events& first);
  // Of a time older than all that the journal keeps, memory is asked how far back it has events.
  stream_position where_to_open() const noexcept { return older_ ? stream_position{} : after(); }

  // --- what comes next ---
  enum class next : std::uint8_t {
    locate,       // the position of time(), in the journal; before open()
    ask_memory,   // about what is behind after()
    read_journal, // behind after(), through()
    write,        // front(), when there is room
    answer,       // a question or a read is under way
    settling,     // nothing before resume(): what is missing may come again
    live,         // the events above position() come by themselves
  };
  next due() const noexcept;
  stream_position after() const noexcept { return std::max(position_, empty_through_); }
  stream_position through() const noexcept { return through_; }
  // Of read_journal: what was committed for certain. Absent: nothing is known to be.
  std::optional<stream_position> committed() const noexcept;
  // Of a client that came with a time, until its position is known.
  std::optional<time_ms> time() const noexcept { return time_; }

  // --- what was done ---
  void asked() noexcept; // the memory or the journal, as was due
  void recalled(const recalled_events& found);
  void located(const history_page& found); // as `locate` asked
  void read(const history_page& page);
  // The partition has settled, or is back. True: ask the memory (again: an answer that is on its
  // way is of an earlier question).
  bool resume() noexcept;

  // Up to `to` there is nothing to be had; then the snapshot, where nothing comes behind it.
  struct hole {
    stream_position to;
    head_ptr snapshot;
  };
  // The client's position is above `highest`: an error, the snapshot, and on from there.
  struct refusal {
    stream_position asked;
    stream_position highest;
    head_ptr snapshot;
  };
  using item = std::variant<burst_ptr, hole, refusal>; // of a burst what is above position()
  // Requires: due() is write.
  const item& front() const { return items_.front(); }
  void taken();
  // Not yet. What was to be live behind it is asked again.
  void refused() noexcept { live_behind_ = false; }

  stream_position position() const noexcept { return position_; }
  // Live, and not where the stream stands: above all that is known now, where an event may never
  // come; or below what was published, which another process may read again in place of this one.
  bool unsettled() const noexcept { return unsettled_; }

 private:
  bool reached_by(const recalled_events& found) const noexcept;
  void below_memory(const recalled_events& found);

  void take_memorys(const recalled_events& first);

  std::optional<time_ms> time_;
  stream_position position_;      // of what was written
  stream_position empty_through_; // behind position_ nothing is to be had up to here
  stream_position through_;       // of the read
  stream_position restored_;      // of the stream, by its last claim
  std::deque<item> items_;
  next state_ = next::ask_memory; // once the items are written
  bool journal_;
  bool timed_ = false; // its position is not its client's
  bool older_ = false; // than all that is kept: what it has missed of that nobody knows
  bool asked_memory_ = false;
  bool resumed_ = false; // since it was asked
  bool final_ = false;   // what the read does not find is nowhere
  bool live_behind_ = false;
  bool unsettled_ = false;
};

} // namespace tradepulse
