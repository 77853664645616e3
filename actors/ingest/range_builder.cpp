#include "actors/ingest/range_builder.hpp"

#include <type_traits>
#include <variant>

#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

// The price event that a trade is as well.
tick price_of(const logged_trade& trade) {
  return {trade.offset,      trade.event_time, trade.append_time,
          trade.value.price, trade.value.size, trade.source_sequence};
}

const tick& event_in(const decoded_tick& of) noexcept {
  return of.tick;
}
const logged_trade& event_in(const decoded_trade& of) noexcept {
  return of.trade;
}
const logged_quote& event_in(const decoded_quote& of) noexcept {
  return of.quote;
}
const logged_kline& event_in(const decoded_kline& of) noexcept {
  return of.kline;
}

} // namespace

template <class Logged>
void range_builder::sorter<Logged>::clear() {
  present.clear();
  events.clear();
}

template <class Logged>
std::uint32_t range_builder::sorter<Logged>::id_of(const stream_key& key) {
  const auto [known, made] = ids.try_emplace(key, static_cast<std::uint32_t>(names.size()));
  if (made) {
    names.push_back(key);
    counts.push_back(0);
  }
  return known->second;
}

template <class Logged>
std::uint32_t range_builder::sorter<Logged>::add(const stream_key& key, const Logged& event) {
  const auto id = id_of(key);
  if (counts[id]++ == 0)
    present.push_back(id);
  events.emplace_back(id, event);
  return id;
}

template <class Logged>
void range_builder::sorter<Logged>::take_part(std::uint32_t id) {
  if (counts[id] == 0)
    present.push_back(id);
}

template <class Logged>
void range_builder::sorter<Logged>::move_into(std::vector<ingest_range::slot>& slots,
                                              std::vector<Logged>& out) {
  std::uint32_t first = 0;
  for (auto id : present) {
    ingest_range::slot slot;
    slot.symbol = names[id].symbol;
    slot.kind = names[id].kind;
    slot.first = first;
    slot.count = counts[id];
    first += slot.count;
    counts[id] = slot.first; // from here: where the next event of this stream goes
    slots.push_back(std::move(slot));
  }
  out.resize(events.size());
  for (const auto& [id, event] : events)
    out[counts[id]++] = event;
  for (auto id : present)
    counts[id] = 0;
}

range_builder::range_builder(std::shared_ptr<tick_decoder> decoder,
                             std::optional<candle_source> candles)
    : decoder_(std::move(decoder)) {
  if (candles)
    clock_.emplace(*candles);
}

void range_builder::claimed(std::optional<time_ms> watermark) {
  if (clock_)
    clock_->claimed(watermark);
}

void range_builder::restore(const stored_stream& stream) {
  if (!clock_ || !stream.candles || stream.kind != clock_->source().stream)
    return;
  const auto key = stream.key();
  const auto id = stream.kind == stream_kind::price ? prices_.id_of(key) : trades_.id_of(key);
  clock_->restore(id, stream.symbol, *stream.candles);
}

void range_builder::tell_clock(const stream_key& key, std::uint32_t id, time_ms event_time) {
  if (clock_ && key.kind == clock_->source().stream)
    clock_->event(id, key.symbol, event_time);
}

void range_builder::add_closers(const std::unordered_set<stream_key>& stopped) {
  const auto add = [&](auto& events) {
    for (const auto id : clock_->closers())
      if (!stopped.contains(events.names[id]))
        events.take_part(id);
  };
  if (clock_->source().stream == stream_kind::price)
    add(prices_);
  else
    add(trades_);
}

bool range_builder::take(decoded_tick& each, const std::unordered_set<stream_key>& stopped) {
  const stream_key price{each.symbol, stream_kind::price};
  if (!stopped.empty() && stopped.contains(price))
    return false;
  tell_clock(price, prices_.add(price, each.tick), each.tick.event_time);
  return true;
}

bool range_builder::take(decoded_trade& each, const std::unordered_set<stream_key>& stopped) {
  const stream_key trade{each.symbol, stream_kind::trade};
  const stream_key price{each.symbol, stream_kind::price};
  if (!stopped.empty() && (stopped.contains(trade) || stopped.contains(price)))
    return false;
  tell_clock(trade, trades_.add(trade, each.trade), each.trade.event_time);
  tell_clock(price, prices_.add(price, price_of(each.trade)), each.trade.event_time);
  return true;
}

bool range_builder::take(decoded_quote& each, const std::unordered_set<stream_key>& stopped) {
  const stream_key quote{each.symbol, stream_kind::quote};
  if (!stopped.empty() && stopped.contains(quote))
    return false;
  quotes_.add(quote, each.quote);
  return true;
}

bool range_builder::take(decoded_kline& each, const std::unordered_set<stream_key>& stopped) {
  const stream_key kline{each.symbol, stream_kind::kline(each.interval)};
  if (!stopped.empty() && stopped.contains(kline))
    return false;
  klines_.add(kline, each.kline);
  return true;
}

std::optional<stream_key> range_builder::fed_with(const stream_key& each) const {
  const stream_key trade{each.symbol, stream_kind::trade};
  if (!trades_.ids.contains(trade))
    return {};
  if (each.kind == stream_kind::price)
    return trade;
  return each.kind == stream_kind::trade ? std::optional(stream_key{each.symbol}) : std::nullopt;
}

range_builder::built range_builder::build(std::shared_ptr<const record_batch> batch,
                                          next_offset from,
                                          const std::unordered_set<stream_key>& stopped) {
  TRADEPULSE_EXPECTS(!batch->records.empty());
  built out;
  prices_.clear();
  trades_.clear();
  quotes_.clear();
  klines_.clear();
  const auto held_back = clock_ ? clock_->held_back() : 0;
  const auto& records = batch->records;
  if (clock_)
    clock_->begin(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto outcome = decoder_->decode(records[i]);
    std::visit(
        [&](auto& what) {
          using kind = std::decay_t<decltype(what)>;
          if constexpr (std::is_same_v<kind, rejected_record>) {
            out.letters.push_back({batch, i, what.reason, std::move(what.detail)});
          } else if constexpr (std::is_same_v<kind, tombstone>) {
            ++out.tombstones;
          } else if constexpr (std::is_same_v<kind, skipped_record>) {
            ++out.skipped;
          } else {
            const auto& event = event_in(what);
            if (clock_)
              clock_->record(event.offset, event.event_time, event.append_time);
            if (take(what, stopped))
              ++out.ticks;
            else
              out.letters.push_back({batch, i, reject_reason::symbol_stopped,
                                     "symbol " + what.symbol.str() + " failed too often"});
          }
        },
        outcome);
  }
  auto range = std::make_shared<ingest_range>();
  if (clock_) {
    add_closers(stopped);
    range->marks = clock_->marks();
    out.times_held_back = clock_->held_back() - held_back;
  }
  range->gen = batch->gen;
  range->klines_have_own_numbers = decoder_->klines_have_own_numbers();
  range->from = from;
  range->to = next_offset{records.back().offset.value() + 1};
  range->last_applied = applied_record{records.back().offset, record_digest(records.back())};
  range->batch = std::move(batch);
  range->slots.reserve(prices_.present.size() + trades_.present.size() + quotes_.present.size() +
                       klines_.present.size());
  prices_.move_into(range->slots, range->ticks);
  trades_.move_into(range->slots, range->trades);
  quotes_.move_into(range->slots, range->quotes);
  klines_.move_into(range->slots, range->klines);
  out.range = std::move(range);
  return out;
}

} // namespace tradepulse
