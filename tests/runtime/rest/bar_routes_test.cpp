#include "runtime/rest/bar_routes.hpp"

#include <gtest/gtest.h>

#include "tests/runtime/rest/support/scripted_bars.hpp"

namespace tradepulse {
namespace {

using namespace test;

class BarRoutes : public testing::Test {
 protected:
  BarRoutes() {
    parts.directory = &directory;
    parts.stored = &bars;
    parts.views_of = [this](const symbol&) { return views; };
    parts.brings_klines = [](std::string_view topic, kline_interval interval) {
      return topic == "stock-bars" && interval == kline_interval::m1;
    };
  }
  void knows(stored_stream stream) { directory.preload({std::move(stream)}); }
  http_response get(const std::string& path, const std::string& query = "") {
    return finished(bars_route(parts, path, query));
  }
  static bool has(const http_response& in, const std::string& part) {
    return in.body.find(part) != std::string::npos;
  }

  symbol_directory directory{10};
  scripted_bars bars;
  std::vector<candle_view> views;
  bar_parts parts;
};

TEST_F(BarRoutes, GiveTheNewestKlinesWithWhatAStreamGoesOnFrom) {
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  auto open = minute(1, 7);
  open.closed = false;
  bars.answer({minute(0, 5), open}, {epoch{1}, sequence{7}}, true);
  const auto out = get("/AAPL", "limit=2");
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.route, "/bars/{symbol}");
  EXPECT_EQ(out.body,
            R"({"symbol":"AAPL","interval":"1m","source":"kline_1m","epoch":1,"seq":7,"count":2,)"
            R"("data":[{"timestamp":1723125600000,"start":1723125600000,"end":1723125660000,)"
            R"("open":1.5,"high":4,"low":0.5,"close":2.00000001,"volume":7.1,"closed":true,)"
            R"("epoch":1,"seq":5},{"timestamp":1723125660000,"start":1723125660000,)"
            R"("end":1723125720000,"open":1.5,"high":4,"low":0.5,"close":2.00000001,)"
            R"("volume":7.1,"closed":false,"epoch":1,"seq":7}],"next":1723125600000,"gaps":[]})");
  ASSERT_EQ(bars.asked.size(), 1U);
  EXPECT_EQ(bars.asked[0].symbols, std::vector<symbol>{sym("AAPL")});
  EXPECT_EQ(bars.asked[0].kind, kline_1m);
  EXPECT_EQ(bars.asked[0].limit, 2U);
  EXPECT_TRUE(bars.asked[0].newest);
}

TEST_F(BarRoutes, GoOnInARangeBehindItsLastBar) {
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  bars.answer({minute(0, 5), minute(3, 7)}, {epoch{1}, sequence{7}}, true);
  const auto out = get("/AAPL/range", "start=1723125600&end=1723129200&limit=2");
  EXPECT_EQ(out.route, "/bars/{symbol}/range");
  EXPECT_TRUE(has(out, R"("next":1723125780001)")) << out.body;
  EXPECT_EQ(bars.asked[0].from, at_ms(1'723'125'600'000));
  EXPECT_EQ(bars.asked[0].until, at_ms(1'723'129'200'000));
  EXPECT_FALSE(bars.asked[0].newest);
}

// Another program's bars may be older than any event; a small number would be taken for seconds.
TEST_F(BarRoutes, SayANextThatCanBeAskedForWheneverABarIs) {
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  struct place {
    std::int64_t start;
    const char* end_of_newest;
    const char* start_of_range;
  };
  const place places[] = {
      {1'723'125'600'000, "1723125600000", "1723125600001"},
      {915'148'860'000, "915148860000", "915148860001"}, // 1999
      {100'000'000'000, "100000000000", "100000000001"}, // 1973
      {99'999'999'999, R"("1973-03-03T09:46:39.999Z")", "100000000000"},
      {86'400'000, R"("1970-01-02T00:00:00.000Z")", R"("1970-01-02T00:00:00.001Z")"},
      {0, R"("1970-01-01T00:00:00.000Z")", R"("1970-01-01T00:00:00.001Z")"},
      {-252'374'400'000, R"("1962-01-02T00:00:00.000Z")", R"("1962-01-02T00:00:00.001Z")"},
      {253'402'300'740'000, "253402300740000", "253402300740001"}}; // 9999
  for (const auto& each : places) {
    auto one = minute(0, 5);
    one.start = at_ms(each.start);
    const auto next = [&](const std::string& path, const std::string& query) {
      bars.asked.clear();
      bars.answers.clear();
      bars.answer({one}, {epoch{1}, sequence{7}}, true);
      const auto body = get(path, query + "limit=1").body;
      const auto from = body.find(R"("next":)") + 7;
      return body.substr(from, body.find(R"(,"gaps")") - from);
    };
    const auto unquoted = [](std::string text) {
      std::erase(text, '"');
      return text;
    };
    const auto end = next("/AAPL", "");
    EXPECT_EQ(end, each.end_of_newest);
    next("/AAPL", "end=" + unquoted(end) + "&");
    ASSERT_EQ(bars.asked.size(), 1U) << end;
    EXPECT_EQ(bars.asked[0].until, one.start) << end;

    const auto start = next("/AAPL/range", "start=0001-01-01T00:00:00Z&");
    EXPECT_EQ(start, each.start_of_range);
    next("/AAPL/range", "start=" + unquoted(start) + "&");
    ASSERT_EQ(bars.asked.size(), 1U) << start;
    EXPECT_EQ(bars.asked[0].from, one.start + std::chrono::milliseconds{1}) << start;
  }
}

TEST_F(BarRoutes, HaveNoNextWhereNoneIsLeft) {
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  bars.answer({minute(0, 5)}, {epoch{1}, sequence{7}});
  EXPECT_FALSE(has(get("/AAPL"), "next"));
}

TEST_F(BarRoutes, SayNullWhereAnotherProgramSaidNothing) {
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  auto foreign = minute(0, 0);
  foreign.closed.reset();
  foreign.position.reset();
  foreign.volume.reset();
  bars.answer({foreign}, {});
  const auto out = get("/AAPL");
  EXPECT_TRUE(has(out, R"("source":"kline_1m","epoch":null,"seq":null,"count":1)")) << out.body;
  EXPECT_TRUE(has(out, R"("volume":null,"closed":null,"epoch":null,"seq":null})")) << out.body;
}

// What is published and not committed yet may be missing: it is named, never left out in silence.
TEST_F(BarRoutes, NameWhatIsNotCommitted) {
  knows(stored("AAPL", kline_1m, 2, 9, "stock-bars"));
  bars.answer({minute(0, 5)}, {epoch{2}, sequence{7}});
  EXPECT_TRUE(
      has(get("/AAPL"), R"("gaps":[{"epoch":2,"from":8,"to":9,"reason":"not_committed"}])"));
  bars.answer({minute(0, 5)}, {epoch{1}, sequence{40}});
  EXPECT_TRUE(
      has(get("/AAPL"), R"("gaps":[{"epoch":2,"from":1,"to":9,"reason":"not_committed"}])"));
  bars.answer({minute(0, 5)}, {epoch{2}, sequence{9}});
  EXPECT_TRUE(has(get("/AAPL"), R"("gaps":[])"));
}

TEST_F(BarRoutes, GiveCandlesWhereTheTopicBringsNoKlines) {
  knows(stored("AAPL", candle_1m, 3, 2, "stock-trades"));
  auto closed = minute(0, 2);
  closed.revision = 1;
  closed.source_epoch = epoch{4};
  closed.first_seq = sequence{10};
  closed.last_seq = sequence{12};
  bars.answer({closed}, {epoch{3}, sequence{2}});
  views = {open_minute(1, 14)};
  views.push_back(open_minute(0, 14));
  views.back().candle.interval = candle_interval::m5;
  const auto out = get("/AAPL");
  EXPECT_EQ(bars.asked[0].kind, candle_1m);
  EXPECT_TRUE(has(out, R"("source":"candle_1m","epoch":3,"seq":2,"count":2)")) << out.body;
  EXPECT_TRUE(has(out, R"("closed":true,"epoch":1,"seq":2,"revision":1,"source_epoch":4,)"
                       R"("first_seq":10,"last_seq":12},)"))
      << out.body;
  EXPECT_TRUE(has(out, R"("volume":null,"trades":2,"closed":false,"epoch":null,"seq":null,)"
                       R"("source_epoch":4,"first_seq":13,"last_seq":14,)"
                       R"("through":{"epoch":4,"seq":14}}])"))
      << out.body;
}

TEST_F(BarRoutes, MarkACandleThatIsOverByTheWallClockAlone) {
  knows(stored("AAPL", candle_1m, 3, 2, "stock-trades"));
  views = {open_minute(0, 14)};
  views[0].provisional = true;
  EXPECT_TRUE(has(get("/AAPL"), R"("closed":true,"epoch":null,"seq":null)"));
  bars.asked.clear();
  EXPECT_TRUE(has(get("/AAPL"), R"("through":{"epoch":4,"seq":14},"provisional":true})"));
}

// It closed while the tables were asked.
TEST_F(BarRoutes, PreferTheStoredCandleToItsOpenState) {
  knows(stored("AAPL", candle_1m, 1, 2, "stock-trades"));
  bars.answer({minute(0, 1), minute(1, 2)}, {epoch{1}, sequence{2}});
  views = {open_minute(1, 14)};
  const auto out = get("/AAPL");
  EXPECT_TRUE(has(out, R"("count":2)")) << out.body;
  EXPECT_FALSE(has(out, "through"));
}

TEST_F(BarRoutes, PutOpenCandlesIntoThePageTheyBelongTo) {
  knows(stored("AAPL", candle_1m, 1, 2, "stock-trades"));
  views = {open_minute(2, 14)};
  bars.answer({minute(0, 1), minute(1, 2)}, {epoch{1}, sequence{2}});
  const auto newest = get("/AAPL", "limit=2"); // the oldest gives way
  EXPECT_TRUE(has(newest, R"("count":2,"data":[{"timestamp":1723125660000)")) << newest.body;
  EXPECT_TRUE(has(newest, R"("next":1723125660000)"));
  bars.answer({minute(0, 1), minute(1, 2)}, {epoch{1}, sequence{2}});
  const auto full = get("/AAPL/range", "start=1723125600&limit=2"); // it is for the next page
  EXPECT_FALSE(has(full, "through"));
  EXPECT_TRUE(has(full, R"("next":1723125660001)"));
  bars.answer({minute(0, 1)}, {epoch{1}, sequence{2}}, true);
  EXPECT_FALSE(has(get("/AAPL/range", "start=1723125600&limit=1"), "through"));
  bars.answer({minute(0, 1)}, {epoch{1}, sequence{2}});
  EXPECT_FALSE(has(get("/AAPL/range", "start=1723125600&end=1723125660"), "through"));
  bars.answer({minute(0, 1)}, {epoch{1}, sequence{2}}, true);
  EXPECT_FALSE(has(get("/AAPL", "limit=1&end=1723125660"), "through"));
}

// 5m is none of that topic's, and its klines of 1m do not stand in the way.
TEST_F(BarRoutes, ChooseTheSourceOfEachInterval) {
  const auto candle_5m = stream_kind::candle(candle_interval::m5);
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  knows(stored("AAPL", candle_5m, 1, 7, "stock-trades"));
  knows(stored("AAPL", candle_1m, 1, 7, "stock-trades"));
  knows(stored("OLD", kline_1m, 1, 7, "bars-of-before")); // is not configured any more
  knows(stored("OLD", candle_1m, 1, 7, "stock-trades"));
  knows(stored("LEFT", kline_1m, 1, 7, "bars-of-before"));
  get("/AAPL", "interval=1m");
  get("/AAPL", "interval=5m");
  get("/OLD");
  get("/LEFT");
  ASSERT_EQ(bars.asked.size(), 4U);
  EXPECT_EQ(bars.asked[0].kind, kline_1m);
  EXPECT_EQ(bars.asked[1].kind, candle_5m);
  EXPECT_EQ(bars.asked[2].kind, candle_1m);
  EXPECT_EQ(bars.asked[3].kind, kline_1m);
}

TEST_F(BarRoutes, FindWhatAnotherProgramHasLeftOfASymbolThatNobodyHasSeen) {
  bars.answer({minute(0, 5)});
  EXPECT_EQ(get("/OLD").status, 200);
  EXPECT_EQ(bars.asked[0].kind, kline_1m);
}

TEST_F(BarRoutes, SayUnknownOfASymbolWithoutBarsOfThatLength) {
  knows(stored("AAPL", stream_kind::price, 1, 7, "price-ticks"));
  for (const char* path : {"/NOPE", "/AAPL"}) {
    const auto out = get(path, "interval=3m");
    EXPECT_EQ(out.status, 404);
    EXPECT_EQ(out.body, R"({"error":{"code":"unknown_symbol","message":"symbol )" +
                            std::string(path).substr(1) +
                            R"( has no bars of 3m","retryable":false}})");
  }
}

TEST_F(BarRoutes, GiveNothingOfATimeWithoutBars) {
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  bars.answer({}, {epoch{1}, sequence{7}});
  const auto out = get("/AAPL/range", "start=1723125600");
  EXPECT_EQ(out.status, 200);
  EXPECT_TRUE(has(out, R"("epoch":1,"seq":7,"count":0,"data":[],"gaps":[]})")) << out.body;
}

TEST_F(BarRoutes, RefuseWithoutAskingTheTables) {
  EXPECT_EQ(get("/AAPL", "limit=0").status, 400);
  EXPECT_EQ(get("/A%20B").status, 400);
  EXPECT_EQ(get("/AAPL/range").status, 400);
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  directory.set_assignment({});
  const auto elsewhere = get("/AAPL");
  EXPECT_EQ(elsewhere.status, 503);
  EXPECT_EQ(elsewhere.headers,
            (std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}}));
  EXPECT_TRUE(bars.asked.empty());
}

