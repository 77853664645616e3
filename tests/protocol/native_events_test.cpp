#include <gtest/gtest.h>

#include "protocol/event_burst.hpp"
#include "protocol/native_dialect.hpp"

// Events of other kinds than `price`, and what is said beside them.
namespace tradepulse {
namespace {

symbol named(std::string_view text) {
  return symbol::parse(text).value();
}
time_ms at(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}
template <class Append>
std::string written(Append append) {
  std::string out = ">"; // appended to, never replaced
  append(out);
  EXPECT_EQ(out.front(), '>');
  return out.substr(1);
}

constexpr std::int64_t largest = 9'223'372'036'854'775'807;
const quantity largest_size{int128{1'000'000'000'000} * decimal_unit - 1};
int128 largest_sum() { // below 10^28
  int128 out = 1;
  for (int i = 0; i < 36; ++i)
    out *= 10;
  return out - 1;
}
const symbol longest = named("12345678901234567890123456789012");

template <class Value>
numbered_value<Value> event(Value value) {
  return {sequence{17}, at(1'723'161'256'543), {}, false, value};
}
template <class Value>
numbered_value<Value> with_all(Value value) {
  return {sequence{largest}, at(1'723'161'256'543), largest, true, value};
}

// --- trades ------------------------------------------------------------------------------------

std::string trade(const numbered_trade& e, bool strings = false) {
  return written(
      [&](std::string& out) { native::append_trade(out, named("AAPL"), epoch{2}, e, strings); });
}

TEST(NativeEvents, WriteATradeOfWhichOnlyPriceAndSizeAreKnown) {
  EXPECT_EQ(trade(event(trade_value{price{15'025'000'000}, quantity{250'000'000}, {}, {}})),
            R"({"type":"trade","data":{"symbol":"AAPL","stream":"trade","epoch":2,"sequence":17,)"
            R"("timestamp":1723161256543,"price":150.25,"size":2.5}})");
}

TEST(NativeEvents, WriteWhatElseIsKnownOfATrade) {
  auto e = event(trade_value{price{15'025'000'000}, quantity{250'000'000}, trade_side::buy, 0});
  e.source_sequence = 3'735'683'259;
  e.late = true;
  EXPECT_EQ(trade(e),
            R"({"type":"trade","data":{"symbol":"AAPL","stream":"trade","epoch":2,"sequence":17,)"
            R"("timestamp":1723161256543,"price":150.25,"size":2.5,"side":"buy","trade_id":0,)"
            R"("source_sequence":3735683259,"late":true}})");
  e.value.side = trade_side::sell;
  e.source_sequence.reset();
  e.late = false;
  EXPECT_EQ(trade(e, true),
            R"({"type":"trade","data":{"symbol":"AAPL","stream":"trade","epoch":2,"sequence":17,)"
            R"("timestamp":1723161256543,"price":"150.25","size":"2.5","side":"sell",)"
            R"("trade_id":0}})");
}

TEST(NativeEvents, KeepEveryDigitOfTheLargestTrade) {
  const auto e = with_all(trade_value{price{largest}, largest_size, trade_side::sell, largest});
  EXPECT_EQ(written([&](std::string& out) {
              native::append_trade(out, longest, epoch{largest}, e, true);
            }),
            R"({"type":"trade","data":{"symbol":"12345678901234567890123456789012",)"
            R"("stream":"trade","epoch":9223372036854775807,"sequence":9223372036854775807,)"
            R"("timestamp":1723161256543,"price":"92233720368.54775807",)"
            R"("size":"999999999999.99999999","side":"sell","trade_id":9223372036854775807,)"
            R"("source_sequence":9223372036854775807,"late":true}})");
}

// --- quotes ------------------------------------------------------------------------------------

quote_value best() {
  return {price{1'000'000'000}, quantity{100'000'000}, price{1'050'000'000}, quantity{0}};
}

TEST(NativeEvents, WriteAQuote) {
  auto e = event(best());
  const auto text = [&](bool strings) {
    return written(
        [&](std::string& out) { native::append_quote(out, named("AAPL"), epoch{2}, e, strings); });
  };
  EXPECT_EQ(text(false),
            R"({"type":"quote","data":{"symbol":"AAPL","stream":"quote","epoch":2,"sequence":17,)"
            R"("timestamp":1723161256543,"bid":10,"bid_size":1,"ask":10.5,"ask_size":0}})");
  e.source_sequence = 7;
  e.late = true;
  EXPECT_EQ(text(true),
            R"({"type":"quote","data":{"symbol":"AAPL","stream":"quote","epoch":2,"sequence":17,)"
            R"("timestamp":1723161256543,"bid":"10","bid_size":"1","ask":"10.5","ask_size":"0",)"
            R"("source_sequence":7,"late":true}})");
}

merged_quote merged() {
  merged_quote out;
  out.symbol = named("AAPL");
  out.epoch = epoch{2};
  out.first_seq = sequence{14};
  out.last_seq = out.quote_seq = sequence{17};
  out.event_time = at(1'723'161'256'543);
  out.value = best();
  out.count = 4;
  return out;
}
std::string quote(const merged_quote& q, bool strings = false) {
  return written([&](std::string& out) { native::append_merged_quote(out, q, strings); });
}

TEST(NativeEvents, WriteWhatAMergedQuoteCovers) {
  auto q = merged();
  EXPECT_EQ(quote(q),
            R"({"type":"quote","data":{"symbol":"AAPL","stream":"quote","epoch":2,"sequence":17,)"
            R"("timestamp":1723161256543,"bid":10,"bid_size":1,"ask":10.5,"ask_size":0,)"
            R"("first_seq":14,"n":4}})");
  q.quote_seq = sequence{15};
  q.source_sequence = 7;
  q.late = true;
  EXPECT_EQ(quote(q, true),
            R"({"type":"quote","data":{"symbol":"AAPL","stream":"quote","epoch":2,"sequence":17,)"
            R"("timestamp":1723161256543,"bid":"10","bid_size":"1","ask":"10.5","ask_size":"0",)"
            R"("first_seq":14,"quote_seq":15,"source_sequence":7,"n":4,"late":true}})");
}

TEST(NativeEvents, WriteAMergedQuoteOfOneAsAPlainOne) {
  auto q = merged();
  q.first_seq = q.last_seq;
  q.count = 1;
  const auto e = event(best());
  EXPECT_EQ(quote(q), written([&](std::string& out) {
              native::append_quote(out, named("AAPL"), epoch{2}, e, false);
            }));
}

// --- klines ------------------------------------------------------------------------------------

kline_value candle() {
  kline_value out;
  out.start = at(1'723'161'240'000);
  out.end = at(1'723'161'299'999);
  out.open = price{1'000'000'000};
  out.high = price{1'200'000'000};
  out.low = price{950'000'000};
  out.close = price{1'100'000'000};
  out.volume = quantity{150'000'000};
  return out;
}
std::string kline(const numbered_kline& e, bool strings = false) {
  return written([&](std::string& out) {
    native::append_kline(out, named("AAPL"), stream_kind::kline(kline_interval::m15), epoch{2}, e,
                         strings);
  });
}

TEST(NativeEvents, WriteAKlineOfWhichOnlyTheNecessaryIsKnown) {
  EXPECT_EQ(kline(event(candle())),
            R"({"type":"kline","data":{"symbol":"AAPL","stream":"kline_15m","epoch":2,)"
            R"("sequence":17,"timestamp":1723161256543,"start":1723161240000,)"
            R"("end":1723161299999,"open":10,"high":12,"low":9.5,"close":11,"volume":1.5,)"
            R"("closed":false}})");
}

TEST(NativeEvents, WriteWhatElseIsKnownOfAKline) {
  auto e = event(candle());
  e.source_sequence = 7;
  e.late = true;
  e.value.quote_volume = int128{1'650'000'000};
  e.value.taker_buy_volume = int128{50'000'000};
  e.value.taker_buy_quote_volume = int128{0};
  e.value.trades = 3;
  e.value.first_trade_id = 100;
  e.value.last_trade_id = 102;
  e.value.closed = true;
  EXPECT_EQ(kline(e),
            R"({"type":"kline","data":{"symbol":"AAPL","stream":"kline_15m","epoch":2,)"
            R"("sequence":17,"timestamp":1723161256543,"start":1723161240000,)"
            R"("end":1723161299999,"open":10,"high":12,"low":9.5,"close":11,"volume":1.5,)"
            R"("quote_volume":16.5,"taker_buy_volume":0.5,"taker_buy_quote_volume":0,)"
            R"("trades":3,"first_trade_id":100,"last_trade_id":102,"closed":true,)"
            R"("source_sequence":7,"late":true}})");
  EXPECT_EQ(kline(e, true),
            R"({"type":"kline","data":{"symbol":"AAPL","stream":"kline_15m","epoch":2,)"
            R"("sequence":17,"timestamp":1723161256543,"start":1723161240000,)"
            R"("end":1723161299999,"open":"10","high":"12","low":"9.5","close":"11",)"
            R"("volume":"1.5","quote_volume":"16.5","taker_buy_volume":"0.5",)"
            R"("taker_buy_quote_volume":"0","trades":3,"first_trade_id":100,)"
            R"("last_trade_id":102,"closed":true,"source_sequence":7,"late":true}})");
}

// The longest message that is put together in a buffer of 1,024 characters.
TEST(NativeEvents, KeepEveryDigitOfTheLargestKline) {
  auto value = candle();
  value.open = value.high = value.low = value.close = price{largest};
  value.volume = largest_size;
  value.quote_volume = value.taker_buy_volume = value.taker_buy_quote_volume = largest_sum();
  value.trades = value.first_trade_id = value.last_trade_id = largest;
  value.closed = true;
  const auto e = with_all(value);
  const auto text = written([&](std::string& out) {
    native::append_kline(out, longest, stream_kind::kline(kline_interval::mo1), epoch{largest}, e,
                         true);
  });
  EXPECT_EQ(text, R"({"type":"kline","data":{"symbol":"12345678901234567890123456789012",)"
                  R"("stream":"kline_1M","epoch":9223372036854775807,)"
                  R"("sequence":9223372036854775807,"timestamp":1723161256543,)"
                  R"("start":1723161240000,"end":1723161299999,"open":"92233720368.54775807",)"
                  R"("high":"92233720368.54775807","low":"92233720368.54775807",)"
                  R"("close":"92233720368.54775807","volume":"999999999999.99999999",)"
                  R"("quote_volume":"9999999999999999999999999999.99999999",)"
                  R"("taker_buy_volume":"9999999999999999999999999999.99999999",)"
                  R"("taker_buy_quote_volume":"9999999999999999999999999999.99999999",)"
                  R"("trades":9223372036854775807,"first_trade_id":9223372036854775807,)"
                  R"("last_trade_id":9223372036854775807,"closed":true,)"
                  R"("source_sequence":9223372036854775807,"late":true}})");
  EXPECT_LT(text.size(), 900u);
}

TEST(NativeEvents, AreEncodedByTheBurstOfTheirKind) {
  const kline_burst burst(stream_index{0}, named("AAPL"), epoch{2}, {event(candle())}, at(0),
                          stream_kind::kline(kline_interval::m15));
  const auto& frames = *burst.encoded(false).bytes;
  EXPECT_EQ(frames.substr(4), kline(event(candle()))); // a header for 126 to 65,535 bytes
}

// --- beside them -------------------------------------------------------------------------------

TEST(NativeEvents, AreJoinedByStreamEachSymbolNamedOnce) {
  const std::vector<native::join_position> joined{
      {named("A"), true, {epoch{2}, sequence{17}}},
      {named("B"), false, {}, {}, stream_kind::trade},
      {named("A"), true, {epoch{1}, sequence{3}}, {}, stream_kind::kline(kline_interval::m1)}};
  EXPECT_EQ(written([&](std::string& out) { native::append_subscribed(out, "1", joined); }),
            R"({"type":"subscribed","id":1,"symbols":["A","B"],"positions":[)"
            R"({"symbol":"A","stream":"price","known":true,"epoch":2,"seq":17,"recovered":false},)"
            R"({"symbol":"B","stream":"trade","known":false,"epoch":0,"seq":0,"recovered":false},)"
            R"({"symbol":"A","stream":"kline_1m","known":true,"epoch":1,"seq":3,)"
            R"("recovered":false}]})");
}

TEST(NativeEvents, AreLeftByStreamWhereItIsNotThePriceAlone) {
  const stream_key price{named("A")};
  const stream_key quote{named("A"), stream_kind::quote};
  const stream_key other{named("B")};
  const stream_key others_quote{named("B"), stream_kind::quote};
  const auto left = [](const std::vector<stream_key>& streams) {
    return written([&](std::string& out) { native::append_unsubscribed(out, "7", streams); });
  };
  EXPECT_EQ(left({price}), R"({"type":"unsubscribed","id":7,"symbols":["A"]})");
  EXPECT_EQ(left({price, quote}),
            R"({"type":"unsubscribed","id":7,"symbols":["A"],"streams":["price","quote"]})");
  EXPECT_EQ(left({price, quote, other, others_quote}),
            R"({"type":"unsubscribed","id":7,"symbols":["A","B"],"streams":["price","quote"]})");
  // Not every stream of every symbol: each by itself.
  EXPECT_EQ(left({quote, other}),
            R"({"type":"unsubscribed","id":7,"symbols":["A","B"],"subscriptions":[)"
            R"({"symbol":"A","stream":"quote"},{"symbol":"B","stream":"price"}]})");
  EXPECT_EQ(left({price, quote, other}),
            R"({"type":"unsubscribed","id":7,"symbols":["A","B"],"subscriptions":[)"
            R"({"symbol":"A","stream":"price"},{"symbol":"A","stream":"quote"},)"
            R"({"symbol":"B","stream":"price"}]})");
}

TEST(NativeEvents, AreNamedByAnErrorAndAGapAboutTheirStream) {
  const stream_key trades{named("A"), stream_kind::trade};
  EXPECT_EQ(written([&](std::string& out) {
              native::append_error(out, {}, errc::not_owner, "away", trades);
            }),
            R"({"type":"error","code":1006,"message":"away","retryable":true,"symbol":"A",)"
            R"("stream":"trade"})");
  EXPECT_EQ(written([&](std::string& out) {
              native::append_gap(out, trades, epoch{1}, sequence{5}, sequence{9}, "expired");
            }),
            R"({"type":"gap","symbol":"A","stream":"trade","epoch":1,"from":5,"to":9,)"
            R"("reason":"expired"})");
}

} // namespace
} // namespace tradepulse
