#include <gtest/gtest.h>

#include "adapters/json/client_message_parser.hpp"

// The member `since` of a subscribe.
namespace tradepulse {
namespace {

// "1/5" for a position, "@1723161256543" for a time, "-" for none; symbol by symbol, each with its
// streams: "1/5 - | 2/7 -". "none" where nobody comes back; else why the request was refused.
std::string places(const std::string& symbols, const std::string& streams,
                   const std::string& since) {
  const auto message =
      parse_client_message(R"({"type":"subscribe","symbols":)" + symbols + R"(,"streams":)" +
                           streams + R"(,"since":)" + since + "}");
  if (const auto* refused = std::get_if<invalid_request>(&message))
    return refused->detail;
  const auto& request = std::get<subscribe_request>(message);
  if (request.since.empty())
    return "none";
  EXPECT_EQ(request.since.size(), request.symbols.size() * request.streams.size());
  std::string out;
  for (std::size_t i = 0; i < request.since.size(); ++i) {
    if (i > 0)
      out += i % request.streams.size() == 0 ? " | " : " ";
    if (!request.since[i])
      out += "-";
    else if (const auto* at = std::get_if<stream_position>(&request.since[i]->what()))
      out += std::to_string(at->epoch.value()) + "/" + std::to_string(at->seq.value());
    else
      out += "@" +
             std::to_string(std::get<time_ms>(request.since[i]->what()).time_since_epoch().count());
  }
  return out;
}

std::string line(std::string_view text) {
  const auto message = parse_client_message(text);
  if (const auto* invalid = std::get_if<invalid_request>(&message))
    return "invalid " + std::string(to_string(invalid->code)) +
           (invalid->id.empty() ? "" : " id=" + invalid->id);
  const auto* request = std::get_if<unsubscribe_request>(&message);
  std::string out = request ? "unsubscribe" : "another";
  for (const auto& refused : request ? request->refused : std::vector<refused_member>{})
    out += " !" + std::string(to_string(refused.code));
  return out;
}

std::string detail(std::string_view text) {
  const auto message = parse_client_message(text);
  const auto* invalid = std::get_if<invalid_request>(&message);
  return invalid ? invalid->detail : "valid";
}

// One for all of its symbols.
TEST(Since, ReadsThePositionThatASubscriptionGoesOnFrom) {
  const auto message = parse_client_message(
      R"({"type":"subscribe","symbols":["A","no blanks","B"],"since":{"seq":5,"epoch":2}})");
  const auto& request = std::get<subscribe_request>(message);
  ASSERT_EQ(request.symbols.size(), 2U);
  ASSERT_EQ(request.since.size(), 2U);
  for (const auto& each : request.since)
    EXPECT_EQ(each, (stream_position{epoch{2}, sequence{5}}));
  const auto without = parse_client_message(R"({"type":"subscribe","symbol":"A","since":null})");
  EXPECT_TRUE(std::get<subscribe_request>(without).since.empty());
  const auto all =
      parse_client_message(R"({"type":"subscribe","symbol":"A","since":{"epoch":0,"seq":0}})");
  EXPECT_EQ(std::get<subscribe_request>(all).since.at(0), stream_position{});
}

// The whole request: a position that is misread would be a hole that nobody announces.
TEST(Since, RefusesAPositionAgainstItsForm) {
  const auto since = [](const std::string& what) {
    return detail(R"({"type":"subscribe","symbol":"A","id":3,"since":)" + what + "}");
  };
  EXPECT_EQ(line(R"({"type":"subscribe","symbol":"A","since":5,"id":3})"),
            "invalid bad_request id=3");
  EXPECT_EQ(since("5"), R"(since: a number, must be {"epoch":E,"seq":N} or {"time":ms})");
  EXPECT_EQ(since(R"([{"epoch":1,"seq":5}])"),
            R"(since: an array, must be {"epoch":E,"seq":N} or {"time":ms})");
  EXPECT_EQ(since("{}"), "since.epoch: absent, and required");
  EXPECT_EQ(since(R"({"epoch":1})"), "since.seq: absent, and required");
  EXPECT_EQ(since(R"({"epoch":1,"seq":null})"), "since.seq: absent, and required");
  EXPECT_EQ(since(R"({"epoch":1,"seq":5,"Time":7})"),
            R"(since: member "Time" is not known, only "epoch" and "seq", or "time")");
  EXPECT_EQ(since(R"({"epoch":"1","seq":5})"),
            "since.epoch: a string, must be a whole number of 0 to 9007199254740991");
  EXPECT_EQ(since(R"({"epoch":1,"seq":{"epoch":1}})"),
            "since.seq: an object, must be a whole number of 0 to 9007199254740991");
  for (const std::string bad : {"-1", "1.0", "1e3", "9007199254740992", "99999999999999999999"})
    EXPECT_EQ(since(R"({"epoch":1,"seq":)" + bad + "}"),
              "since.seq: \"" + bad + "\", must be a whole number of 0 to 9007199254740991");
  EXPECT_EQ(since(R"({"epoch":0,"seq":1})"), "since: epoch 0 has no events, so its seq must be 0");
  EXPECT_EQ(line(R"({"type":"unsubscribe","symbol":"A","since":{"epoch":1,"seq":5}})"),
            "unsubscribe !bad_request");
}

// One for all of its symbols, and nothing beside it.
TEST(Since, ReadsTheTimeThatASubscriptionGoesOnFrom) {
  const auto since = [](const std::string& what) {
    const auto message =
        parse_client_message(R"({"type":"subscribe","symbols":["A","B"],"since":)" + what + "}");
    const auto* request = std::get_if<subscribe_request>(&message);
    return request ? request->since : std::vector<std::optional<since_point>>{};
  };
  const auto at = [](std::int64_t ms) {
    const since_point each{time_ms{std::chrono::milliseconds{ms}}};
    return std::vector<std::optional<since_point>>{each, each};
  };
  EXPECT_EQ(since(R"({"time":1723161256543})"), at(1'723'161'256'543));
  EXPECT_EQ(since(R"({"epoch":null,"time":1723161256543,"seq":null})"), at(1'723'161'256'543));
  EXPECT_EQ(since(R"({"time":1,"time":1723161256543})"), at(1'723'161'256'543)); // the last one
  EXPECT_EQ(since(R"({"time":946684800000})"), at(946'684'800'000));             // 2000-01-01
  EXPECT_EQ(since(R"({"time":4102444799999})"), at(4'102'444'799'999)); // before 2100-01-01
}

TEST(Since, RefusesATimeAgainstItsForm) {
  const auto since = [](const std::string& what) {
    return detail(R"({"type":"subscribe","symbol":"A","since":)" + what + "}");
  };
  const std::string must =
      ", must be whole milliseconds since 1970 of 946684800000 to 4102444799999";
  for (const std::string bad :
       {"0", "-1", "-1723161256543", "946684799999", "4102444800000", "1723161256543.0",
        "1723161256543.5", "1.723161256543e12", "1723161256", "99999999999999999999"})
    EXPECT_EQ(since(R"({"time":)" + bad + "}"), "since.time: \"" + bad + "\"" + must);
  EXPECT_EQ(since(R"({"time":"1723161256543"})"), "since.time: a string" + must);
  EXPECT_EQ(since(R"({"time":"2024-08-08T23:54:16Z"})"), "since.time: a string" + must);
  EXPECT_EQ(since(R"({"time":true})"), "since.time: a boolean" + must);
  EXPECT_EQ(since(R"({"time":{"time":1723161256543}})"), "since.time: an object" + must);
  EXPECT_EQ(since(R"({"time":[1723161256543]})"), "since.time: an array" + must);
  EXPECT_EQ(since(R"({"time":null})"), "since.epoch: absent, and required");
  for (const char* mixed :
       {R"({"epoch":1,"seq":5,"time":1723161256543})", R"({"epoch":1,"time":1723161256543})",
        R"({"time":1723161256543,"seq":5})", R"({"time":-1,"seq":5})"})
    EXPECT_EQ(since(mixed), R"(since: "time" stands alone, without "epoch" and "seq")");
  EXPECT_EQ(since(R"({"time":1723161256543,"at":1})"),
            R"(since: member "at" is not known, only "epoch" and "seq", or "time")");
}

TEST(Since, IsOfEachSymbolByItsName) {
  EXPECT_EQ(places(R"(["A","B","C"])", R"(["price"])",
                   R"({"C":{"time":1723161256543},"A":{"epoch":1,"seq":5}})"),
            "1/5 | - | @1723161256543");
  EXPECT_EQ(places(R"(["A"])", R"(["price"])", R"({"A":{"seq":5,"epoch":1}})"), "1/5");
  EXPECT_EQ(places(R"(["A","B"])", R"(["trade"])", R"({"A":null,"B":{"epoch":2,"seq":7}})"),
            "- | 2/7");
  EXPECT_EQ(places(R"(["BTC/USD","A"])", R"(["trade"])", R"({"BTC\/USD":{"epoch":2,"seq":7}})"),
            "2/7 | -");
}

TEST(Since, IsOfEachStreamOfASymbol) {
  EXPECT_EQ(places(R"(["A","B"])", R"(["trade","price"])",
                   R"({"A":{"trade":{"epoch":1,"seq":5},"price":{"epoch":3,"seq":9}},)"
                   R"("B":{"price":{"time":1723161256543}}})"),
            "1/5 3/9 | - @1723161256543");
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])", R"({"B":{"price":{"epoch":3,"seq":9}}})"),
            "- | 3/9");
}

TEST(Since, NeedsNoNameOfTheOnlySymbol) {
  EXPECT_EQ(places(R"(["A"])", R"(["trade","price","kline_1m"])",
                   R"({"kline_1m":{"epoch":1,"seq":5},"trade":{"epoch":3,"seq":9}})"),
            "3/9 - 1/5");
  EXPECT_EQ(places(R"(["A"])", R"(["trade"])", R"({"trade":{"epoch":3,"seq":9}})"), "3/9");
}

// A time is of all streams, a position of one.
TEST(Since, IsATimeForAllStreamsButAPositionForOne) {
  EXPECT_EQ(places(R"(["A","B"])", R"(["trade","price"])", R"({"time":1723161256543})"),
            "@1723161256543 @1723161256543 | @1723161256543 @1723161256543");
  EXPECT_EQ(places(R"(["A","B"])", R"(["trade","price"])", R"({"A":{"time":1723161256543}})"),
            "@1723161256543 @1723161256543 | - -");
  const std::string why = R"(: a position is of one stream, and this request has 2: )"
                          R"({"<stream>":{"epoch":E,"seq":N},...} for each, or {"time":ms})";
  EXPECT_EQ(places(R"(["A"])", R"(["trade","price"])", R"({"epoch":1,"seq":5})"), "since" + why);
  EXPECT_EQ(places(R"(["A","B"])", R"(["trade","price"])", R"({"epoch":1,"seq":5})"),
            "since" + why);
  EXPECT_EQ(places(R"(["A","B"])", R"(["trade","price"])", R"({"B":{"epoch":1,"seq":5}})"),
            "since.B" + why);
  // Also where one of them cannot be served: which one was meant?
  EXPECT_EQ(places(R"(["A"])", R"(["trade","candle_1m"])", R"({"epoch":1,"seq":5})"),
            "since" + why);
  EXPECT_EQ(places(R"(["A"])", R"(["trade","trade"])", R"({"epoch":1,"seq":5})"), "1/5");
}

TEST(Since, PassesOverWhatIsRefusedAnyway) {
  EXPECT_EQ(places(R"(["A","no blanks"])", R"(["price"])",
                   R"({"no blanks":{"epoch":1,"seq":5},"A":{"epoch":2,"seq":7}})"),
            "2/7");
  EXPECT_EQ(places(R"(["A"])", R"(["trade","candle_1m"])",
                   R"({"candle_1m":{"epoch":1,"seq":5},"trade":{"epoch":2,"seq":7}})"),
            "2/7");
  EXPECT_EQ(places(R"(["no blanks"])", R"(["price"])", R"({"epoch":1,"seq":5})"), "none");
  EXPECT_EQ(places(R"(["no blanks"])", R"(["price","trade"])", R"({"trade":{"epoch":1,"seq":5}})"),
            "none");
}

TEST(Since, SaysNothingWhereItSaysNothingOfAny) {
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])", R"({"A":null})"), "none");
  EXPECT_EQ(places(R"(["A"])", R"(["price","trade"])", R"({"A":{"trade":null}})"), "none");
  EXPECT_EQ(places(R"(["A"])", R"(["price"])", "null"), "none");
}

