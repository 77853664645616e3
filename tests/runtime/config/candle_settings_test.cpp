// What can be said of candles, and what is refused.
#include <gtest/gtest.h>

#include "runtime/application/actor_options.hpp"
#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

using namespace std::chrono_literals;
using enum candle_interval;

struct CandleSettings : testing::Test {
  settings good(const std::string& text) {
    auto loaded = load_text(folder, text);
    EXPECT_EQ(faults_of(folder, loaded), "(no fault)");
    return loaded ? loaded->values : settings{};
  }
  std::string faults(const std::string& text) { return faults_of(folder, load_text(folder, text)); }
  std::string warnings(const std::string& text) {
    const auto loaded = load_text(folder, text);
    EXPECT_EQ(faults_of(folder, loaded), "(no fault)");
    if (!loaded)
      return {};
    std::string out;
    for (const std::string& line : loaded->warnings)
      out += (out.empty() ? "" : "\n") + line;
    for (std::size_t at = out.find(folder.file("")); at != std::string::npos;
         at = out.find(folder.file("")))
      out.erase(at, folder.file("").size());
    return out;
  }
  static std::string topic(const std::string& name, const std::string& rest) {
    return "topics = [{ name = " + name + ", " + rest + " }]";
  }
  scratch_folder folder;
};

TEST_F(CandleSettings, MakeNoneUnlessATopicSaysOfWhat) {
  const settings s = good("");
  EXPECT_EQ(s.topics.at(0).candles, candle_source::none);
  EXPECT_EQ(candle_options_of(s), nullptr);
  EXPECT_FALSE(candle_source_of(s, nullptr, "price-ticks"));
  EXPECT_FALSE(candle_source_of(s, nullptr, "another"));
  EXPECT_TRUE(candles_made(s).empty());
  EXPECT_EQ(good(topic("stock-trades", "candles.source = none")).topics.at(0).candles,
            candle_source::none);
}

TEST_F(CandleSettings, HaveTheUsualRules) {
  const settings s = good(topic("stock-trades", "candles.source = trade"));
  const auto rules = candle_options_of(s);
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(rules->intervals, (candle_intervals{m1, m5, m15, h1, h4, d1}));
  EXPECT_EQ(rules->grace, 0ms);
  EXPECT_EQ(rules->lateness, 1h);
  EXPECT_FALSE(rules->fill);
  EXPECT_EQ(candles_made(s), rules->intervals);
  const auto source = candle_source_of(s, rules, "stock-trades");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->rules, rules);
  EXPECT_EQ(source->stream, stream_kind::trade);
  EXPECT_EQ(source->max_ahead, 1s);
  EXPECT_EQ(source->idle_close, 5s);
}

TEST_F(CandleSettings, AreReadAsTheyStand) {
  const settings s = good(topic("price-ticks", "candles { source = price }") +
                          "\ncandles { intervals = [1h, 1s], grace = 2s, lateness = 30m, "
                          "max_ahead = 0, idle_close = 1m, fill = true }");
  const auto rules = candle_options_of(s);
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(rules->intervals, (candle_intervals{s1, h1}));
  EXPECT_EQ(rules->grace, 2s);
  EXPECT_EQ(rules->lateness, 30min);
  EXPECT_TRUE(rules->fill);
  const auto source = candle_source_of(s, rules, "price-ticks");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->stream, stream_kind::price);
  EXPECT_EQ(source->max_ahead, 0ms);
  EXPECT_EQ(source->idle_close, 1min);
}

TEST_F(CandleSettings, OfATopicAreThoseOfTheEntryThatDecides) {
  const settings s =
      good("topics = [{ name = \"t.*\", decoder = stock-trades, candles.source = price }, "
           "{ name = t.plain, decoder = stock-trades }]");
  const auto source = candle_source_of(s, candle_options_of(s), "t.us");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->stream, stream_kind::price);
  EXPECT_FALSE(candle_source_of(s, candle_options_of(s), "t.plain"));
}

