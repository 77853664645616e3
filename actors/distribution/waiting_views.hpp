#pragma once

#include <cstddef>
#include <vector>

#include "protocol/shown_candle.hpp"

namespace tradepulse {

// Which views of open candles one subscription is still to be shown: of each candle the newest,
// and only while it is true. Nothing here is lossless: a view gives way to a later one of its
// candle and to the numbered close.
// Guarantees: a client that was shown a candle as provisional hears of that candle again: by a view
// that says it is not, or by the numbered event that closes it. What it was shown as closed by a
// number is never shown open again, nor anything older than it was shown before.
class waiting_views {
 public:
  // Candles that may wait; of more the earliest go, but for those that a client must hear of. Only
  // a producer whose clock is far ahead opens so many candles of one length.
  static constexpr std::size_t most_candles = 16;

  // As the symbol shows them, in its order. False: it says nothing new or nothing true.
  bool add(const candle_view_ptr& view);
  // One that was asked for and may have been overtaken on its way.
  bool add_answer(const candle_view_ptr& view);
  // A numbered event of the stream, a close or a correction, has come or will come to the client.
  void numbered(const candle& fact);
  // The stream has gone on elsewhere: what waits is no more true.
  void drop() noexcept { waiting_.clear(); }
  // Those that know less of the stream than the client, who has this position.
  void drop_behind(stream_position known);

  bool empty() const noexcept { return waiting_.empty(); }
  // The earliest candle first. Requires: !empty().
  frame_slice front(bool numbers_as_strings) const;
  void taken();

 private:
  void begin(epoch source);
  bool owes(time_ms start) const;

  std::vector<candle_view_ptr> waiting_; // sorted by start
  std::vector<time_ms> provisional_;     // starts of candles that the client was shown so
  stream_position through_;              // of the source, as the newest view knew it
  time_ms closed_ = time_ms::min();      // start of the newest candle that was closed
};

} // namespace tradepulse