TEST(Since, TakesTheLastOfADoubledNameWholly) {
  EXPECT_EQ(places(R"(["A"])", R"(["trade","price"])",
                   R"({"A":{"trade":{"epoch":1,"seq":5}},"A":{"price":{"epoch":2,"seq":7}}})"),
            "- 2/7");
  EXPECT_EQ(places(R"(["A"])", R"(["trade","price"])",
                   R"({"A":7,"A":{"trade":{"epoch":"x"},"trade":{"epoch":2,"seq":7}}})"),
            "2/7 -");
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])", R"({"A":{"epoch":1,"seq":5},"A":null})"),
            "none");
}

// Symbols may be called as anything else is.
TEST(Since, TellsSymbolsFromTheWordsOfAPlace) {
  EXPECT_EQ(places(R"(["time","seq"])", R"(["price"])",
                   R"({"time":{"epoch":1,"seq":5},"seq":{"time":1723161256543}})"),
            "1/5 | @1723161256543");
  EXPECT_EQ(places(R"(["time"])", R"(["price"])", R"({"time":1723161256543})"), "@1723161256543");
  EXPECT_EQ(
      places(R"(["trade"])", R"(["price","trade"])", R"({"trade":{"trade":{"epoch":1,"seq":5}}})"),
      "- 1/5");
}