TEST_F(CandleSettings, WantASourceThatTheDecoderGives) {
  EXPECT_EQ(faults(topic("stock-trades", "candles.source = price")), "(no fault)");
  EXPECT_EQ(faults(topic("x", "decoder = binance-stream, candles.source = trade")), "(no fault)");
  EXPECT_EQ(faults(topic("x", "decoder = market-price, candles.source = price")), "(no fault)");
  EXPECT_EQ(faults(topic("price-ticks", "candles.source = trade")),
            "t.conf:1:50: topics[0].candles.source = trade: decoder = price-ticks gives no trades, "
            "set price");
  EXPECT_EQ(faults(topic("stock-bars", "candles.source = trade")),
            "t.conf:1:49: topics[0].candles.source = trade: decoder = stock-bars gives no trades; "
            "leave it out");
  EXPECT_EQ(faults(topic("market_data", "candles.source = price")),
            "t.conf:1:50: topics[0].candles.source = price: decoder = binance-klines gives no "
            "prices; leave it out");
  EXPECT_EQ(faults(topic("stock-trades", "candles.source = quote")),
            "t.conf:1:51: topics[0].candles.source = \"quote\": not one of the choices, allowed "
            "none, trade, price");
}

TEST_F(CandleSettings, NameAKeyThatThereIsNot) {
  EXPECT_EQ(faults(topic("stock-trades", "candles.sources = trade")),
            "t.conf:1:52: unknown key topics[0].candles.sources, the nearest known one is "
            "topics[0].candles.source");
  EXPECT_EQ(faults("candles.latenes = 1h"),
            "t.conf:1:19: unknown key candles.latenes, the nearest known one is candles.lateness");
}

TEST_F(CandleSettings, WantAtLeastOneIntervalThatThereIs) {
  EXPECT_EQ(faults("candles.intervals = []"),
            "t.conf:1:21: candles.intervals = an array: 0 elements, allowed 1s, 1m, 5m, 15m, 1h, "
            "4h, 1d");
  EXPECT_EQ(faults("candles.intervals = [3m]"),
            "t.conf:1:21: candles.intervals = an array: \"3m\" is not one of the choices, the "
            "nearest is 1m, allowed 1s, 1m, 5m, 15m, 1h, 4h, 1d");
}

TEST_F(CandleSettings, KeepTheirBounds) {
  EXPECT_EQ(faults("candles.lateness = 25h"),
            "t.conf:1:20: candles.lateness = \"25h\": out of range, allowed 0 .. 1d");
  EXPECT_EQ(faults("candles { grace = 5s, lateness = 4s }"),
            "t.conf:1:19: candles.grace = 5s: must be at most candles.lateness = 4s");
  EXPECT_EQ(faults("candles.max_ahead = 2s\ningest.max_ahead = 1s"),
            "t.conf:1:21: candles.max_ahead = 2s: must be at most ingest.max_ahead = 1s");
  EXPECT_EQ(faults("candles.idle_close = 999ms"),
            "t.conf:1:22: candles.idle_close = \"999ms\": out of range, allowed 1s .. 1h");
}

// Of seconds an hour is 3,600 rows for each symbol.
TEST_F(CandleSettings, BoundTheLatenessByTheShortestInterval) {
  EXPECT_EQ(faults("candles { intervals = [1s, 1m], lateness = 1h }"), "(no fault)");
  EXPECT_EQ(faults("candles { intervals = [1s, 1m], lateness = 3600001ms }"),
            "t.conf:1:44: candles.lateness = 3600001ms: at most 1h with candles of 1s in "
            "candles.intervals: so many closed ones of each symbol are kept for corrections");
  EXPECT_EQ(faults("candles { intervals = [1m], lateness = 1d }"), "(no fault)");
}

TEST_F(CandleSettings, TellOfTwoTopicsThatMayMakeCandlesOfOneSymbol) {
  const std::string two = warnings("topics = [{ name = stock-trades, candles.source = trade }, "
                                   "{ name = price-ticks, candles.source = price }]");
  EXPECT_NE(two.find("topics[0] \"stock-trades\" and topics[1] \"price-ticks\" both make candles: "
                     "a symbol that comes from both has candles of one of them at a time, in one "
                     "stream that begins a new epoch with each change; give each symbol one topic"),
            std::string::npos)
      << two;
  const std::string one = warnings("topics = [{ name = stock-trades, candles.source = trade }, "
                                   "{ name = price-ticks }]");
  EXPECT_EQ(one.find("candles"), std::string::npos) << one;
}

TEST_F(CandleSettings, TellWhereTheyHaveNoEffect) {
  EXPECT_EQ(warnings("candles.fill = true"),
            "t.conf:1:16: candles.fill = true: has no effect while no topic has candles.source");
  EXPECT_EQ(warnings(topic("stock-trades", "candles.source = trade") + "\ncandles.fill = true"),
            "");
}

} // namespace
} // namespace tradepulse::config
