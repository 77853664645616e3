#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>

#include "protocol/candle.hpp"
#include "protocol/frame_slice.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/stream_kind.hpp"

namespace tradepulse {

// A view of a candle as it goes to all who are shown it, encoded once for them. Immutable.
class shown_candle {
 public:
  // `source`: the stream that the candle is made from, `trade` or `price`.
  shown_candle(const symbol& name, stream_kind source, const candle_view& view)
      : symbol_(name), source_(source), view_(view) {}
  shown_candle(const shown_candle&) = delete;
  shown_candle& operator=(const shown_candle&) = delete;

  const tradepulse::symbol& symbol() const noexcept { return symbol_; }
  stream_kind source() const noexcept { return source_; }
  const candle_view& view() const noexcept { return view_; }
  stream_kind kind() const noexcept { return stream_kind::candle(view_.candle.interval); }

  // One WebSocket frame, encoded at the first call. `withdraws`: it goes to a client that was shown
  // a provisional view of this candle, and takes that back even where its own `withdraws` does not
  // say so, as it stands for the view that did. Thread: any.
  frame_slice encoded(bool numbers_as_strings, bool withdraws = false) const;

 private:
  struct spelling {
    std::once_flag once;
    std::shared_ptr<const std::string> frame;
  };

  tradepulse::symbol symbol_;
  stream_kind source_;
  candle_view view_;
  mutable std::array<spelling, 4> spellings_;
};

using candle_view_ptr = std::shared_ptr<const shown_candle>;

} // namespace tradepulse