// What nobody can place must not be passed over: it would be a hole that nobody announces.
TEST(Since, RefusesNamesThatTheRequestDoesNotHave) {
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])",
                   R"({"A":{"epoch":1,"seq":5},"C":{"epoch":1,"seq":5}})"),
            R"(since: "C" is no symbol of this request)");
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])", R"({"C":{"epoch":1,"seq":5}})"),
            R"(since: "C" is no symbol of this request, which has 2: )"
            R"({"<symbol>":{"<stream>":{"epoch":E,"seq":N} or {"time":ms}}})");
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])", R"({"price":{"epoch":1,"seq":5}})"),
            R"(since: "price" is no symbol of this request, which has 2: )"
            R"({"<symbol>":{"<stream>":{"epoch":E,"seq":N} or {"time":ms}}})");
  EXPECT_EQ(places(R"(["A"])", R"(["price"])", R"({"C":{"epoch":1,"seq":5}})"),
            R"(since: "C" is neither a symbol nor a stream of this request)");
  EXPECT_EQ(places(R"(["A"])", R"(["price"])", R"({"trade":{"epoch":1,"seq":5}})"),
            R"(since: "trade" is neither a symbol nor a stream of this request)");
  EXPECT_EQ(places(R"(["A"])", R"(["price"])", R"({"A":{"trade":{"epoch":1,"seq":5}}})"),
            R"(since.A: "trade" is no stream of this request)");
  EXPECT_EQ(places(R"(["A"])", R"(["price"])", R"({"A":{"price":{"epoch":1,"seq":5}},"epoch":1})"),
            R"(since: "epoch" is no symbol of this request)");
}

