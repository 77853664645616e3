// Candles between their close and their commit: answers have them from memory.
#include <gtest/gtest.h>

#include "runtime/rest/bar_routes.hpp"
#include "runtime/rest/binance_klines.hpp"
#include "tests/runtime/rest/support/scripted_bars.hpp"

namespace tradepulse {
namespace {

using namespace test;

// The candle of that minute, closed; `high` tells it from others.
waiting_candles::close closed(int n, std::int64_t seq, const char* high,
                              std::int32_t revision = 0) {
  auto of = open_minute(n, 14).candle;
  of.high = money(high);
  of.flags = of.flags | candle_flags::closed;
  of.revision = revision;
  return {of, sequence{seq}};
}

class WaitingBars : public testing::Test {
 protected:
  WaitingBars() {
    parts.directory = &directory;
    parts.stored = &bars;
    parts.brings_klines = [](std::string_view, kline_interval) { return false; };
    parts.waiting_of = [this](const stream_key& name) {
      EXPECT_EQ(name, (stream_key{sym("AAPL"), candle_1m}));
      return waiting;
    };
    // Subscribers have it up to 9.
    directory.preload({stored("AAPL", candle_1m, 1, 9, "stock-trades")});
  }
  // What is between "data" and the end; the tables have two minutes, the second up to `revision`.
  std::string get(const std::string& path = "/AAPL", const std::string& query = "") {
    auto newer = minute(1, 7);
    newer.revision = 0;
    bars.asked.clear();
    bars.answers.clear();
    bars.answer({minute(0, 6), newer}, {epoch{1}, sequence{7}});
    return finished(bars_route(parts, path, query)).body;
  }
  static bool has(const std::string& in, const std::string& part) {
    return in.find(part) != std::string::npos;
  }
  static std::string head(int count, std::int64_t seq) {
    return R"("epoch":1,"seq":)" + std::to_string(seq) + R"(,"count":)" + std::to_string(count);
  }

  symbol_directory directory{10};
  scripted_bars bars;
  bar_parts parts;
  std::vector<waiting_candles> waiting;
};

TEST_F(WaitingBars, AreInTheAnswerAndTheirNumbersAreNoGap) {
  EXPECT_TRUE(has(get(), R"("gaps":[{"epoch":1,"from":8,"to":9,"reason":"not_committed"}])"));
  waiting = {{epoch{1}, sequence{8}, sequence{8}, {closed(2, 8, "41")}},
             {epoch{1}, sequence{9}, sequence{9}, {closed(3, 9, "42")}}};
  const auto out = get();
  EXPECT_TRUE(has(out, head(4, 9))) << out;
  EXPECT_TRUE(has(out, R"("high":42,"low":3,"close":3,"volume":null,"trades":2,"closed":true,)"
                       R"("epoch":1,"seq":9,"revision":0,"source_epoch":4,"first_seq":13,)"
                       R"("last_seq":14}],"gaps":[]})"))
      << out;
}

TEST_F(WaitingBars, ReplaceWhatTheyCorrect) {
  waiting = {{epoch{1}, sequence{8}, sequence{9}, {closed(1, 9, "41", 2)}}};
  const auto out = get();
  EXPECT_TRUE(has(out, head(2, 9))) << out;
  EXPECT_TRUE(has(out, R"("high":41,)")) << out;
  EXPECT_TRUE(has(out, R"("seq":9,"revision":2)")) << out;
}

// Its range was committed while the tables were asked, and a correction with the next one.
TEST_F(WaitingBars, GiveWayToWhatTheTablesHaveNewer) {
  waiting = {{epoch{1}, sequence{6}, sequence{6}, {closed(1, 6, "41")}}};
  const auto out = get();
  EXPECT_TRUE(has(out, head(2, 7))) << out;
  EXPECT_FALSE(has(out, R"("high":41)")) << out;
}

// Between the tables and these there is something that was thrown away with a claim and is read
// again: nobody says that all is there.
TEST_F(WaitingBars, BehindAHoleDoNotHideIt) {
  waiting = {{epoch{1}, sequence{9}, sequence{9}, {closed(3, 9, "42")}}};
  const auto out = get();
  EXPECT_TRUE(has(out, head(3, 7))) << out;
  EXPECT_TRUE(has(out, R"("gaps":[{"epoch":1,"from":8,"to":9,"reason":"not_committed"}])")) << out;
}

TEST_F(WaitingBars, OfANewEpochAreCountedFromItsBeginning) {
  directory.preload({stored("AAPL", candle_1m, 2, 1, "stock-trades")});
  waiting = {{epoch{2}, sequence{1}, sequence{1}, {closed(2, 1, "41")}}};
  const auto out = get();
  EXPECT_TRUE(has(out, R"("epoch":2,"seq":1,"count":3)")) << out;
  EXPECT_TRUE(has(out, R"("gaps":[]})")) << out;
}

TEST_F(WaitingBars, ComeIntoThePageTheyBelongTo) {
  waiting = {{epoch{1}, sequence{8}, sequence{9}, {closed(2, 8, "41"), closed(3, 9, "42")}}};
  const auto newest = get("/AAPL", "limit=2");
  EXPECT_TRUE(has(newest, head(2, 9))) << newest;
  EXPECT_TRUE(has(newest, R"("next":1723125720000)")) << newest;
  const auto range = get("/AAPL/range", "start=1723125600&limit=3");
  EXPECT_TRUE(has(range, R"("next":1723125720001)")) << range;
  EXPECT_FALSE(has(range, R"("high":42)")) << range;
  EXPECT_FALSE(has(get("/AAPL", "end=1723125720"), R"("high":41)"));
}

TEST_F(WaitingBars, AreTheLatestAndInBinancesRowsToo) {
  waiting = {{epoch{1}, sequence{8}, sequence{9}, {closed(2, 8, "41"), closed(3, 9, "42")}}};
  const auto latest = get("/latest", "symbols=AAPL");
  EXPECT_TRUE(has(latest, R"("high":42,)")) << latest;
  EXPECT_TRUE(has(latest, R"("position":{"epoch":1,"seq":9})")) << latest;
  bars.asked.clear();
  bars.answers.clear();
  bars.answer({}, {epoch{1}, sequence{7}});
  const auto rows = finished(binance_klines(parts, "symbol=AAPL&interval=1m"));
  EXPECT_TRUE(has(rows.body, R"("42.00000000")")) << rows.body;
  EXPECT_EQ(rows.headers.at(0).second, "stream=candle_1m; epoch=1; seq=9");
}

} // namespace
} // namespace tradepulse
