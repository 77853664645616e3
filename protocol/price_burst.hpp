#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "protocol/frame_slice.hpp"
#include "protocol/numbered_event.hpp"
#include "protocol/strong.hpp"

namespace tradepulse {

// A dense number of a symbol's price stream in this process (see symbol_directory).
using stream_index = strong<struct stream_index_tag, std::uint32_t>;

// The text of a burst in one spelling of the native dialect: all frames in one buffer.
struct encoded_burst {
  std::shared_ptr<const std::string> bytes;
  std::vector<std::uint32_t> ends; // of each event's frame

  // The frames from event `first` on.
  frame_slice from(std::size_t first) const {
    const std::size_t begin = first == 0 ? 0 : ends[first - 1];
    return {bytes, begin, bytes->size() - begin};
  }
};

// Consecutive events of one stream and one epoch, encoded once for all who get them. Immutable.
class price_burst {
 public:
  // Requires: events is not empty, its numbers rise by one.
  price_burst(stream_index index, const symbol& name, epoch e, std::vector<numbered_event> events,
              time_ms oldest_append);

  stream_index index() const noexcept { return index_; }
  const tradepulse::symbol& symbol() const noexcept { return symbol_; }
  tradepulse::epoch epoch() const noexcept { return epoch_; }
  const std::vector<numbered_event>& events() const noexcept { return events_; }
  sequence first() const noexcept { return events_.front().seq; }
  sequence last() const noexcept { return events_.back().seq; }
  time_ms oldest_append() const noexcept { return oldest_append_; }

  // Index of the first event above `seq`; events().size() where there is none.
  std::size_t first_above(sequence seq) const noexcept;

  // Encoded at the first call. Thread: any.
  const encoded_burst& encoded(bool numbers_as_strings) const;

 private:
  encoded_burst encode(bool numbers_as_strings) const;

  stream_index index_;
  tradepulse::symbol symbol_;
  tradepulse::epoch epoch_;
  std::vector<numbered_event> events_;
  time_ms oldest_append_;
  mutable std::once_flag once_[2];
  mutable encoded_burst encoded_[2];
};

using burst_ptr = std::shared_ptr<const price_burst>;

} // namespace tradepulse
