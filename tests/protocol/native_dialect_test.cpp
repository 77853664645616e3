#include "protocol/native_dialect.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

symbol named(std::string_view text) {
  return symbol::parse(text).value();
}
time_ms at(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}
constexpr std::int64_t units(std::int64_t whole) {
  return whole * decimal_unit;
}

// What a function of native:: appends.
template <class Append>
std::string written(Append append) {
  std::string out = ">"; // appended to, never replaced
  append(out);
  EXPECT_EQ(out.front(), '>');
  return out.substr(1);
}

numbered_event event() {
  numbered_event out;
  out.seq = sequence{17};
  out.price = price{15'025'000'000};
  out.volume = quantity{int128{100} * decimal_unit};
  out.event_time = at(1'723'161'256'543);
  return out;
}

std::string update_of(const numbered_event& e, bool strings = false) {
  return written([&](std::string& out) {
    native::append_price_update(out, named("AAPL"), epoch{2}, e, strings);
  });
}

TEST(NativeDialect, WritesAPriceUpdate) {
  EXPECT_EQ(update_of(event()),
            R"({"type":"price_update","data":{"symbol":"AAPL","price":150.25,"volume":100,)"
            R"("timestamp":1723161256543,"sequence":17,"epoch":2}})");
}

TEST(NativeDialect, WritesTheSourcesNumberAndLateOnlyWhereTheyAre) {
  numbered_event e = event();
  e.source_sequence = 3'735'683'259;
  e.late = true;
  EXPECT_EQ(update_of(e),
            R"({"type":"price_update","data":{"symbol":"AAPL","price":150.25,"volume":100,)"
            R"("timestamp":1723161256543,"sequence":17,"epoch":2,"source_sequence":3735683259,)"
            R"("late":true}})");
}

TEST(NativeDialect, WritesAnUnknownVolumeAsNull) {
  numbered_event e = event();
  e.volume.reset();
  EXPECT_EQ(update_of(e), R"({"type":"price_update","data":{"symbol":"AAPL","price":150.25,)"
                          R"("volume":null,"timestamp":1723161256543,"sequence":17,"epoch":2}})");
  EXPECT_EQ(update_of(e, true),
            R"({"type":"price_update","data":{"symbol":"AAPL","price":"150.25",)"
            R"("volume":null,"timestamp":1723161256543,"sequence":17,"epoch":2}})");
}

TEST(NativeDialect, PutsNumbersInQuotesWhereAsked) {
  EXPECT_EQ(update_of(event(), true),
            R"({"type":"price_update","data":{"symbol":"AAPL","price":"150.25","volume":"100",)"
            R"("timestamp":1723161256543,"sequence":17,"epoch":2}})");
}

TEST(NativeDialect, KeepsEveryDigitOfTheLargestValues) {
  numbered_event e = event();
  e.price = price{9'223'372'036'854'775'807};
  e.volume = quantity{int128{1'000'000'000'000} * decimal_unit - 1};
  e.seq = sequence{9'223'372'036'854'775'807};
  e.source_sequence = 9'223'372'036'854'775'807;
  e.late = true;
  std::string out;
  native::append_price_update(out, named("12345678901234567890123456789012"),
                              epoch{9'223'372'036'854'775'807}, e, true);
  EXPECT_EQ(out, R"({"type":"price_update","data":{"symbol":"12345678901234567890123456789012",)"
                 R"("price":"92233720368.54775807","volume":"999999999999.99999999",)"
                 R"("timestamp":1723161256543,"sequence":9223372036854775807,)"
                 R"("epoch":9223372036854775807,"source_sequence":9223372036854775807,)"
                 R"("late":true}})");
}

merged_update merged() {
  merged_update out;
  out.symbol = named("AAPL");
  out.epoch = epoch{2};
  out.first_seq = sequence{17};
  out.last_seq = sequence{20};
  out.price_seq = sequence{20};
  out.price = price{units(12)};
  out.volume = quantity{int128{5} * decimal_unit};
  out.event_time = at(1'723'161'256'543);
  out.count = 4;
  out.open = price{units(10)};
  out.high = price{units(15)};
  out.low = price{900'000'000};
  out.close = price{units(12)};
  return out;
}

std::string update_of(const merged_update& m, bool strings = false) {
  return written([&](std::string& out) { native::append_merged_update(out, m, strings); });
}

TEST(NativeDialect, WritesTheExtremesOfAMergedUpdate) {
  EXPECT_EQ(update_of(merged()),
            R"({"type":"price_update","data":{"symbol":"AAPL","price":12,"volume":5,)"
            R"("timestamp":1723161256543,"sequence":20,"epoch":2,"first_seq":17,"n":4,"o":10,)"
            R"("h":15,"l":9,"c":12}})");
  EXPECT_EQ(update_of(merged(), true),
            R"({"type":"price_update","data":{"symbol":"AAPL","price":"12","volume":"5",)"
            R"("timestamp":1723161256543,"sequence":20,"epoch":2,"first_seq":17,"n":4,"o":"10",)"
            R"("h":"15","l":"9","c":"12"}})");
}

TEST(NativeDialect, NamesTheEventThatAMergedUpdateShows) {
  merged_update m = merged();
  m.price_seq = sequence{18};
  m.source_sequence = 7;
  EXPECT_EQ(update_of(m),
            R"({"type":"price_update","data":{"symbol":"AAPL","price":12,"volume":5,)"
            R"("timestamp":1723161256543,"sequence":20,"epoch":2,"first_seq":17,"price_seq":18,)"
            R"("source_sequence":7,"n":4,"o":10,"h":15,"l":9,"c":12}})");
}

TEST(NativeDialect, WritesAMergedUpdateOfOneEventAsAPlainOne) {
  merged_update m = merged();
  m.first_seq = m.last_seq;
  m.count = 1;
  EXPECT_EQ(update_of(m), R"({"type":"price_update","data":{"symbol":"AAPL","price":12,"volume":5,)"
                          R"("timestamp":1723161256543,"sequence":20,"epoch":2}})");
}

TEST(NativeDialect, SaysThatAMergedUpdateIsLateWhereAllOfItIs) {
  merged_update m = merged();
  m.late = true;
  EXPECT_EQ(update_of(m),
            R"({"type":"price_update","data":{"symbol":"AAPL","price":12,"volume":5,)"
            R"("timestamp":1723161256543,"sequence":20,"epoch":2,"first_seq":17,"n":4,"o":10,)"
            R"("h":15,"l":9,"c":12,"late":true}})");
  m.first_seq = m.last_seq;
  m.count = 1;
  EXPECT_EQ(update_of(m), R"({"type":"price_update","data":{"symbol":"AAPL","price":12,"volume":5,)"
                          R"("timestamp":1723161256543,"sequence":20,"epoch":2,"late":true}})");
}

price_snapshot snapshot() {
  price_snapshot out;
  out.symbol = named("BTC/USD");
  out.price = price{6'183'763'000'000};
  out.event_time = at(1'723'161'255'342);
  out.position = {epoch{1}, sequence{9757}};
  out.price_seq = sequence{9757};
  out.source_sequence = 3'735'693'015;
  return out;
}

std::string snapshot_of(const price_snapshot& s, bool strings = false) {
  return written([&](std::string& out) { native::append_snapshot(out, s, strings); });
}

std::string rest_snapshot_of(const price_snapshot& s) {
  return written([&](std::string& out) { native::append_rest_snapshot(out, s); });
}

TEST(NativeDialect, WritesASnapshot) {
  EXPECT_EQ(snapshot_of(snapshot()),
            R"({"type":"price_update","snapshot":true,"data":{"symbol":"BTC/USD","price":61837.63,)"
            R"("volume":null,"timestamp":1723161255342,"sequence":9757,"epoch":1,)"
            R"("source_sequence":3735693015}})");
}

TEST(NativeDialect, NamesTheEventThatASnapshotShows) {
  price_snapshot s = snapshot();
  s.price_seq = sequence{9755};
  s.source_sequence.reset();
  s.volume = quantity{2'000'000};
  EXPECT_EQ(snapshot_of(s, true),
            R"({"type":"price_update","snapshot":true,"data":{"symbol":"BTC/USD",)"
            R"("price":"61837.63","volume":"0.02","timestamp":1723161255342,"sequence":9757,)"
            R"("epoch":1,"price_seq":9755}})");
}

TEST(NativeDialect, WritesTheSameSnapshotForRest) {
  EXPECT_EQ(rest_snapshot_of(snapshot()),
            R"({"symbol":"BTC/USD","price":61837.63,"volume":null,"timestamp":1723161255342,)"
            R"("epoch":1,"seq":9757,"source_sequence":3735693015})");
  price_snapshot s = snapshot();
  s.price_seq = sequence{9755};
  s.source_sequence.reset();
  EXPECT_EQ(rest_snapshot_of(s),
            R"({"symbol":"BTC/USD","price":61837.63,"volume":null,"timestamp":1723161255342,)"
            R"("epoch":1,"seq":9757,"price_seq":9755})");
}

TEST(NativeDialect, ConfirmsASubscriptionWithItsPositions) {
  const std::vector<native::join_position> joined{{named("AAPL"), true, {epoch{2}, sequence{17}}},
                                                  {named("NEW"), false, {}}};
  const auto text =
      written([&](std::string& out) { native::append_subscribed(out, R"("my \"id\"")", joined); });
  EXPECT_EQ(text, R"({"type":"subscribed","id":"my \"id\"","symbols":["AAPL","NEW"],"positions":[)"
                  R"({"symbol":"AAPL","stream":"price","known":true,"epoch":2,"seq":17,)"
                  R"("recovered":false},{"symbol":"NEW","stream":"price","known":false,"epoch":0,)"
                  R"("seq":0,"recovered":false}]})");
  EXPECT_EQ(written([](std::string& out) { native::append_subscribed(out, "", {}); }),
            R"({"type":"subscribed","symbols":[],"positions":[]})");
}

TEST(NativeDialect, ConfirmsWhereARecoveredSubscriptionGoesOn) {
  const auto recovered = [](std::optional<std::int64_t> lost) {
    const native::join_position join{
        named("AAPL"),
        true,
        {epoch{1}, sequence{5}},
        native::recovered_span{{epoch{1}, sequence{6}}, {epoch{2}, sequence{9}}, lost}};
    return written([&](std::string& out) { native::append_subscribed(out, "1", {&join, 1}); });
  };
  EXPECT_EQ(recovered(3),
            R"({"type":"subscribed","id":1,"symbols":["AAPL"],"positions":[{"symbol":"AAPL",)"
            R"("stream":"price","known":true,"epoch":2,"seq":9,"recovered":true,)"
            R"("from":{"epoch":1,"seq":6},"to":{"epoch":2,"seq":9},"lost":3}]})");
  EXPECT_NE(recovered({}).find(R"("to":{"epoch":2,"seq":9},"lost":null}]})"), std::string::npos);
}

TEST(NativeDialect, ConfirmsTheEndOfASubscription) {
  const std::vector<stream_key> left{named("AAPL"), named("MSFT")};
  EXPECT_EQ(written([&](std::string& out) { native::append_unsubscribed(out, "7", left); }),
            R"({"type":"unsubscribed","id":7,"symbols":["AAPL","MSFT"]})");
  EXPECT_EQ(written([](std::string& out) { native::append_unsubscribed(out, "", {}); }),
            R"({"type":"unsubscribed","symbols":[]})");
}

TEST(NativeDialect, ListsSubscriptions) {
  const std::vector<stream_key> symbols{named("AAPL"), named("MSFT")};
  EXPECT_EQ(written([&](std::string& out) { native::append_subscriptions(out, "null", symbols); }),
            R"({"type":"subscriptions","id":null,"subscriptions":[{"symbol":"AAPL",)"
            R"("stream":"price"},{"symbol":"MSFT","stream":"price"}],"count":2})");
  EXPECT_EQ(written([](std::string& out) { native::append_subscriptions(out, "", {}); }),
            R"({"type":"subscriptions","subscriptions":[],"count":0})");
}

TEST(NativeDialect, AnnouncesAGap) {
  const auto gap = [](std::optional<sequence> to, std::string_view reason) {
    return written([&](std::string& out) {
      native::append_gap(out, named("AAPL"), epoch{1}, sequence{18}, to, reason);
    });
  };
  EXPECT_EQ(gap(sequence{20}, "moved"), R"({"type":"gap","symbol":"AAPL","stream":"price",)"
                                        R"("epoch":1,"from":18,"to":20,"reason":"moved"})");
  EXPECT_EQ(gap(std::nullopt, "new_epoch"),
            R"({"type":"gap","symbol":"AAPL","stream":"price",)"
            R"("epoch":1,"from":18,"to":null,"reason":"new_epoch"})");
}

TEST(NativeDialect, WritesAnError) {
  const auto text = [](std::string_view id, errc code, std::optional<symbol> about) {
    return written(
        [&](std::string& out) { native::append_error(out, id, code, "stream \"trade\"", about); });
  };
  EXPECT_EQ(text("", errc::unsupported, {}),
            R"({"type":"error","code":1003,"message":"stream \"trade\"","retryable":false})");
  EXPECT_EQ(text("5", errc::not_owner, named("AAPL")),
            R"({"type":"error","id":5,"code":1006,"message":"stream \"trade\"","retryable":true,)"
            R"("symbol":"AAPL"})");
}

TEST(NativeDialect, WritesLifeSigns) {
  const time_ms now = at(1'723'161'256'543);
  EXPECT_EQ(written([&](std::string& out) { native::append_ping(out, now); }),
            R"({"type":"ping","timestamp":1723161256543})");
  EXPECT_EQ(written([&](std::string& out) { native::append_pong(out, "", now); }),
            R"({"type":"pong","timestamp":1723161256543})");
  EXPECT_EQ(written([&](std::string& out) { native::append_pong(out, R"("x")", now); }),
            R"({"type":"pong","id":"x","timestamp":1723161256543})");
}

TEST(NativeDialect, WritesARestError) {
  EXPECT_EQ(written([](std::string& out) {
              native::append_rest_error(out, errc::unknown_symbol, "symbol \"X\"");
            }),
            R"({"error":{"code":"unknown_symbol","message":"symbol \"X\"","retryable":false}})");
}

