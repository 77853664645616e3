#include "protocol/stream_kind.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tradepulse {
namespace {

TEST(StreamKind, HasOneNameEach) {
  std::set<std::string> names;
  std::size_t kinds = 0;
  const auto add = [&](stream_kind kind) {
    names.insert(name_of(kind));
    ++kinds;
    const auto parsed = parse_stream_kind(name_of(kind));
    ASSERT_TRUE(parsed) << name_of(kind);
    EXPECT_EQ(*parsed, kind);
  };
  for (auto kind : {stream_kind::price, stream_kind::trade, stream_kind::quote})
    add(kind);
  for (std::size_t i = 0; i < kline_interval_count; ++i)
    add(stream_kind::kline(static_cast<kline_interval>(i)));
  for (auto interval : all_candle_intervals)
    add(stream_kind::candle(interval));
  EXPECT_EQ(kinds, 26u);
  EXPECT_EQ(names.size(), kinds);
}

TEST(StreamKind, IsNamedAsClientsKnowIt) {
  EXPECT_EQ(name_of(stream_kind{}), "price");
  EXPECT_EQ(name_of(stream_kind::trade), "trade");
  EXPECT_EQ(name_of(stream_kind::quote), "quote");
  EXPECT_EQ(name_of(stream_kind::kline(kline_interval::m15)), "kline_15m");
  EXPECT_EQ(name_of(stream_kind::kline(kline_interval::mo1)), "kline_1M");
  EXPECT_EQ(name_of(stream_kind::candle(candle_interval::h4)), "candle_4h");
  EXPECT_EQ(stream_key(symbol::parse("AAPL").value(), stream_kind::trade).to_string(),
            "AAPL/trade");
}

TEST(StreamKind, IsNothingElse) {
  for (const char* text : {"", "Price", "trades", "kline", "kline_", "kline_7m", "kline_1m ",
                           "candle_3m", "candle_1M", "ticker", "depth"}) {
    const auto parsed = parse_stream_kind(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.failure().code, errc::bad_request);
    EXPECT_NE(parsed.failure().detail.find("must be one of price, trade"), std::string::npos);
  }
  EXPECT_LT(parse_stream_kind(std::string(1'000, 'x')).failure().detail.size(), 250u);
}

TEST(StreamKind, OfAMinuteAndOfAMonthAreTwo) {
  EXPECT_NE(stream_kind::kline(kline_interval::m1), stream_kind::kline(kline_interval::mo1));
  EXPECT_NE(stream_kind::kline(kline_interval::m1), stream_kind::candle(candle_interval::m1));
}

} // namespace
} // namespace tradepulse
