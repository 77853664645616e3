#pragma once

#include <cstdint>
#include <optional>

#include "protocol/candle.hpp"
#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/numbered_event.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/tick.hpp"
#include "protocol/timestamps.hpp"

// What streams other than `price` carry, and each kind's two forms: as it was read from the log and
// with its number. The forms of a price are `tick` and `numbered_event`.
namespace tradepulse {

enum class trade_side : std::uint8_t { unknown, buy, sell }; // what the taker did

struct trade_value {
  tradepulse::price price;
  quantity size;
  trade_side side = trade_side::unknown;
  std::optional<std::int64_t> trade_id;

  friend bool operator==(const trade_value&, const trade_value&) noexcept = default;
};

// The best of an order book.
struct quote_value {
  price bid;
  quantity bid_size;
  price ask;
  quantity ask_size;

  friend bool operator==(const quote_value&, const quote_value&) noexcept = default;
};

// A message about a candle that upstream has made; its interval is the stream's.
struct kline_value {
  time_ms start{};
  time_ms end{}; // upstream's own: an exchange says the last millisecond, others the next start
  price open, high, low, close;
  quantity volume;
  // 1e-8, 0 to below 10^28: a sum of price * size passes the bound of a volume.
  std::optional<int128> quote_volume;
  std::optional<int128> taker_buy_volume;
  std::optional<int128> taker_buy_quote_volume;
  std::optional<std::int64_t> trades;
  std::optional<std::int64_t> first_trade_id;
  std::optional<std::int64_t> last_trade_id;
  bool closed = false;

  friend bool operator==(const kline_value&, const kline_value&) noexcept = default;
};

// As it was read from the log; its symbol stands beside it, as that of a tick does.
template <class Value>
struct logged_event {
  record_offset offset;
  time_ms event_time{};
  time_ms append_time{};
  std::optional<std::int64_t> source_sequence;
  Value value;
};
using logged_trade = logged_event<trade_value>;
using logged_quote = logged_event<quote_value>;
using logged_kline = logged_event<kline_value>;
// A close or a correction: offset and time are those of the record that caused it.
using logged_candle = logged_event<candle>;

// With the number that its symbol actor gave it.
template <class Value>
struct numbered_value {
  sequence seq;
  time_ms event_time{};
  std::optional<std::int64_t> source_sequence;
  bool late = false; // older than the newest of its epoch
  Value value;
};
using numbered_trade = numbered_value<trade_value>;
using numbered_quote = numbered_value<quote_value>;
using numbered_kline = numbered_value<kline_value>;
using numbered_candle = numbered_value<candle>; // never late

// What a slow reader gets instead of many quotes: the newest by time.
struct merged_quote {
  tradepulse::symbol symbol;
  tradepulse::epoch epoch;
  sequence first_seq;
  sequence last_seq;
  sequence quote_seq; // of the one shown (newest by event time, ties: the later)
  time_ms event_time{};
  std::optional<std::int64_t> source_sequence;
  quote_value value;
  std::uint64_t count = 0; // n: quotes swallowed
  bool late = false;       // every one in it is
};

// The two forms of each kind, for what is the same for all of them.
struct price_events {
  using logged = tick;
  using numbered = numbered_event;
  static numbered number(sequence seq, const logged& t, bool late) {
    return {seq, t.price, t.volume, t.event_time, t.source_sequence, late};
  }
};
template <class Value>
struct value_events {
  using logged = logged_event<Value>;
  using numbered = numbered_value<Value>;
  static numbered number(sequence seq, const logged& t, bool late) {
    return {seq, t.event_time, t.source_sequence, late, t.value};
  }
};
using trade_events = value_events<trade_value>;
using quote_events = value_events<quote_value>;
using kline_events = value_events<kline_value>;
// In the order of the records that caused them, whose times may go back.
struct candle_events : value_events<candle> {
  static numbered number(sequence seq, const logged& t, bool) {
    return {seq, t.event_time, t.source_sequence, false, t.value};
  }
};

} // namespace tradepulse
