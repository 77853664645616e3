#include "adapters/json/client_message_parser.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

// One line a message, so that a test reads as the pair of what was sent and what was understood:
// "subscribe [AAPL MSFT] price id=1", "invalid unsupported id=1". Refused members follow, each
// behind a '!'.
template <class Request>
std::string subscription_line(std::string_view verb, const Request& request) {
  std::string out(verb);
  out += " [";
  for (const symbol& s : request.symbols)
    out += (out.back() == '[' ? "" : " ") + s.str();
  out += "]";
  for (stream_kind kind : request.streams)
    out += " " + name_of(kind);
  if (!request.id.empty())
    out += " id=" + request.id;
  for (const refused_member& refused : request.refused)
    out += " !" + std::string(to_string(refused.code));
  return out;
}

struct line_writer {
  static std::string with_id(std::string text, const std::string& id) {
    return id.empty() ? text : text + " id=" + id;
  }
  std::string operator()(const subscribe_request& m) const {
    return subscription_line("subscribe", m);
  }
  std::string operator()(const unsubscribe_request& m) const {
    return subscription_line("unsubscribe", m);
  }
  std::string operator()(const list_request& m) const { return with_id("list", m.id); }
  std::string operator()(const pong_message&) const { return "pong"; }
  std::string operator()(const ping_message& m) const { return with_id("ping", m.id); }
  std::string operator()(const invalid_request& m) const {
    return with_id("invalid " + std::string(to_string(m.code)), m.id);
  }
};

std::string line(std::string_view text, const client_message_limits& limits = {}) {
  return std::visit(line_writer{}, parse_client_message(text, limits));
}

std::string detail(std::string_view text) {
  const auto message = parse_client_message(text);
  const auto* invalid = std::get_if<invalid_request>(&message);
  return invalid ? invalid->detail : "valid: " + line(text);
}

std::vector<std::string> refusals(std::string_view text, const client_message_limits& limits = {}) {
  std::vector<std::string> out;
  const auto message = parse_client_message(text, limits);
  if (const auto* request = std::get_if<subscribe_request>(&message))
    for (const refused_member& refused : request->refused)
      out.push_back(refused.detail);
  return out;
}

using lines = std::vector<std::string>;

TEST(ClientMessage, SubscribesToOneSymbol) {
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"AAPL","timestamp":1723161256543})"),
            "subscribe [AAPL] price");
}

TEST(ClientMessage, SubscribesToSeveralSymbolsInTheirOrder) {
  EXPECT_EQ(line(R"({"type":"subscribe","symbols":["MSFT","AAPL","BTC/USD"]})"),
            "subscribe [MSFT AAPL BTC/USD] price");
}

TEST(ClientMessage, MergesSymbolAndSymbolsInTheOrderTheyCame) {
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","symbols":["B","C"]})"),
            "subscribe [A B C] price");
  EXPECT_EQ(line(R"({"symbols":["B","C"],"symbol":"A","type":"subscribe"})"),
            "subscribe [B C A] price");
}

TEST(ClientMessage, NamesADoubledSymbolOnce) {
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","symbols":["B","A","B"]})"),
            "subscribe [A B] price");
}

TEST(ClientMessage, UnsubscribesLikewise) {
  EXPECT_EQ(line(R"({"type":"unsubscribe","symbols":["AAPL","MSFT"],"id":7})"),
            "unsubscribe [AAPL MSFT] price id=7");
  EXPECT_EQ(line(R"({"type":"unsubscribe"})"), "invalid bad_request");
}

TEST(ClientMessage, KnowsTheMessagesWithoutSymbols) {
  EXPECT_EQ(line(R"({"type":"list","id":"x"})"), R"(list id="x")");
  EXPECT_EQ(line(R"({"type":"pong","timestamp":1723161256543})"), "pong");
  EXPECT_EQ(line(R"({"type":"ping","id":1})"), "ping id=1");
  EXPECT_EQ(line(R"({"type":"ping","timestamp":1})"), "ping");
}

