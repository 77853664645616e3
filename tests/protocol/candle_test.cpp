#include "protocol/candle.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using enum candle_interval;

time_ms at(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}

TEST(CandleInterval, HasNamesThatAreReadBack) {
  EXPECT_EQ(name_of(s1), "1s");
  EXPECT_EQ(name_of(m1), "1m");
  EXPECT_EQ(name_of(m5), "5m");
  EXPECT_EQ(name_of(m15), "15m");
  EXPECT_EQ(name_of(h1), "1h");
  EXPECT_EQ(name_of(h4), "4h");
  EXPECT_EQ(name_of(d1), "1d");
  for (const auto each : all_candle_intervals)
    EXPECT_EQ(parse_candle_interval(name_of(each)).value(), each);
}

TEST(CandleInterval, RefusesOtherTextsAndSaysWhich) {
  for (const char* text : {"", "1M", "60s", " 1m", "1m ", "7m"})
    EXPECT_EQ(parse_candle_interval(text).failure().code, errc::bad_request) << text;
  EXPECT_EQ(parse_candle_interval("7m\n").failure().detail,
            "interval \"7m?\": must be one of 1s, 1m, 5m, 15m, 1h, 4h, 1d");
}

TEST(CandleInterval, StartsAtTheFloorOfTheTime) {
  // 2024-08-08T23:54:16.543Z
  EXPECT_EQ(candle_start(at(1'723'161'256'543), s1), at(1'723'161'256'000));
  EXPECT_EQ(candle_start(at(1'723'161'256'543), m1), at(1'723'161'240'000));
  EXPECT_EQ(candle_start(at(1'723'161'256'543), m15), at(1'723'160'700'000)); // 23:45
  EXPECT_EQ(candle_start(at(1'723'161'256'543), h4), at(1'723'147'200'000));  // 20:00
  EXPECT_EQ(candle_start(at(1'723'161'256'543), d1), at(1'723'075'200'000));
  EXPECT_EQ(candle_start(at(60'000), m1), at(60'000)); // a start is its own
  EXPECT_EQ(candle_start(at(59'999), m1), at(0));
}

TEST(CandleInterval, StartsAtTheFloorBefore1970Too) {
  EXPECT_EQ(candle_start(at(-1), m1), at(-60'000));
  EXPECT_EQ(candle_start(at(-60'000), m1), at(-60'000));
  EXPECT_EQ(candle_start(at(-60'001), m1), at(-120'000));
  EXPECT_EQ(candle_start(at(-1), d1), at(-86'400'000));
}

TEST(CandleIntervals, AreASet) {
  EXPECT_TRUE(candle_intervals{}.empty());
  EXPECT_FALSE(candle_intervals::usual().contains(s1));
  EXPECT_TRUE(candle_intervals::usual().contains(d1));
  EXPECT_EQ(candle_intervals::usual().shortest(), m1);
  EXPECT_EQ((candle_intervals{d1, s1}.shortest()), s1);
  EXPECT_EQ((candle_intervals{d1, h1}), (candle_intervals{h1, d1, h1}));
}

std::string quote_text(int128 units) {
  std::string out = "=";
  append_quote_volume(out, units);
  return out;
}

TEST(QuoteVolume, IsWrittenWithAllItsDecimalsAndNoZerosBehind) {
  EXPECT_EQ(quote_text(0), "=0");
  EXPECT_EQ(quote_text(1), "=0.0000000000000001");
  EXPECT_EQ(quote_text(10'000'000'000'000'000), "=1");
  EXPECT_EQ(quote_text(1'234'500'000'000'000'000), "=123.45");
  EXPECT_EQ(quote_text(int128{10'000'000'000'000'000} * 10'020), "=10020");
  EXPECT_EQ(quote_text(((int128{1} << 126) - 1) + (int128{1} << 126)),
            "=17014118346046923173168.7303715884105727");
}

TEST(Candle, KnowsOnlyWhatItsEventsSaid) {
  candle flat;
  EXPECT_EQ(flat.volume(), int128{0}); // nothing was traded: that is known
  EXPECT_EQ(flat.quote_volume(), int128{0});
  EXPECT_EQ(flat.opening_trade_id(), std::nullopt);

  candle unsized;
  unsized.trades = 1;
  unsized.flags = candle_flags::lacks_size;
  EXPECT_EQ(unsized.volume(), std::nullopt);
  EXPECT_EQ(unsized.quote_volume(), std::nullopt);
  EXPECT_EQ(unsized.taker_buy_volume(), std::nullopt);

  candle some = unsized; // and one more, with a size
  some.trades = 2;
  some.flags = some.flags | candle_flags::sized;
  some.volume_units = 7;
  EXPECT_EQ(some.volume(), int128{7});
  EXPECT_FALSE(some.volume_whole());
  EXPECT_EQ(some.taker_buy_volume(), std::nullopt);

  candle overflowed;
  overflowed.trades = 1;
  overflowed.volume_units = 7;
  overflowed.flags = candle_flags::sized | candle_flags::quote_overflow;
  EXPECT_EQ(overflowed.volume(), int128{7});
  EXPECT_EQ(overflowed.quote_volume(), std::nullopt);
  EXPECT_EQ(overflowed.taker_buy_volume(), int128{0});
  EXPECT_EQ(overflowed.taker_buy_quote_volume(), std::nullopt);
}

TEST(Candle, EndsWhereTheNextBegins) {
  candle c;
  c.interval = m5;
  c.start = at(300'000);
  EXPECT_EQ(c.end(), at(600'000));
}

} // namespace
} // namespace tradepulse
