#include "adapters/postgres/candle_state_codec.hpp"

#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/candles.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr auto most = std::numeric_limits<std::int64_t>::max();
constexpr auto least = std::numeric_limits<std::int64_t>::min();

std::string refusal(std::string_view bytes) {
  const auto read = decode_candle_state(bytes);
  return read ? "read" : read.failure().detail;
}

TEST(CandleStateCodec, HasAVersionAndTwoCounts) {
  EXPECT_EQ(encode_candle_state({}), std::string("\1\0\0", 3));
  EXPECT_TRUE(decode_candle_state({"\1\0\0", 3}).value().empty());
}

TEST(CandleStateCodec, WritesNumbersOfSevenBitsAByteAndDifferences) {
  stored_candles state;
  state.streams.push_back(
      {candle_interval::m5, epoch{2}, {epoch{3}, sequence{64}}, at_ms(100), at_ms(99), price{-1}});
  EXPECT_EQ(encode_candle_state(state), std::string("\1"
                                                    "\1"       // one stream
                                                    "\2\4\6"   // 5m, epochs 2 and 3
                                                    "\x80\1"   // 64, folded to 128
                                                    "\3"       // both times follow
                                                    "\xc8\1\1" // 100, and one less
                                                    "\1"       // the price
                                                    "\0",      // no candle
                                                    13));
}

TEST(CandleStateCodec, KeepsTheBoundsOfEveryField) {
  for (const bool great : {true, false}) {
    const auto edge = great ? most : least;
    const int128 wide = great ? ((int128{1} << 126) - 1) * 2 + 1 : int128{-1} << 127;
    stored_candles state;
    state.streams.push_back({candle_interval::d1,
                             epoch{edge},
                             {epoch{edge}, sequence{edge}},
                             at_ms(edge),
                             at_ms(great ? least : most),
                             price{edge}});
    state.streams.push_back({candle_interval::s1, epoch{0}, {}, {}, {}, price{0}});
    stored_candle row;
    auto& c = row.candle;
    c.interval = candle_interval::h4;
    c.volume_units = c.taker_buy_quote_units = wide;
    c.quote_units = c.taker_buy_volume_units = -1;
    c.start = at_ms(edge);
    c.open = c.low = price{edge};
    c.high = price{great ? least : most};
    c.close = price{1};
    c.trades = c.first_trade_id = edge;
    c.last_trade_id = great ? least : most;
    c.source_epoch = epoch{edge};
    c.first_seq = row.close_seq = sequence{edge};
    c.last_seq = row.open_seq = sequence{great ? least : most};
    c.revision =
        great ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<std::int32_t>::min();
    c.flags = static_cast<candle_flags>(great ? 0xffff : 0);
    row.open_after_ms = great ? 0xffff'ffff : 0;
    row.close_after_ms = great ? 0 : 0xffff'ffff;
    state.candles = {row, row};
    EXPECT_EQ(decode_candle_state(encode_candle_state(state)).value().streams, state.streams);
    EXPECT_EQ(decode_candle_state(encode_candle_state(state)).value().candles, state.candles);
  }
}

class states_by_chance {
 public:
  explicit states_by_chance(std::uint32_t seed) : from_(seed) {}

  stored_candles next() {
    stored_candles out;
    for (auto n = below(8); n > 0; --n)
      out.streams.push_back({interval(),
                             epoch{integer()},
                             {epoch{integer()}, sequence{integer()}},
                             perhaps(at_ms(integer())),
                             perhaps(at_ms(integer())),
                             price{integer()}});
    for (auto n = below(12); n > 0; --n) {
      stored_candle row;
      auto& c = row.candle;
      c.interval = interval();
      for (auto* each :
           {&c.volume_units, &c.quote_units, &c.taker_buy_volume_units, &c.taker_buy_quote_units})
        *each = int128{integer()} * integer();
      c.start = at_ms(integer());
      for (auto* each : {&c.open, &c.high, &c.low, &c.close})
        *each = price{integer()};
      for (auto* each : {&c.trades, &c.first_trade_id, &c.last_trade_id})
        *each = integer();
      c.source_epoch = epoch{integer()};
      for (auto* each : {&c.first_seq, &c.last_seq, &row.open_seq, &row.close_seq})
        *each = sequence{integer()};
      c.revision = static_cast<std::int32_t>(integer());
      c.flags = static_cast<candle_flags>(below(0x10000));
      row.open_after_ms = static_cast<std::uint32_t>(integer());
      row.close_after_ms = static_cast<std::uint32_t>(integer());
      out.candles.push_back(row);
    }
    return out;
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return from_() % bound; }
  candle_interval interval() { return all_candle_intervals[below(all_candle_intervals.size())]; }
  std::int64_t integer() { // small ones as often as great ones
    const auto value = static_cast<std::int64_t>(from_() >> below(64));
    return below(2) == 0 ? value : -value;
  }
  std::optional<time_ms> perhaps(time_ms time) {
    return below(2) == 0 ? std::nullopt : std::optional(time);
  }

