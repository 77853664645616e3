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

// An event that may be the first or the last of a candle.
struct end_event {
  std::uint32_t after_ms;
  sequence seq;
  tradepulse::price price;
  std::optional<std::int64_t> id;
};

void open_with(stored_candle& into, const end_event& what) noexcept {
  auto& to = into.candle;
  if (to.trades > 0 && std::pair{what.after_ms, what.seq} >=
                           std::pair{into.open_after_ms, into.open_seq})
    return;
  to.open = what.price;
  into.open_after_ms = what.after_ms;
  into.open_seq = what.seq;
  set_id(to, candle_flags::first_id, &candle::first_trade_id, what.id);
}

void close_with(stored_candle& into, const end_event& what) noexcept {
  auto& to = into.candle;
  if (to.trades > 0 && std::pair{what.after_ms, what.seq} <=
                           std::pair{into.close_after_ms, into.close_seq})
    return;
  to.close = what.price;
  into.close_after_ms = what.after_ms;
  into.close_seq = what.seq;
  set_id(to, candle_flags::last_id, &candle::last_trade_id, what.id);
}

// Of `trades` events, the last thing that is taken of them.
void widen(candle& to, price low, price high, sequence first_seq, sequence last_seq,
           std::int64_t trades) noexcept {
  const bool first = to.trades == 0; // also of one that was flat
  to.high = first ? high : std::max(to.high, high);
  to.low = first ? low : std::min(to.low, low);
  to.first_seq = first ? first_seq : std::min(to.first_seq, first_seq);
  to.last_seq = first ? last_seq : std::max(to.last_seq, last_seq);
  to.trades += trades;
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

int128 quote_room(const candle& of) noexcept {
  return greatest - of.quote_units;
}

void merge(stored_candle& into, const measured_event& what) noexcept {
  auto& to = into.candle;
  const auto& event = what.event;
  const auto after_ms = static_cast<std::uint32_t>((event.event_time - to.start).count());
  const auto seq = event.position.seq;
  open_with(into, {after_ms, seq, event.price, event.trade_id});
  close_with(into, {after_ms, seq, event.price, event.trade_id});
  widen(to, event.price, event.price, seq, seq, 1);
  add_size(to, what);
}

void merge(stored_candle& into, const stored_candle& sum) noexcept {
  auto& to = into.candle;
  const auto& from = sum.candle;
  const auto behind = static_cast<std::uint32_t>((from.start - to.start).count());
  open_with(into,
            {sum.open_after_ms + behind, sum.open_seq, from.open, from.opening_trade_id()});
  close_with(into,
             {sum.close_after_ms + behind, sum.close_seq, from.close, from.closing_trade_id()});
  widen(to, from.low, from.high, from.first_seq, from.last_seq, from.trades);
  const auto of_ends = candle_flags::first_id | candle_flags::last_id;
  to.flags = to.flags | without(from.flags, of_ends);
  to.volume_units += from.volume_units;
  to.taker_buy_volume_units += from.taker_buy_volume_units;
  if (has(to.flags, candle_flags::quote_overflow))
    return;
  to.quote_units += from.quote_units;
  to.taker_buy_quote_units += from.taker_buy_quote_units;
}

} // namespace tradepulse