std::string json_string(std::string_view text) {
  return written([&](std::string& out) { native::append_json_string(out, text); });
}

TEST(NativeDialect, EscapesWhatAJsonStringMustNotHold) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(json_string("\n\r\t\b\x1f\x7f"), "\"\\n\\r\\t\\u0008\\u001f\x7f\"");
  EXPECT_EQ(json_string(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(json_string("é€😀"), "\"é€😀\"");
}

TEST(NativeDialect, ReplacesBytesThatAreNotUtf8) {
  const std::string u = "\xef\xbf\xbd";
  EXPECT_EQ(json_string("a\xff z"), "\"a" + u + " z\"");
  EXPECT_EQ(json_string("\xc3"), "\"" + u + "\"");
  EXPECT_EQ(json_string("\xe2\x82"), "\"" + u + u + "\"");
  EXPECT_EQ(json_string("\xc0\x80"), "\"" + u + u + "\"");
  EXPECT_EQ(json_string("\xed\xa0\x80"), "\"" + u + u + u + "\"");
  EXPECT_EQ(json_string("\xf4\x90\x80\x80"), "\"" + u + u + u + u + "\"");
  EXPECT_EQ(json_string("\xf0\x9f\x98\"").back(), '"');
}

} // namespace
} // namespace tradepulse