TEST_F(BarRoutes, PassOnWhatTheDatabaseSays) {
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  bars.answers.push_back(error{errc::database_unavailable, "away"});
  const auto out = get("/AAPL");
  EXPECT_EQ(out.status, 503);
  EXPECT_TRUE(has(out, R"("code":"database_unavailable","message":"away")"));
}

TEST_F(BarRoutes, AreNoOthers) {
  for (const char* path : {"", "/", "/A/B", "/A/range/x", "//range"})
    EXPECT_EQ(bars_route(parts, path, "").route, "other") << path;
}

class LatestBars : public BarRoutes {};

TEST_F(LatestBars, AskForAllSymbolsAtOnceByKind) {
  knows(stored("AAPL", kline_1m, 1, 7, "stock-bars"));
  knows(stored("MSFT", candle_1m, 1, 3, "stock-trades"));
  views = {open_minute(2, 14)};
  bars_of_symbol of_aapl{sym("AAPL"), {minute(1, 7)}, true, {epoch{1}, sequence{7}}, true};
  bars_of_symbol none{sym("NOPE"), {}, false, {}, false};
  bars_of_symbol of_msft{sym("MSFT"), {minute(1, 3)}, false, {epoch{1}, sequence{3}}, true};
  views = {};
  parts.views_of = [](const symbol& name) {
    return name == sym("MSFT") ? std::vector<candle_view>{open_minute(2, 14)}
                               : std::vector<candle_view>{};
  };
  bars.answers = {bar_page{of_aapl, none}, bar_page{of_msft}};
  const auto out = get("/latest", "symbols=MSFT,AAPL,NOPE");
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.route, "/bars/latest");
  EXPECT_EQ(out.body,
            R"({"interval":"1m","count":2,"data":[{"symbol":"MSFT","source":"candle_1m",)"
            R"("timestamp":1723125720000,"start":1723125720000,"end":1723125780000,"open":3,)"
            R"("high":3,"low":3,"close":3,"volume":null,"trades":2,"closed":false,"epoch":null,)"
            R"("seq":null,"source_epoch":4,"first_seq":13,"last_seq":14,)"
            R"("through":{"epoch":4,"seq":14},"position":{"epoch":1,"seq":3}},)"
            R"({"symbol":"AAPL","source":"kline_1m","timestamp":1723125660000,)"
            R"("start":1723125660000,"end":1723125720000,"open":1.5,"high":4,"low":0.5,)"
            R"("close":2.00000001,"volume":7.1,"closed":true,"epoch":1,"seq":7,)"
            R"("position":{"epoch":1,"seq":7}}],"missing":["NOPE"]})");
  ASSERT_EQ(bars.asked.size(), 2U);
  EXPECT_EQ(bars.asked[0].symbols, (std::vector<symbol>{sym("AAPL"), sym("NOPE")}));
  EXPECT_EQ(bars.asked[0].kind, kline_1m);
  EXPECT_EQ(bars.asked[0].limit, 1U);
  EXPECT_TRUE(bars.asked[0].newest);
  EXPECT_EQ(bars.asked[1].symbols, std::vector<symbol>{sym("MSFT")});
}

