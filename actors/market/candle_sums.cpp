#include "actors/market/candle_sums.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tradepulse {
namespace {

constexpr int128 greatest = ((int128{1} << 126) - 1) + (int128{1} << 126); // 2^127 - 1

// A sum of what is never negative only grows: whether it passes the bound is a matter of the events
// alone, not of their order. Volumes cannot: 10^20 units each, so 10^18 events.
void add_quotes(candle& to, const measured_event& what, bool bought) noexcept {
  if (!what.quote || to.quote_units > greatest - *what.quote) {
    to.flags = to.flags | candle_flags::quote_overflow;
    to.quote_units = 0;
    to.taker_buy_quote_units = 0;
  }
  if (has(to.flags, candle_flags::quote_overflow))
    return;
  to.quote_units += *what.quote;
  if (bought)
    to.taker_buy_quote_units += *what.quote;
}

void add_size(candle& to, const measured_event& what) noexcept {
  const auto& event = what.event;
  if (!event.taker)
    to.flags = to.flags | candle_flags::lacks_taker;
  if (!event.size) {
    to.flags = to.flags | candle_flags::lacks_size;
    return;
  }
  const bool bought = event.taker == trade_side::buy;
  to.flags = to.flags | candle_flags::sized;
  to.volume_units += event.size->units();
  if (bought)
    to.taker_buy_volume_units += event.size->units();
  add_quotes(to, what, bought);
}

void set_id(candle& to, candle_flags known, std::int64_t candle::*id,
            const std::optional<std::int64_t>& of) noexcept {
  to.flags = of ? to.flags | known : without(to.flags, known);
  to.*id = of.value_or(0);
}

} // namespace

std::optional<int128> quote_volume_of(price each, quantity size) noexcept {
  const int128 units = size.units();
  // 63 bits times 64 always fit; a division of 128 bits is slow, and sizes above 1.8 * 10^11 rare.
  const bool narrow = units <= std::numeric_limits<std::uint64_t>::max();
  if (!narrow && each.units() > 0 && units > greatest / each.units())
    return {};
  return units * each.units();
}

measured_event::measured_event(const candle_event& of) noexcept : event(of) {
  if (of.size)
    quote = quote_volume_of(of.price, *of.size);
}

void merge(stored_candle& into, const measured_event& what) noexcept {
  auto& to = into.candle;
  const auto& event = what.event;
  const auto after_ms = static_cast<std::uint32_t>((event.event_time - to.start).count());
  const auto seq = event.position.seq;
  const bool first = to.trades == 0; // also of one that was flat
  if (first || std::pair{after_ms, seq} < std::pair{into.open_after_ms, into.open_seq}) {
    to.open = event.price;
    into.open_after_ms = after_ms;
    into.open_seq = seq;
    set_id(to, candle_flags::first_id, &candle::first_trade_id, event.trade_id);
  }
  if (first || std::pair{after_ms, seq} > std::pair{into.close_after_ms, into.close_seq}) {
    to.close = event.price;
    into.close_after_ms = after_ms;
    into.close_seq = seq;
    set_id(to, candle_flags::last_id, &candle::last_trade_id, event.trade_id);
  }
  to.high = first ? event.price : std::max(to.high, event.price);
  to.low = first ? event.price : std::min(to.low, event.price);
  to.first_seq = first ? seq : std::min(to.first_seq, seq);
  to.last_seq = first ? seq : std::max(to.last_seq, seq);
  ++to.trades;
  add_size(to, what);
}

} // namespace tradepulse
