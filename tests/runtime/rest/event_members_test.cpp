#include "runtime/rest/event_members.hpp"

#include <gtest/gtest.h>

#include "protocol/native_dialect.hpp"

namespace tradepulse {
namespace {

const symbol aapl = *symbol::parse("AAPL");
const stream_kind minutes = stream_kind::candle(candle_interval::m1);

time_ms at(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}

candle corrected() {
  candle out;
  out.start = at(1'723'161'240'000);
  out.open = out.low = price{1'000'000'000};
  out.high = out.close = price{1'100'000'000};
  out.volume_units = 250'000'000;
  out.quote_units = int128{26} * 10'000'000'000'000'000 + 1;
  out.taker_buy_volume_units = 100'000'000;
  out.taker_buy_quote_units = int128{11} * 10'000'000'000'000'000;
  out.trades = 2;
  out.first_trade_id = 100;
  out.last_trade_id = 101;
  out.source_epoch = epoch{3};
  out.first_seq = sequence{7};
  out.last_seq = sequence{8};
  out.revision = 1;
  out.flags = candle_flags::closed | candle_flags::partial | candle_flags::sized |
              candle_flags::first_id | candle_flags::last_id;
  return out;
}
candle flat() {
  candle out;
  out.start = at(1'723'161'240'000);
  out.open = out.high = out.low = out.close = price{1'100'000'000};
  out.source_epoch = epoch{3};
  out.flags = candle_flags::closed;
  return out;
}
numbered_candle fact(const candle& value) {
  return {sequence{17}, at(1'723'161'300'000), {}, false, value};
}
std::string written(const candle& value) {
  const candle_burst burst(stream_index{0}, aapl, epoch{2}, {fact(value)}, at(0), minutes);
  return event_members(burst, 0);
}

TEST(EventMembers, OfACandleAreAllThatIsKnownOfIt) {
  EXPECT_EQ(written(corrected()),
            R"({"seq":17,"epoch":2,"timestamp":1723161300000,"start":1723161240000,)"
            R"("end":1723161300000,"open":10,"high":11,"low":10,"close":11,"volume":2.5,)"
            R"("quote_volume":26.0000000000000001,"taker_buy_volume":1,)"
            R"("taker_buy_quote_volume":11,"trades":2,"first_trade_id":100,"last_trade_id":101,)"
            R"("closed":true,"partial":true,"source_epoch":3,"first_seq":7,"last_seq":8,)"
            R"("revision":1})");
}

TEST(EventMembers, OfACandleLeaveOutWhatIsNotKnown) {
  auto value = corrected();
  value.flags = candle_flags::closed | candle_flags::lacks_size | candle_flags::lacks_taker;
  EXPECT_EQ(written(value),
            R"({"seq":17,"epoch":2,"timestamp":1723161300000,"start":1723161240000,)"
            R"("end":1723161300000,"open":10,"high":11,"low":10,"close":11,"trades":2,)"
            R"("closed":true,"source_epoch":3,"first_seq":7,"last_seq":8,"revision":1})");
}

// REST says what the socket says, from "start" on.
TEST(EventMembers, OfACandleAreThoseOfItsMessage) {
  for (const auto& value : {corrected(), flat()}) {
    std::string message;
    native::append_candle(message, aapl, minutes, epoch{2}, fact(value), false);
    const auto members = written(value);
    EXPECT_EQ(members.substr(members.find(R"("start")")) + "}",
              message.substr(message.find(R"("start")")));
  }
}

} // namespace
} // namespace tradepulse
