// Candles in the place of klines: which symbols they answer for, and how.
#include "runtime/rest/missed_klines_routes.hpp"

#include <gtest/gtest.h>

#include "tests/runtime/rest/support/missed_klines.hpp"

namespace tradepulse {
namespace {

class MissedCandles : public test::missed_klines_test {
 protected:
  MissedCandles() {
    bars.brings_klines = [](std::string_view topic, kline_interval) { return topic != "trades"; };
    bars.missed_from = [this](std::string_view topic, kline_interval interval) {
      return topic == "trades" && interval == kline_interval::m1 ? said
                                                                 : missed_klines_from::as_bars;
    };
  }
  void knows(const char* name, stream_kind kind, const char* topic) {
    stored_stream out;
    out.symbol = *symbol::parse(name);
    out.kind = kind;
    out.position = {epoch{3}, sequence{5}};
    out.home = topic_partition{topic, 0};
    directory.preload({out});
  }
  // Number 4 is a close, 5 corrects it.
  void have_two() {
    candle of;
    of.start = time_ms{std::chrono::milliseconds{420'000}};
    of.open = of.low = price{1};
    of.high = of.close = price{150'000'000};
    of.volume_units = 1'250'000'000;
    of.trades = 2;
    of.flags = candle_flags::closed | candle_flags::sized;
    auto corrected = of;
    corrected.revision = 1;
    corrected.flags = candle_flags::closed | candle_flags::partial | candle_flags::lacks_size;
    const std::vector<numbered_candle> events{
        {sequence{4}, time_ms{std::chrono::milliseconds{480'000}}, {}, false, of},
        {sequence{5}, time_ms{std::chrono::milliseconds{500'000}}, {}, false, corrected}};
    history_page have;
    have.bursts.push_back(std::make_shared<candle_burst>(stream_index{0}, *symbol::parse("AAPL"),
                                                         epoch{3}, events, time_ms{}, candle_1m));
    have.committed = {epoch{3}, sequence{5}};
    have.epoch_lowest = sequence{4};
    have.epoch_highest = sequence{5};
    history.answer = std::make_shared<const history_page>(have);
  }
  // Which stream was read; empty: the answer was another one.
  std::string answered(const std::string& query, bool source_numbers = false) {
    history.asked.clear();
    source.asked.clear();
    if (source_numbers)
      by_source(query);
    else
      by_engine(query);
    if (!source.asked.empty())
      return "upstream's numbers";
    return history.asked.empty() ? "" : name_of(history.asked[0].kind);
  }

  static constexpr auto asked = "symbol=AAPL&fromSeq=2&toSeq=7";
  const stream_kind candle_1m = stream_kind::candle(candle_interval::m1);
  const stream_kind kline_1m = stream_kind::kline(kline_interval::m1);
  missed_klines_from said = missed_klines_from::as_bars;
};

TEST_F(MissedCandles, AreEventsOfTheirStreamACorrectionToo) {
  knows("AAPL", candle_1m, "trades");
  have_two();
  const auto out = by_engine(asked);
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.body,
            R"({"symbol":"AAPL","fromSeq":2,"toSeq":7,"count":2,"data":[{"seq":4,)"
            R"("symbol":"AAPL","timestamp":480000,"kline":{"t":420000,"T":480000,"s":"AAPL",)"
            R"("o":0.00000001,"h":1.5,"l":0.00000001,"c":1.5,"v":12.5},"revision":0},)"
            R"({"seq":5,"symbol":"AAPL","timestamp":500000,"kline":{"t":420000,"T":480000,)"
            R"("s":"AAPL","o":0.00000001,"h":1.5,"l":0.00000001,"c":1.5,"v":null},)"
            R"("revision":1,"partial":true}],"stream":"candle_1m","numbering":"engine",)"
            R"("epoch":3,"gaps":[{"from":3,"to":3,"reason":"not_kept"},)"
            R"({"from":6,"to":7,"reason":"not_yet"}]})");
}

TEST_F(MissedCandles, HaveTheEnginesNumbersWhateverKlinesHave) {
  knows("AAPL", candle_1m, "trades");
  have_two();
  const auto out = by_source(asked);
  EXPECT_NE(out.body.find(R"("stream":"candle_1m","numbering":"engine","epoch":3)"),
            std::string::npos)
      << out.body;
  EXPECT_TRUE(source.asked.empty());
}

TEST_F(MissedCandles, GiveWayToKlinesUnlessTheirTopicSaysOtherwise) {
  knows("AAPL", candle_1m, "trades");
  knows("AAPL", kline_1m, "bars");
  EXPECT_EQ(answered(asked), "kline_1m");
  EXPECT_EQ(answered(asked, true), "upstream's numbers");
  said = missed_klines_from::candles;
  EXPECT_EQ(answered(asked), "candle_1m");
  EXPECT_EQ(answered(asked, true), "candle_1m");
  said = missed_klines_from::klines;
  EXPECT_EQ(answered(asked), "kline_1m");
}

// A client's numbers must not become others with the first kline, or with the first candle.
TEST_F(MissedCandles, AreTheAnswerFromTheBeginningWhereTheTopicSaysSo) {
  knows("AAPL", kline_1m, "bars");
  knows("AAPL", stream_kind::trade, "trades");
  EXPECT_EQ(answered(asked), "kline_1m");
  said = missed_klines_from::candles;
  EXPECT_EQ(answered(asked), "");
  EXPECT_EQ(answered(asked, true), "");
  const auto out = by_engine(asked);
  EXPECT_EQ(out.status, 404);
  EXPECT_NE(out.body.find("symbol AAPL has no candle of interval 1m that has closed"),
            std::string::npos);
  // Of a length that is not made, and of symbols of other topics, nothing was said.
  EXPECT_EQ(answered("symbol=BTCUSDT&fromSeq=2&toSeq=7"), "kline_1m");
  knows("AAPL", stream_kind::kline(kline_interval::m3), "bars");
  EXPECT_EQ(answered("symbol=AAPL&fromSeq=2&toSeq=7&interval=3m"), "kline_3m");
}

TEST_F(MissedCandles, AreNotTheAnswerWhereTheTopicWantsKlines) {
  knows("AAPL", candle_1m, "trades");
  EXPECT_EQ(answered(asked), "candle_1m");
  said = missed_klines_from::klines;
  EXPECT_EQ(answered(asked), "");
  EXPECT_EQ(by_engine(asked).status, 404);
  EXPECT_EQ(answered(asked, true), "upstream's numbers");
}

// An open candle is shown among bars; it has no number.
TEST_F(MissedCandles, ThatAreOpenHaveNoNumberToAskFor) {
  bars.views_of = [](const symbol&) {
    candle_view open;
    open.candle.interval = candle_interval::m1;
    return std::vector<candle_view>{open};
  };
  const auto out = by_engine(asked);
  EXPECT_EQ(out.status, 404);
  EXPECT_NE(out.body.find("has no candle of interval 1m that has closed"), std::string::npos);
  EXPECT_TRUE(history.asked.empty());
}

TEST_F(MissedCandles, OfAPartitionElsewhereAreRefused) {
  knows("AAPL", candle_1m, "trades");
  directory.set_assignment({});
  EXPECT_EQ(by_engine(asked).status, 503);
  EXPECT_EQ(by_source(asked).status, 503);
  EXPECT_TRUE(history.asked.empty() && source.asked.empty());
}

} // namespace
} // namespace tradepulse
