#include "adapters/prometheus/naming_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tradepulse::metrics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const counter some_counter;
const gauge some_gauge;
const latency_histogram some_histogram;

family counters(std::string name, std::vector<labels> all_tags = {{}}) {
  family out{std::move(name), "Things that happened.", kind::counter, {}};
  for (auto& tags : all_tags)
    out.samples.push_back({std::move(tags), &some_counter, nullptr, nullptr, {}});
  return out;
}

family gauges(std::string name) {
  return {std::move(name), "How it is.", kind::gauge, {{{}, nullptr, &some_gauge, nullptr, {}}}};
}

family histograms(std::string name) {
  return {std::move(name),
          "How long it took.",
          kind::histogram,
          {{{}, nullptr, nullptr, &some_histogram, {}}}};
}

TEST(NamingRules, FindNothingInGoodNames) {
  EXPECT_THAT(naming_faults({counters("tradepulse_ticks_total"), gauges("tradepulse_queue_bytes"),
                             gauges("tradepulse_build_info"),
                             histograms("tradepulse_commit_latency_seconds"),
                             counters("records_total", {{{"topic", "a"}, {"result", "ok"}},
                                                        {{"result", "bad"}, {"topic", "a"}}})}),
              IsEmpty());
}

TEST(NamingRules, RefuseANameOutsideTheAlphabet) {
  EXPECT_THAT(naming_faults({gauges("queue-depth")}),
              ElementsAre("metric queue-depth: the name is not [a-zA-Z_][a-zA-Z0-9_]*"));
  EXPECT_THAT(naming_faults({gauges("9lives")}),
              ElementsAre("metric 9lives: the name is not [a-zA-Z_][a-zA-Z0-9_]*"));
  EXPECT_THAT(naming_faults({gauges("job:rate")}),
              ElementsAre("metric job:rate: the name is not [a-zA-Z_][a-zA-Z0-9_]*"));
}

TEST(NamingRules, KeepTotalForCounters) {
  EXPECT_THAT(naming_faults({counters("ticks")}),
              ElementsAre("metric ticks: a counter ends in _total"));
  EXPECT_THAT(naming_faults({gauges("ticks_total")}),
              ElementsAre("metric ticks_total: only a counter ends in _total"));
}

TEST(NamingRules, WantSecondsOfAHistogram) {
  EXPECT_THAT(naming_faults({histograms("commit_latency")}),
              ElementsAre("metric commit_latency: a latency histogram ends in _seconds"));
}

TEST(NamingRules, KeepTheSuffixesOfHistogramsForThem) {
  EXPECT_THAT(naming_faults({gauges("symbols_count")}),
              ElementsAre("metric symbols_count: the ending _count is reserved for histograms"));
}

TEST(NamingRules, RefuseUnitsThatAreNotBaseUnits) {
  EXPECT_THAT(naming_faults({gauges("flush_interval_ms")}),
              ElementsAre("metric flush_interval_ms: the unit ms is not a base unit (_seconds, "
                          "_bytes, _ratio)"));
  EXPECT_THAT(naming_faults({gauges("alms_given")}), IsEmpty());
}

TEST(NamingRules, RefuseHelpThatBreaksTheFormat) {
  auto fam = gauges("queue_bytes");
  fam.help = "One line\nand another";
  EXPECT_THAT(naming_faults({fam}),
              ElementsAre("metric queue_bytes: the help has a line break or a backslash"));
  fam.help.clear();
  EXPECT_THAT(naming_faults({fam}), ElementsAre("metric queue_bytes: the help is empty"));
}

TEST(NamingRules, RefuseReservedAndRepeatedLabels) {
  EXPECT_THAT(naming_faults({counters("a_total", {{{"le", "1"}}})}),
              ElementsAre("metric a_total: the label le is reserved"));
  EXPECT_THAT(naming_faults({counters("a_total", {{{"__x", "1"}}})}),
              ElementsAre("metric a_total: the label \"__x\" is not [a-zA-Z_][a-zA-Z0-9_]*, or "
                          "begins with __"));
  EXPECT_THAT(naming_faults({counters("a_total", {{{"x", "1"}, {"x", "2"}}})}),
              ElementsAre("metric a_total: the label x stands twice"));
}

TEST(NamingRules, WantTheSameLabelNamesOfEverySample) {
  EXPECT_THAT(naming_faults({counters("a_total", {{{"x", "1"}}, {{"y", "1"}}})}),
              ElementsAre("metric a_total: its samples have different label names"));
}

TEST(NamingRules, RefuseTwoSamplesWithTheSameLabels) {
  EXPECT_THAT(
      naming_faults({counters("a_total", {{{"x", "1"}, {"y", "2"}}, {{"y", "2"}, {"x", "1"}}})}),
      ElementsAre("metric a_total: two samples have the same labels"));
}

TEST(NamingRules, RefuseASampleOfAnotherKind) {
  family fam{"a_total", "Help.", kind::counter, {{{}, nullptr, &some_gauge, nullptr, {}}}};
  EXPECT_THAT(naming_faults({fam}),
              ElementsAre("metric a_total: a sample is of another kind than its family"));
  fam.samples[0].as_gauge = nullptr;
  EXPECT_THAT(naming_faults({fam}),
              ElementsAre("metric a_total: a sample has 0 sources instead of one"));
}

TEST(NamingRules, RefuseOneNameTwice) {
  EXPECT_THAT(naming_faults({gauges("depth"), gauges("depth")}),
              ElementsAre("metric depth: the name stands twice"));
}

} // namespace
} // namespace tradepulse::metrics
