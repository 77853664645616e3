#include <limits>

#include <gtest/gtest.h>

#include "protocol/event_burst.hpp"
#include "protocol/native_dialect.hpp"
#include "protocol/shown_candle.hpp"

// Candles in the native dialect, as facts and as views.
namespace tradepulse {
namespace {

symbol named(std::string_view text) {
  return symbol::parse(text).value();
}
time_ms at(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}

constexpr std::int64_t largest = 9'223'372'036'854'775'807;
int128 largest_sum() {
  return ((int128{1} << 126) - 1) * 2 + 1;
}
const symbol longest = named("12345678901234567890123456789012");

// 1.5 at 10, then 1 at 11: what is known of trades.
candle of_trades() {
  candle out;
  out.start = at(1'723'161'240'000);
  out.open = out.low = price{1'000'000'000};
  out.high = out.close = price{1'100'000'000};
  out.volume_units = 250'000'000;
  out.quote_units = int128{26} * 10'000'000'000'000'000;
  out.taker_buy_volume_units = 100'000'000;
  out.taker_buy_quote_units = int128{11} * 10'000'000'000'000'000;
  out.trades = 2;
  out.first_trade_id = 100;
  out.last_trade_id = 101;
  out.source_epoch = epoch{3};
  out.first_seq = sequence{7};
  out.last_seq = sequence{8};
  out.flags =
      candle_flags::closed | candle_flags::sized | candle_flags::first_id | candle_flags::last_id;
  return out;
}
numbered_candle fact(const candle& value) {
  return {sequence{17}, at(1'723'161'300'000), {}, false, value};
}
std::string written(const numbered_candle& event, bool strings = false) {
  std::string out = ">"; // appended to, never replaced
  native::append_candle(out, named("AAPL"), stream_kind::candle(event.value.interval), epoch{2},
                        event, strings);
  return out.substr(1);
}
candle_view view(candle value) {
  value.flags = without(value.flags, candle_flags::closed);
  return {value, {epoch{3}, sequence{8}}, false, false};
}
std::string written(const candle_view& shown, stream_kind source = stream_kind::trade,
                    bool strings = false) {
  std::string out = ">";
  native::append_candle_view(out, named("AAPL"), source, shown, strings);
  return out.substr(1);
}

// --- facts -------------------------------------------------------------------------------------

TEST(NativeCandles, WriteACloseWithAllThatIsKnown) {
  EXPECT_EQ(written(fact(of_trades())),
            R"({"type":"candle","data":{"symbol":"AAPL","stream":"candle_1m","epoch":2,)"
            R"("sequence":17,"timestamp":1723161300000,"start":1723161240000,)"
            R"("end":1723161300000,"open":10,"high":11,"low":10,"close":11,"volume":2.5,)"
            R"("quote_volume":26,"taker_buy_volume":1,"taker_buy_quote_volume":11,"trades":2,)"
            R"("first_trade_id":100,"last_trade_id":101,"closed":true,"source_epoch":3,)"
            R"("first_seq":7,"last_seq":8,"revision":0}})");
}

TEST(NativeCandles, WriteNumbersInQuotesWhereTheyAreAskedFor) {
  auto value = of_trades();
  value.quote_units += 1; // 10^-16
  value.revision = 2;
  EXPECT_EQ(written(fact(value), true),
            R"({"type":"candle","data":{"symbol":"AAPL","stream":"candle_1m","epoch":2,)"
            R"("sequence":17,"timestamp":1723161300000,"start":1723161240000,)"
            R"("end":1723161300000,"open":"10","high":"11","low":"10","close":"11",)"
            R"("volume":"2.5","quote_volume":"26.0000000000000001","taker_buy_volume":"1",)"
            R"("taker_buy_quote_volume":"11","trades":2,"first_trade_id":100,)"
            R"("last_trade_id":101,"closed":true,"source_epoch":3,"first_seq":7,"last_seq":8,)"
            R"("revision":2}})");
}

TEST(NativeCandles, LeaveOutWhatIsNotKnown) {
  auto value = of_trades();
  value.interval = candle_interval::d1;
  value.flags = candle_flags::closed | candle_flags::partial | candle_flags::lacks_size |
                candle_flags::lacks_taker;
  EXPECT_EQ(written(fact(value)),
            R"({"type":"candle","data":{"symbol":"AAPL","stream":"candle_1d","epoch":2,)"
            R"("sequence":17,"timestamp":1723161300000,"start":1723161240000,)"
            R"("end":1723247640000,"open":10,"high":11,"low":10,"close":11,"trades":2,)"
            R"("closed":true,"partial":true,"source_epoch":3,"first_seq":7,"last_seq":8,)"
            R"("revision":0}})");
}

TEST(NativeCandles, WriteAFlatOneWithoutNumbersOfEventsAndWithVolumesOfZero) {
  candle value;
  value.start = at(1'723'161'240'000);
  value.open = value.high = value.low = value.close = price{1'100'000'000};
  value.source_epoch = epoch{3};
  value.flags = candle_flags::closed;
  EXPECT_EQ(written(fact(value)),
            R"({"type":"candle","data":{"symbol":"AAPL","stream":"candle_1m","epoch":2,)"
            R"("sequence":17,"timestamp":1723161300000,"start":1723161240000,)"
            R"("end":1723161300000,"open":11,"high":11,"low":11,"close":11,"volume":0,)"
            R"("quote_volume":0,"taker_buy_volume":0,"taker_buy_quote_volume":0,"trades":0,)"
            R"("closed":true,"source_epoch":3,"revision":0}})");
}

// --- views -------------------------------------------------------------------------------------

TEST(NativeCandles, WriteAViewWithWhatItKnowsOfItsSourceAndWithoutANumber) {
  EXPECT_EQ(written(view(of_trades())),
            R"({"type":"candle_view","data":{"symbol":"AAPL","stream":"candle_1m",)"
            R"("source":"trade","through":{"epoch":3,"seq":8},"start":1723161240000,)"
            R"("end":1723161300000,"open":10,"high":11,"low":10,"close":11,"volume":2.5,)"
            R"("quote_volume":26,"taker_buy_volume":1,"taker_buy_quote_volume":11,"trades":2,)"
            R"("first_trade_id":100,"last_trade_id":101,"closed":false,"source_epoch":3,)"
            R"("first_seq":7,"last_seq":8}})");
}

TEST(NativeCandles, SayProvisionalAndTakeItBackAndNeverBoth) {
  auto shown = view(of_trades());
  shown.candle.flags = shown.candle.flags | candle_flags::closed;
  shown.provisional = shown.withdraws = true;
  const auto over = written(shown, stream_kind::price);
  EXPECT_NE(over.find(R"("source":"price")"), std::string::npos);
  EXPECT_NE(over.find(R"("closed":true)"), std::string::npos);
  EXPECT_NE(over.find(R"("last_seq":8,"provisional":true}})"), std::string::npos);
  shown.provisional = false;
  EXPECT_NE(written(shown).find(R"("last_seq":8,"provisional":false}})"), std::string::npos);
}

// --- the longest -------------------------------------------------------------------------------

candle largest_candle() {
  auto value = of_trades();
  value.interval = candle_interval::m15;
  value.start = at(-largest);
  value.open = value.high = value.low = value.close = price{largest};
  value.volume_units = value.quote_units = value.taker_buy_volume_units =
      value.taker_buy_quote_units = largest_sum();
  value.trades = largest;
  value.first_trade_id = value.last_trade_id = -largest;
  value.source_epoch = epoch{largest};
  value.first_seq = value.last_seq = sequence{largest};
  value.revision = std::numeric_limits<std::int32_t>::max();
  value.flags = value.flags | candle_flags::partial;
  return value;
}

// They are put together in a buffer of 1,024 characters, of which the last decimal needs 48.
TEST(NativeCandles, KeepEveryDigitOfTheLargest) {
  auto event = fact(largest_candle());
  event.seq = sequence{largest};
  event.event_time = at(-largest);
  std::string text;
  native::append_candle(text, longest, stream_kind::candle(candle_interval::m15), epoch{largest},
                        event, true);
  EXPECT_EQ(text, R"({"type":"candle","data":{"symbol":"12345678901234567890123456789012",)"
                  R"("stream":"candle_15m","epoch":9223372036854775807,)"
                  R"("sequence":9223372036854775807,"timestamp":-9223372036854775807,)"
                  R"("start":-9223372036854775807,"end":-9223372036853875807,)"
                  R"("open":"92233720368.54775807","high":"92233720368.54775807",)"
                  R"("low":"92233720368.54775807","close":"92233720368.54775807",)"
                  R"("volume":"1701411834604692317316873037158.84105727",)"
                  R"("quote_volume":"17014118346046923173168.7303715884105727",)"
                  R"("taker_buy_volume":"1701411834604692317316873037158.84105727",)"
                  R"("taker_buy_quote_volume":"17014118346046923173168.7303715884105727",)"
                  R"("trades":9223372036854775807,"first_trade_id":-9223372036854775807,)"
                  R"("last_trade_id":-9223372036854775807,"closed":true,"partial":true,)"
                  R"("source_epoch":9223372036854775807,"first_seq":9223372036854775807,)"
                  R"("last_seq":9223372036854775807,"revision":2147483647}})");
  EXPECT_LT(text.size(), 1'000u);
  candle_view shown{largest_candle(), {epoch{largest}, sequence{largest}}, true, false};
  text.clear();
  native::append_candle_view(text, longest, stream_kind::trade, shown, true);
  EXPECT_TRUE(text.ends_with(R"("last_seq":9223372036854775807,"provisional":true}})"));
  EXPECT_LT(text.size(), 1'000u);
}

// --- encoded once ------------------------------------------------------------------------------

TEST(NativeCandles, AreEncodedByTheBurstOfTheirKind) {
  const candle_burst burst(stream_index{0}, named("AAPL"), epoch{2}, {fact(of_trades())}, at(0),
                           stream_kind::candle(candle_interval::m1));
  EXPECT_EQ(burst.encoded(false).bytes->substr(4), written(fact(of_trades())));
}

TEST(ShownCandle, IsEncodedOnceASpelling) {
  const shown_candle shown(named("AAPL"), stream_kind::trade, view(of_trades()));
  EXPECT_EQ(shown.kind(), stream_kind::candle(candle_interval::m1));
  const auto first = shown.encoded(false);
  EXPECT_EQ(first.view().substr(4), written(view(of_trades())));
  EXPECT_EQ(shown.encoded(false).bytes, first.bytes);
  EXPECT_EQ(shown.encoded(true).view().substr(4),
            written(view(of_trades()), stream_kind::trade, true));
}

TEST(ShownCandle, TakesAProvisionalStateBackForWhomItWasShown) {
  auto state = view(of_trades());
  const shown_candle shown(named("AAPL"), stream_kind::trade, state);
  EXPECT_EQ(shown.encoded(false).view().find("provisional"), std::string_view::npos);
  EXPECT_NE(shown.encoded(false, true).view().find(R"("provisional":false)"),
            std::string_view::npos);
  state.withdraws = true;
  const shown_candle withdrawing(named("AAPL"), stream_kind::trade, state);
  EXPECT_EQ(withdrawing.encoded(false).view(), shown.encoded(false, true).view());
  state.provisional = true;
  const shown_candle again(named("AAPL"), stream_kind::trade, state);
  EXPECT_NE(again.encoded(false, true).view().find(R"("provisional":true)"),
            std::string_view::npos);
}

} // namespace
} // namespace tradepulse