TEST(ClientMessage, KeepsTheIdAsItWasSent) {
  EXPECT_EQ(line(R"({"type":"list", "id" : "\u00e9\"x" })"), R"(list id="\u00e9\"x")");
  EXPECT_EQ(line(R"({"type":"list","id":1.50e1})"), "list id=1.50e1");
  EXPECT_EQ(line(R"({"type":"list","id":null})"), "list id=null");
  EXPECT_EQ(line(R"({"type":"list","id":":,\t"})"), R"(list id=":,\t")");
  EXPECT_EQ(line(R"({"id":-12345678901234567890,"type":"list"})"), "list id=-12345678901234567890");
  EXPECT_EQ(line(R"({"type":"list","id":1,"id":"two"})"), R"(list id="two")");
}

TEST(ClientMessage, RefusesAnIdThatCannotBeEchoed) {
  EXPECT_EQ(line(R"({"type":"list","id":{"a":1}})"), "invalid bad_request");
  EXPECT_EQ(line(R"({"type":"list","id":[1]})"), "invalid bad_request");
  EXPECT_EQ(line(R"({"type":"list","id":true})"), "invalid bad_request");
  const std::string longest(62, 'x');
  EXPECT_EQ(line(R"({"type":"list","id":")" + longest + "\"}"), "list id=\"" + longest + "\"");
  EXPECT_EQ(line(R"({"type":"list","id":")" + longest + "x\"}"), "invalid bad_request");
  EXPECT_EQ(detail(R"({"type":"list","id":")" + longest + "x\"}"), "id: 65 bytes, at most 64");
}

TEST(ClientMessage, ServesWhatItCanAndNamesTheRest) {
  EXPECT_EQ(
      line(R"({"type":"subscribe","symbols":["AAPL","A B","",7,null,["X"],{"s":"Y"},"MSFT"]})"),
      "subscribe [AAPL MSFT] price !symbol_invalid !symbol_invalid !symbol_invalid "
      "!symbol_invalid !symbol_invalid !symbol_invalid");
  EXPECT_EQ(refusals(R"({"type":"subscribe","symbols":["AAPL","A B",7]})"),
            (lines{"symbol \"A B\" (3 bytes): 1 to 32 characters of A-Za-z0-9._:/=^&+-",
                   "symbols: a number, must be a string"}));
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A B"})"), "subscribe [] price !symbol_invalid");
}

TEST(ClientMessage, NamesAnEndlessListOfBadSymbolsOnlyInPart) {
  std::string text = R"({"type":"subscribe","symbols":["AAPL")";
  for (int i = 0; i < 150; ++i)
    text += ",\"\"";
  const auto found = refusals(text + "]}");
  ASSERT_EQ(found.size(), 101U);
  EXPECT_EQ(found.back(), "50 more symbols are invalid; the first 100 were named");
}

TEST(ClientMessage, OffersEveryStreamThatIsReadFromTheLog) {
  EXPECT_EQ(
      line(R"({"type":"subscribe","symbol":"A","streams":["trade","price","quote","kline_1m"]})"),
      "subscribe [A] trade price quote kline_1m");
  EXPECT_EQ(
      line(R"({"type":"unsubscribe","symbol":"A","streams":["kline_1s","kline_1M","kline_3d"]})"),
      "unsubscribe [A] kline_1s kline_1M kline_3d");
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A"})"), "subscribe [A] price");
}

TEST(ClientMessage, NamesADoubledStreamOnce) {
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","streams":["price","trade","price",)"
                 R"("trade"]})"),
            "subscribe [A] price trade");
  EXPECT_EQ(refusals(R"({"type":"subscribe","symbol":"A","streams":["depth","depth"]})").size(),
            1U);
}

TEST(ClientMessage, SaysWhichStreamsItDoesNotHaveYet) {
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","streams":["depth","price","ticker"]})"),
            "subscribe [A] price !unsupported !unsupported");
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","streams":["depth"]})"),
            "subscribe [A] !unsupported");
  EXPECT_EQ(refusals(R"({"type":"subscribe","symbol":"A","streams":["depth"]})"),
            (lines{"stream \"depth\" is not supported by this version, only price, trade, "
                   "quote and kline_<interval> (1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w "
                   "1M)"}));
}

