#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "protocol/event_burst.hpp"
#include "protocol/price_snapshot.hpp"
#include "tests/actors/support/samples.hpp"

// Streams of any kind out of the events of a price: what happened is written down once.
namespace tradepulse::samples {

inline const stream_kind minutes = stream_kind::kline(kline_interval::m1);

inline quantity amount(std::int64_t whole) {
  return quantity{int128{whole} * decimal_unit};
}

// A trade at the price, its size and id the number; a quote of the price and one more; a kline that
// closes at the price.
template <class Value>
Value value_of(const numbered_event& event);
template <>
inline trade_value value_of(const numbered_event& e) {
  return {e.price, amount(e.seq.value()), trade_side::buy, e.seq.value()};
}
template <>
inline quote_value value_of(const numbered_event& e) {
  return {e.price, amount(1), price{e.price.units() + decimal_unit}, amount(2)};
}
template <>
inline kline_value value_of(const numbered_event& e) {
  kline_value out;
  out.start = e.event_time;
  out.end = e.event_time + std::chrono::minutes{1};
  out.open = out.high = out.low = out.close = e.price;
  return out;
}

template <class Value>
std::vector<numbered_value<Value>> valued(const std::vector<numbered_event>& events) {
  std::vector<numbered_value<Value>> out;
  for (const auto& e : events)
    out.push_back({e.seq, e.event_time, e.source_sequence, e.late, value_of<Value>(e)});
  return out;
}

inline burst_ptr burst_of_kind(stream_kind kind, std::uint32_t index, std::string_view name,
                               epoch e, std::vector<numbered_event> events) {
  const stream_index at_index{index};
  const auto when = at(some_time);
  switch (kind.events()) {
  case event_kind::trade:
    return std::make_shared<const trade_burst>(at_index, named(name), e,
                                               valued<trade_value>(events), when, kind);
  case event_kind::quote:
    return std::make_shared<const quote_burst>(at_index, named(name), e,
                                               valued<quote_value>(events), when, kind);
  case event_kind::kline:
    return std::make_shared<const kline_burst>(at_index, named(name), e,
                                               valued<kline_value>(events), when, kind);
  default:
    return std::make_shared<const price_burst>(at_index, named(name), e, std::move(events), when);
  }
}

// Consecutive events from `first` on; price = 100 + number, time = number.
inline burst_ptr burst_of_kind(stream_kind kind, std::uint32_t index, std::string_view name,
                               std::int64_t e, std::int64_t first, std::int64_t last) {
  std::vector<numbered_event> events;
  for (auto seq = first; seq <= last; ++seq)
    events.push_back(event(seq, 100 + seq, seq));
  return burst_of_kind(kind, index, name, epoch{e}, std::move(events));
}

inline head_ptr head_of(std::string_view name, stream_kind kind, stream_position at) {
  return std::make_shared<const stream_head>(stream_head{named(name), at, kind});
}

} // namespace tradepulse::samples
