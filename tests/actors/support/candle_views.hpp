#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/event_burst.hpp"
#include "protocol/shown_candle.hpp"
#include "tests/actors/support/samples.hpp"

// Candles of one minute as they go to clients.
namespace tradepulse::samples {

inline const stream_kind candles = stream_kind::candle(candle_interval::m1);

inline time_ms minute(std::int64_t number) {
  return time_ms{std::chrono::minutes{28'719'354 + number}};
}

// Of the n-th minute, with the source's events up to `last`; its close is that number.
inline candle candle_of(std::int64_t n, std::int64_t source_epoch, std::int64_t last) {
  candle out;
  out.start = minute(n);
  out.open = out.high = out.low = out.close = costs(last);
  out.trades = last;
  out.source_epoch = epoch{source_epoch};
  out.first_seq = sequence{1};
  out.last_seq = sequence{last};
  return out;
}

// Above every number of the stream.
inline const stream_position every_close = pos(1'000'000, 1);

inline candle_view_ptr view_of(std::string_view name, std::int64_t n, stream_position through,
                               bool provisional = false, bool withdraws = false,
                               stream_position closed_through = every_close) {
  candle_view out{candle_of(n, through.epoch.value(), through.seq.value()), through, provisional,
                  withdraws, closed_through};
  if (provisional)
    out.candle.flags = candle_flags::closed;
  return std::make_shared<const shown_candle>(named(name), stream_kind::trade, out);
}

// The closes of these minutes, numbered from `first` on.
inline burst_ptr closes_of(std::uint32_t index, std::string_view name, std::int64_t e,
                           std::int64_t first, const std::vector<std::int64_t>& starts,
                           std::int64_t source_epoch = 1) {
  std::vector<numbered_candle> events;
  for (const auto n : starts) {
    auto closed = candle_of(n, source_epoch, 1);
    closed.flags = candle_flags::closed;
    events.push_back({sequence{first++}, closed.end(), {}, false, closed});
  }
  return std::make_shared<const candle_burst>(stream_index{index}, named(name), epoch{e},
                                              std::move(events), at(some_time), candles);
}

} // namespace tradepulse::samples