TEST_F(LatestBars, GoThroughAllSymbolsInTheirOrder) {
  for (const char* name : {"C", "A", "B"}) {
    knows(stored(name, kline_1m, 1, 7, "stock-bars"));
    knows(stored(name, stream_kind::trade, 1, 7, "stock-trades"));
  }
  parts.views_of = {};
  const auto first = get("/latest", "limit=2");
  EXPECT_EQ(bars.asked[0].symbols, (std::vector<symbol>{sym("A"), sym("B")}));
  EXPECT_TRUE(has(first, R"("count":0,"data":[],"missing":[],"next":"B"})")) << first.body;
  const auto second = get("/latest", "limit=2&after=B");
  EXPECT_EQ(bars.asked[1].symbols, std::vector<symbol>{sym("C")});
  EXPECT_FALSE(has(second, "next"));
}

TEST_F(LatestBars, NameSymbolsThatOthersHold) {
  knows(stored("A", kline_1m, 1, 7, "stock-bars"));
  directory.set_assignment({});
  const auto out = get("/latest", "symbols=A");
  EXPECT_EQ(out.body, R"({"interval":"1m","count":0,"data":[],"missing":[],"not_owner":["A"]})");
  EXPECT_TRUE(bars.asked.empty());
}

TEST_F(LatestBars, RefuseAndPassOnErrors) {
  EXPECT_EQ(get("/latest", "symbols=").status, 400);
  bars.answers.push_back(error{errc::database_busy, "busy"});
  const auto out = get("/latest", "symbols=A");
  EXPECT_EQ(out.status, 503);
  EXPECT_EQ(out.route, "/bars/latest");
}

} // namespace
} // namespace tradepulse
