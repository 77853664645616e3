// What can be said of the answers to those who missed klines, and what is refused.
#include <gtest/gtest.h>

#include "runtime/application/adapter_options.hpp"
#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

using enum missed_klines_from;

struct MissedKlinesSettings : testing::Test {
  void load(const std::string& topics, const std::string& rest = "") {
    const auto out = load_text(folder, "topics = [" + topics + "]\n" + rest);
    faults = faults_of(folder, out);
    warnings.clear();
    values = {};
    if (!out)
      return;
    values = out->values;
    for (std::string line : out->warnings)
      warnings += (warnings.empty() ? "" : "\n") + line.erase(0, folder.file("").size());
  }
  missed_klines_from asked(const std::string& topics, std::string_view interval) {
    load(topics, "candles.intervals = [1m, 1h]");
    EXPECT_EQ(faults, "(no fault)");
    return missed_from(values, values.topics.at(0), *parse_kline_interval(interval));
  }
  scratch_folder folder;
  settings values;
  std::string faults;
  std::string warnings;
};

TEST_F(MissedKlinesSettings, AreThoseOfBarsUnlessTheTopicSaysOtherwise) {
  EXPECT_EQ(asked("{ name = stock-trades, candles.source = trade }", "1m"), as_bars);
  EXPECT_EQ(asked("{ name = price-ticks }", "1m"), as_bars);
  EXPECT_EQ(asked("{ name = stock-trades, candles.source = trade, missed_klines = candles }", "1h"),
            candles);
}

TEST_F(MissedKlinesSettings, HoldForLengthsThatThereAre) {
  const std::string made = "{ name = stock-trades, candles.source = trade, missed_klines = ";
  EXPECT_EQ(asked(made + "candles }", "5m"), as_bars); // not in candles.intervals
  EXPECT_EQ(asked(made + "candles }", "3m"), as_bars); // of no candle at all
  EXPECT_EQ(asked(made + "klines }, { name = stock-bars }", "1m"), klines);
  EXPECT_EQ(asked(made + "klines }, { name = stock-bars }", "1h"), as_bars);
  EXPECT_EQ(asked(made + "klines }, { name = market_data }", "1h"), klines);
}

TEST_F(MissedKlinesSettings, WantWhatThereIs) {
  load("{ name = stock-bars, missed_klines = klines }");
  EXPECT_EQ(faults, "t.conf:1:48: topics[0].missed_klines = klines: has no effect where "
                    "candles.source = none");
  load("{ name = stock-trades, missed_klines = candles }");
  EXPECT_EQ(faults, "t.conf:1:50: topics[0].missed_klines = candles: has no effect where "
                    "candles.source = none");
  load("{ name = stock-trades, candles.source = trade, missed_klines = klines }");
  EXPECT_EQ(faults, "t.conf:1:74: topics[0].missed_klines = klines: no topic brings klines; leave "
                    "it out");
  load("{ name = stock-trades, missed_klines = bars }");
  EXPECT_EQ(faults, "t.conf:1:50: topics[0].missed_klines = \"bars\": not one of the choices, "
                    "allowed as-bars, klines, candles");
  load("{ name = stock-trades, missed_klines = as-bars }");
  EXPECT_EQ(faults, "(no fault)");
}

TEST_F(MissedKlinesSettings, TellOfAnswersThatTheFirstKlineWouldChange) {
  load("{ name = x, decoder = binance-stream, candles.source = trade }");
  EXPECT_EQ(warnings,
            "t.conf:1:66: topics[0] \"x\" makes candles and brings klines: of a symbol that has "
            "both /api/v1/klines/missed answers with candles until the first kline has come, and "
            "with klines from then on; say missed_klines = klines or candles");
  load("{ name = stock-bars }, { name = stock-trades, candles.source = trade }");
  EXPECT_EQ(warnings,
            "t.conf:1:74: topics[1] \"stock-trades\" makes candles and topics[0] \"stock-bars\" "
            "brings klines: of a symbol that has both /api/v1/klines/missed answers with candles "
            "until the first kline has come, and with klines from then on; say missed_klines = "
            "klines or candles");
  for (const std::string said : {"klines", "candles"}) {
    load("{ name = stock-bars }, { name = stock-trades, candles.source = trade, missed_klines = " +
         said + " }");
    EXPECT_EQ(warnings, "");
  }
  // Bars of three minutes, and no such candles.
  load("{ name = stock-bars, interval = 3m }, { name = stock-trades, candles.source = trade }");
  EXPECT_EQ(warnings, "");
}

TEST_F(MissedKlinesSettings, TellThatCandlesHaveNoNumberOfUpstream) {
  const std::string rest = "klines.missed_numbers = source";
  load("{ name = stock-trades, candles.source = trade }", rest);
  EXPECT_EQ(warnings,
            "t.conf:1:51: topics[0] \"stock-trades\" makes candles, to which upstream gives no "
            "numbers: where they answer /api/v1/klines/missed it is by the engine's, although "
            "klines.missed_numbers = source");
  load("{ name = stock-trades, candles.source = trade, missed_klines = klines }, "
       "{ name = market_data }",
       rest);
  EXPECT_EQ(warnings, "");
  load("{ name = market_data }", rest);
  EXPECT_EQ(warnings, "");
}

} // namespace
} // namespace tradepulse::config