TEST(Since, RefusesPlacesAgainstTheirFormByTheirName) {
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])", R"({"A":5})"),
            R"(since.A: a number, must be {"epoch":E,"seq":N} or {"time":ms})");
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])", R"({"A":[]})"),
            R"(since.A: an array, must be {"epoch":E,"seq":N} or {"time":ms})");
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])", R"({"A":{"epoch":1}})"),
            "since.A.seq: absent, and required");
  EXPECT_EQ(places(R"(["A","B"])", R"(["price"])", R"({"A":{}})"),
            "since.A.epoch: absent, and required");
  EXPECT_EQ(places(R"(["A"])", R"(["price","trade"])", R"({"trade":7})"),
            R"(since.trade: a number, must be {"epoch":E,"seq":N} or {"time":ms})");
  EXPECT_EQ(places(R"(["A"])", R"(["price","trade"])", R"({"A":{"trade":{"epoch":0,"seq":1}}})"),
            "since.A.trade: epoch 0 has no events, so its seq must be 0");
  EXPECT_EQ(places(R"(["A"])", R"(["price","trade"])", R"({"A":{"trade":{"time":7}}})"),
            "since.A.trade.time: \"7\", must be whole milliseconds since 1970 of 946684800000 to "
            "4102444799999");
  EXPECT_EQ(places(R"(["A"])", R"(["price","trade"])",
                   R"({"A":{"trade":{"epoch":1,"seq":5,"time":1723161256543}}})"),
            R"(since.A.trade: "time" stands alone, without "epoch" and "seq")");
  EXPECT_EQ(places(R"(["A"])", R"(["price","trade"])", R"({"A":{"trade":{"A":{"seq":5}}}})"),
            R"(since.A.trade: member "A" is not known, only "epoch" and "seq", or "time")");
}

TEST(Since, IsReadForAsManySymbolsAsAMessageHolds) {
  std::string symbols = "[", since = "{";
  for (int i = 0; i < 1'000; ++i) {
    const std::string name = "\"S" + std::to_string(i) + "\"";
    symbols += (i > 0 ? "," : "") + name;
    since +=
        (i > 0 ? "," : "") + name + R"(:{"trade":{"epoch":1,"seq":)" + std::to_string(i) + "}}";
  }
  const auto found = places(symbols + "]", R"(["price","trade"])", since + "}");
  EXPECT_EQ(found.substr(0, 21), "- 1/0 | - 1/1 | - 1/2");
  EXPECT_EQ(found.substr(found.size() - 7), "- 1/999");
}

} // namespace
} // namespace tradepulse
