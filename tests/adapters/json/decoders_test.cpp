#include "adapters/json/decoders.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

TEST(Decoders, HaveTheNamesOfTheConfiguration) {
  EXPECT_EQ(decoder_kind_of("price-ticks"), decoder_kind::price_ticks);
  EXPECT_EQ(decoder_kind_of("market-price"), decoder_kind::market_price);
  EXPECT_EQ(decoder_kind_of("binance-stream"), decoder_kind::binance_stream);
  EXPECT_EQ(decoder_kind_of("stock-trades"), decoder_kind::stock_trades);
  EXPECT_EQ(decoder_kind_of("stock-bars"), decoder_kind::stock_bars);
  EXPECT_EQ(decoder_kind_of("binance-klines"), decoder_kind::binance_klines);
  EXPECT_EQ(decoder_kind_of("price_ticks"), std::nullopt);
  EXPECT_EQ(all_decoder_kinds().size(), 6U);
}

} // namespace
} // namespace tradepulse