  std::mt19937_64 from_;
};

TEST(CandleStateCodec, ReadsWhatItWroteOfAnyState) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  states_by_chance states(seed);
  for (int i = 0; i < 2'000; ++i) {
    const auto state = states.next();
    const auto read = decode_candle_state(encode_candle_state(state));
    ASSERT_TRUE(read) << read.failure().detail;
    ASSERT_EQ(read->streams, state.streams);
    ASSERT_EQ(read->candles, state.candles);
  }
}

TEST(CandleStateCodec, RefusesEveryBeginningOfAState) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  states_by_chance states(seed);
  for (int i = 0; i < 20; ++i) {
    const auto bytes = encode_candle_state(states.next());
    EXPECT_EQ(refusal({}), "is empty");
    for (std::size_t n = 1; n < bytes.size(); ++n)
      ASSERT_EQ(refusal(std::string_view(bytes).substr(0, n)),
                "is damaged: of its " + std::to_string(n) +
                    " bytes some are missing, or are none of a state");
  }
}

TEST(CandleStateCodec, RefusesWhatNoStateHas) {
  EXPECT_EQ(refusal({"\2\0\0", 3}), "is of version 2, and this program reads version 1");
  EXPECT_EQ(refusal({"\0\0\0", 3}), "is of version 0, and this program reads version 1");
  EXPECT_EQ(refusal({"\1\0\0\0\0", 5}), "is damaged: 2 of its 5 bytes are too many");
  // An interval behind the last one, a number of more than 64 bits, a count of 2^63.
  EXPECT_EQ(refusal({"\1\1\7\0\0\0\0\0\0", 9}),
            "is damaged: of its 9 bytes some are missing, or are none of a state");
  EXPECT_EQ(refusal({"\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\2\0", 12}),
            "is damaged: of its 12 bytes some are missing, or are none of a state");
  EXPECT_EQ(refusal({"\1\x80\x80\x80\x80\x80\x80\x80\x80\x80\1\0", 12}),
            "is damaged: of its 12 bytes some are missing, or are none of a state");
}

TEST(CandleStateCodec, RefusesARevisionThatIsTooGreat) {
  stored_candles state;
  state.candles.push_back(open_candle(3, "10", 5));
  state.candles.back().candle.revision = std::numeric_limits<std::int32_t>::max();
  auto bytes = encode_candle_state(state);
  const auto at = bytes.find("\xfe\xff\xff\xff\x0f");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 4] = '\x1f'; // 32 bits
  EXPECT_EQ(refusal(bytes), "is damaged: of its " + std::to_string(bytes.size()) +
                                " bytes some are missing, or are none of a state");
}

// Bytes by chance are read or refused, and what is read is written as it was read.
TEST(CandleStateCodec, SurvivesAnyBytes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 from(seed);
  states_by_chance states(seed);
  for (int i = 0; i < 5'000; ++i) {
    auto bytes = encode_candle_state(states.next());
    bytes[from() % bytes.size()] = static_cast<char>(from());
    if (const auto read = decode_candle_state(bytes)) {
      const auto again = decode_candle_state(encode_candle_state(*read));
      ASSERT_TRUE(again) << again.failure().detail;
      ASSERT_EQ(again->candles, read->candles);
    }
  }
}

// Six intervals of a symbol that trades: what a row of candle_states holds.
TEST(CandleStateCodec, ASymbolWithSixOpenCandlesTakes486Bytes) {
  stored_candles state;
  std::int64_t seq = 5'000'000;
  for (const auto interval : all_candle_intervals) {
    if (interval == candle_interval::s1)
      continue;
    state.streams.push_back(candle_stream(interval, 1, 100'000));
    state.candles.push_back(open_candle(3, "61240.01", seq += 1'000, interval));
  }
  EXPECT_EQ(encode_candle_state(state).size(), 486U);
}

} // namespace
} // namespace tradepulse