TEST(ClientMessage, SubscribesToCandlesThatAreMade) {
  client_message_limits limits;
  limits.candles = {candle_interval::m1, candle_interval::h4};
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","streams":["candle_4h","price",)"
                 R"("candle_1m","candle_4h"]})",
                 limits),
            "subscribe [A] candle_4h price candle_1m");
  EXPECT_EQ(line(R"({"type":"unsubscribe","symbol":"A","streams":["candle_1m"]})", limits),
            "unsubscribe [A] candle_1m");
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","streams":["candle_1m"],)"
                 R"("since":{"epoch":1,"seq":5}})",
                 limits),
            "subscribe [A] candle_1m");
}

TEST(ClientMessage, SaysWhichCandlesAreMadeWhereOthersAreAskedFor) {
  const auto asked = R"({"type":"subscribe","symbol":"A","streams":["candle_5m","trade"]})";
  EXPECT_EQ(line(asked), "subscribe [A] trade !unsupported");
  EXPECT_EQ(refusals(asked), (lines{"stream \"candle_5m\": no candles are made (candles.source of "
                                    "a topic)"}));
  client_message_limits limits;
  limits.candles = {candle_interval::h4, candle_interval::m1};
  EXPECT_EQ(line(asked, limits), "subscribe [A] trade !unsupported");
  EXPECT_EQ(refusals(asked, limits),
            (lines{"stream \"candle_5m\": candles of this length are not made, only (1m 4h) "
                   "(candles.intervals)"}));
  EXPECT_EQ(refusals(R"({"type":"subscribe","symbol":"A","streams":["candle_3m"]})", limits),
            (lines{"stream \"candle_3m\" is not known, only price, trade, quote, "
                   "candle_<interval> (1m 4h) and kline_<interval> (1s 1m 3m 5m 15m 30m 1h 2h 4h "
                   "6h 8h 12h 1d 3d 1w 1M)"}));
}

TEST(ClientMessage, RefusesStreamsThatThereAreNone) {
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","streams":["prices",7,"kline_","kline_7m",)"
                 R"("candle_3m","Trade",""]})"),
            "subscribe [A] !bad_request !bad_request !bad_request !bad_request !bad_request "
            "!bad_request !bad_request");
  EXPECT_EQ(refusals(R"({"type":"subscribe","symbol":"A","streams":["prices",7]})"),
            (lines{"stream \"prices\" is not known, only price, trade, quote and kline_<interval> "
                   "(1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M)",
                   "streams: a number, must be a string"}));
}

TEST(ClientMessage, SaysThatDeliveryIsNotSupported) {
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","delivery":"all","id":2})"),
            "subscribe [A] price id=2 !unsupported");
  EXPECT_EQ(refusals(R"({"type":"subscribe","symbol":"A","delivery":"all"})"),
            (lines{"\"delivery\" is not supported by this version"}));
  EXPECT_EQ(
      line(R"({"type":"subscribe","symbol":"A","since":null,"delivery":null,"streams":null})"),
      "subscribe [A] price");
}

TEST(ClientMessage, NamesMembersItDoesNotKnow) {
  EXPECT_EQ(refusals(R"({"type":"subscribe","symbol":"A","stream":"price"})"),
            (lines{"member \"stream\" is not known"}));
  const auto many = refusals(R"({"type":"subscribe","symbol":"A","a":1,"b":1,"c":1,"d":1,"e":1,)"
                             R"("f":1,"g":1,"h":1,"i":1,"j":1})");
  ASSERT_EQ(many.size(), 9U);
  EXPECT_EQ(many.back(), "2 more members are not known");
}

