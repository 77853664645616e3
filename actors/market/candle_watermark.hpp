#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "protocol/timestamps.hpp"

namespace tradepulse {

// How far a partition's log has come in event time: over all its valid records so far, of every
// symbol and stream, the greatest of min(event time, the record's Kafka time + max_ahead). One
// producer with a wrong clock cannot close everybody's candles: what is further ahead counts as
// max_ahead. A function of the records and their order alone; it never goes back.
class partition_watermark {
 public:
  static constexpr time_ms none = time_ms::min(); // before the first record

  // `restored`: what value() was behind the last record that was applied.
  explicit constexpr partition_watermark(std::chrono::milliseconds max_ahead,
                                         time_ms restored = none) noexcept
      : max_ahead_(max_ahead), value_(restored) {}

  // The watermark with this record.
  constexpr time_ms observe(time_ms event_time, time_ms append_time) noexcept {
    // A producer may have given any time to its record.
    const time_ms most =
        append_time > time_ms::max() - max_ahead_ ? time_ms::max() : append_time + max_ahead_;
    if (event_time > most)
      ++held_back_;
    value_ = std::max(value_, std::min(event_time, most));
    return value_;
  }

  constexpr time_ms value() const noexcept { return value_; }
  // Records whose event time was further ahead than max_ahead, since it was made: for a counter.
  constexpr std::uint64_t held_back() const noexcept { return held_back_; }

 private:
  std::chrono::milliseconds max_ahead_;
  time_ms value_;
  std::uint64_t held_back_ = 0;
};

} // namespace tradepulse
