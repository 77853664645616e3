#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/market_events.hpp"
#include "protocol/numbered_event.hpp"
#include "protocol/price_snapshot.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/tick.hpp"
#include "protocol/timestamps.hpp"

// Short names for the values that the tests of the actors are made of.
namespace tradepulse::samples {

// 2024-08-08T23:54:16Z: a time that ticks may have.
inline constexpr std::int64_t some_time = 1'723'161'256'000;

inline symbol named(std::string_view text) {
  return symbol::parse(text).value();
}
inline time_ms at(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}
// A price in whole units.
inline price costs(std::int64_t whole) {
  return price{whole * decimal_unit};
}
inline stream_position pos(std::int64_t e, std::int64_t seq) {
  return {epoch{e}, sequence{seq}};
}

// The tick at `offset`: its event time is `ms` after some_time, its record's time the same.
inline tick tick_at(std::int64_t offset, std::int64_t whole, std::int64_t ms) {
  tick out;
  out.offset = record_offset{offset};
  out.price = costs(whole);
  out.event_time = at(some_time + ms);
  out.append_time = out.event_time;
  return out;
}

// Of other kinds at the place and time of a tick, with its price.
inline logged_trade trade_at(const tick& t) {
  return {t.offset,
          t.event_time,
          t.append_time,
          t.source_sequence,
          {t.price, quantity{decimal_unit}, trade_side::buy, t.offset.value()}};
}
inline logged_quote quote_at(const tick& t) {
  return {t.offset,
          t.event_time,
          t.append_time,
          t.source_sequence,
          {t.price, quantity{decimal_unit}, t.price, quantity{2 * decimal_unit}}};
}
inline logged_kline kline_at(const tick& t) {
  logged_kline out{t.offset, t.event_time, t.append_time, t.source_sequence, {}};
  out.value.start = t.event_time;
  out.value.end = t.event_time + std::chrono::minutes{1};
  out.value.open = out.value.high = out.value.low = out.value.close = t.price;
  return out;
}

inline numbered_event event(std::int64_t seq, std::int64_t whole, std::int64_t ms,
                            bool late = false) {
  numbered_event out;
  out.seq = sequence{seq};
  out.price = costs(whole);
  out.event_time = at(some_time + ms);
  out.late = late;
  return out;
}

inline price_snapshot snapshot(std::string_view name, stream_position position, std::int64_t whole,
                               std::int64_t ms) {
  price_snapshot out;
  out.symbol = named(name);
  out.price = costs(whole);
  out.event_time = at(some_time + ms);
  out.position = position;
  out.price_seq = position.seq;
  return out;
}

// The seed of a random test: from TRADEPULSE_TEST_SEED, so that a failure can be run again, else a
// new one. Printed always.
inline std::uint64_t seed(std::string_view test) {
  const char* given = std::getenv("TRADEPULSE_TEST_SEED");
  const std::uint64_t out = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << test << ": TRADEPULSE_TEST_SEED=" << out << '\n';
  return out;
}

class dice {
 public:
  explicit dice(std::uint64_t from) : random_(from) {}
  // [low, high], both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>{low, high}(random_);
  }
  bool chance(double p) { return std::bernoulli_distribution{p}(random_); }

 private:
  std::mt19937_64 random_;
};

} // namespace tradepulse::samples
