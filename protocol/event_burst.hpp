#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "protocol/frame_slice.hpp"
#include "protocol/market_events.hpp"
#include "protocol/stream_kind.hpp"
#include "protocol/strong.hpp"

namespace tradepulse {

// A dense number of a stream in this process (see symbol_directory).
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
// What the events say is their kind's: burst_of.
class event_burst {
 public:
  virtual ~event_burst() = default;
  event_burst(const event_burst&) = delete;
  event_burst& operator=(const event_burst&) = delete;

  stream_index index() const noexcept { return index_; }
  const tradepulse::symbol& symbol() const noexcept { return symbol_; }
  stream_kind kind() const noexcept { return kind_; }
  tradepulse::epoch epoch() const noexcept { return epoch_; }
  sequence first() const noexcept { return first_; }
  sequence last() const noexcept { return last_; }
  std::size_t count() const noexcept {
    return static_cast<std::size_t>(last_.value() - first_.value() + 1);
  }
  sequence number_of(std::size_t i) const noexcept {
    return sequence{first_.value() + static_cast<std::int64_t>(i)};
  }
  time_ms oldest_append() const noexcept { return oldest_append_; }

  // Index of the first event above `seq`; count() where there is none.
  std::size_t first_above(sequence seq) const noexcept;

  // Encoded at the first call. Thread: any.
  const encoded_burst& encoded(bool numbers_as_strings) const;

 protected:
  event_burst(stream_index index, const tradepulse::symbol& name, tradepulse::epoch e,
              sequence first, sequence last, time_ms oldest_append, stream_kind kind)
      : index_(index), symbol_(name), epoch_(e), first_(first), last_(last),
        oldest_append_(oldest_append), kind_(kind) {}

 private:
  // Appends the JSON text of the i-th event.
  virtual void append_event(std::string& out, std::size_t i, bool numbers_as_strings) const = 0;
  encoded_burst encode(bool numbers_as_strings) const;

  stream_index index_;
  tradepulse::symbol symbol_;
  tradepulse::epoch epoch_;
  sequence first_;
  sequence last_;
  time_ms oldest_append_;
  stream_kind kind_;
  mutable std::once_flag once_[2];
  mutable encoded_burst encoded_[2];
};

using burst_ptr = std::shared_ptr<const event_burst>;

// Of price_events, trade_events, ... (market_events.hpp).
template <class Events>
class burst_of final : public event_burst {
 public:
  using event = typename Events::numbered;

  // Requires: events is not empty, its numbers rise by one.
  burst_of(stream_index index, const tradepulse::symbol& name, tradepulse::epoch e,
           std::vector<event> events, time_ms oldest_append, stream_kind kind = {});

  const std::vector<event>& events() const noexcept { return events_; }

 private:
  void append_event(std::string& out, std::size_t i, bool numbers_as_strings) const override;

  std::vector<event> events_;
};

using price_burst = burst_of<price_events>;
using trade_burst = burst_of<trade_events>;
using quote_burst = burst_of<quote_events>;
using kline_burst = burst_of<kline_events>;
using candle_burst = burst_of<candle_events>;

extern template class burst_of<price_events>;
extern template class burst_of<trade_events>;
extern template class burst_of<quote_events>;
extern template class burst_of<kline_events>;
extern template class burst_of<candle_events>;

// Requires: the burst's kind is `price`.
inline const price_burst& prices_of(const event_burst& burst) noexcept {
  return static_cast<const price_burst&>(burst);
}

} // namespace tradepulse