TEST(ClientMessage, RefusesARequestAgainstItsForm) {
  EXPECT_EQ(detail(R"({"type":"subscribe"})"), "neither \"symbol\" nor \"symbols\"");
  EXPECT_EQ(detail(R"({"type":"subscribe","symbol":null})"), "neither \"symbol\" nor \"symbols\"");
  EXPECT_EQ(detail(R"({"type":"subscribe","symbols":[]})"), "symbols: empty, at least one");
  EXPECT_EQ(detail(R"({"type":"subscribe","symbols":"AAPL"})"),
            "symbols: a string, must be an array of strings");
  EXPECT_EQ(detail(R"({"type":"subscribe","symbol":"A","streams":"price"})"),
            "streams: a string, must be an array of strings");
  EXPECT_EQ(detail(R"({"type":"subscribe","symbol":"A","streams":[]})"),
            "streams: empty, at least one");
  EXPECT_EQ(line(R"({"type":"subscribe","id":9})"), "invalid bad_request id=9");
}

TEST(ClientMessage, BoundsTheSymbolsOfARequest) {
  const client_message_limits three{.max_symbols = 3};
  EXPECT_EQ(line(R"({"type":"subscribe","symbols":["A","B","C"]})", three),
            "subscribe [A B C] price");
  EXPECT_EQ(line(R"({"type":"subscribe","symbols":["A","B","C","A"],"id":1})", three),
            "invalid too_large id=1");
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"D","symbols":["A","B","C"]})", three),
            "invalid too_large");
  std::string text = R"({"type":"subscribe","symbol":"A","streams":["price")";
  for (int i = 0; i < 64; ++i)
    text += ",\"price\"";
  EXPECT_EQ(line(text + "]}"), "invalid too_large");
}

TEST(ClientMessage, SaysThatTokensAreNotSupported) {
  EXPECT_EQ(line(R"({"type":"auth","token":"x","id":1})"), "invalid unsupported id=1");
  EXPECT_EQ(detail(R"({"type":"refresh","token":"x"})"),
            "\"refresh\" is not supported by this version");
}

TEST(ClientMessage, NamesTheDialectsItDoesNotSpeak) {
  EXPECT_EQ(line(R"({"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1})"),
            "invalid unsupported id=1");
  EXPECT_EQ(detail(R"({"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1})"),
            "the Binance style dialect (\"method\") is not supported by this version");
  EXPECT_EQ(detail(R"({"action":"subscribe","trades":["AAPL"]})"),
            "the Alpaca style dialect (\"action\") is not supported by this version");
  EXPECT_EQ(line(R"({"type":"list","method":"SUBSCRIBE"})"), "list");
}

TEST(ClientMessage, RefusesATypeItDoesNotKnow) {
  EXPECT_EQ(line(R"({"type":"subscribed","id":3})"), "invalid unknown_message id=3");
  EXPECT_EQ(line(R"({"type":"Subscribe","symbol":"A"})"), "invalid unknown_message");
  EXPECT_EQ(line(R"({"type":7})"), "invalid bad_request");
  EXPECT_EQ(detail("{}"), "type: absent, and required");
  EXPECT_EQ(detail(R"({"symbol":"AAPL"})"), "type: absent, and required");
}

TEST(ClientMessage, RefusesWhatIsNotAJsonObject) {
  EXPECT_EQ(line(""), "invalid bad_json");
  EXPECT_EQ(line("hello"), "invalid bad_json");
  EXPECT_EQ(line(R"({"type":"list"}{)"), "invalid bad_json");
  EXPECT_EQ(line(R"([{"type":"list"}])"), "invalid bad_request");
  EXPECT_EQ(line("\"list\""), "invalid bad_request");
  EXPECT_EQ(line("{\"type\":\"\xff\"}"), "invalid bad_utf8");
  EXPECT_EQ(line(std::string("{\"type\":\"list\"}\0", 16)), "invalid bad_utf8");
}

TEST(ClientMessage, BoundsBytesAndDepth) {
  std::string text = R"({"type":"list"})";
  text.append(65536 - text.size(), ' ');
  EXPECT_EQ(line(text), "list");
  EXPECT_EQ(line(text + " "), "invalid too_large");
  EXPECT_EQ(line(R"({"type":"list","x":[[[[[[[]]]]]]]})"), "list");
  EXPECT_EQ(line(R"({"type":"list","x":[[[[[[[[]]]]]]]]})"), "invalid bad_request");
}

} // namespace
} // namespace tradepulse
