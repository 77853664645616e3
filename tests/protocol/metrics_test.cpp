#include "protocol/metrics.hpp"

#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace tradepulse::metrics {
namespace {

TEST(Metrics, GiveTheSameObjectForTheSameNameAndLabels) {
  registry all;
  counter& a = all.make_counter("ticks_total", "Ticks.", {{"topic", "a"}});
  counter& b = all.make_counter("ticks_total", "Ticks.", {{"topic", "b"}});
  EXPECT_NE(&a, &b);
  EXPECT_EQ(&all.make_counter("ticks_total", "Ticks.", {{"topic", "a"}}), &a);
  EXPECT_EQ(&all.make_gauge("depth", "Depth."), &all.make_gauge("depth", "Depth."));
  EXPECT_EQ(&all.make_histogram("wait_seconds", "Wait."),
            &all.make_histogram("wait_seconds", "Wait."));
}

TEST(Metrics, CountFromSeveralThreads) {
  registry all;
  counter& ticks = all.make_counter("ticks_total", "Ticks.");
  gauge& depth = all.make_gauge("depth", "Depth.");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&ticks, &depth, t] {
      for (int i = 0; i < 10'000; ++i) {
        ticks.add();
        depth.add(t % 2 == 0 ? 1 : -1);
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(ticks.value(), 40'000U);
  EXPECT_EQ(depth.value(), 0);
}

TEST(Metrics, ListFamiliesByName) {
  registry all;
  all.make_gauge("z", "Last.").set(-5);
  all.make_counter("a_total", "First.", {{"x", "1"}}).add(3);
  all.make_counter("a_total", "First.", {{"x", "2"}});
  const auto families = all.families();
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].name, "a_total");
  EXPECT_EQ(families[0].help, "First.");
  EXPECT_EQ(families[0].kind, kind::counter);
  ASSERT_EQ(families[0].samples.size(), 2U);
  EXPECT_EQ(families[0].samples[0].tags, (labels{{"x", "1"}}));
  EXPECT_EQ(families[0].samples[0].as_counter->value(), 3U);
  EXPECT_EQ(families[1].samples[0].as_gauge->value(), -5);
}

TEST(Metrics, ForgetASampleThatIsRemoved) {
  registry all;
  all.make_gauge("lag", "Lag.", {{"partition", "0"}}).set(7);
  all.make_gauge("lag", "Lag.", {{"partition", "1"}});
  all.remove("lag", {{"partition", "0"}});
  all.remove("lag", {{"partition", "9"}});
  all.remove("nothing", {});
  ASSERT_EQ(all.families().size(), 1U);
  EXPECT_EQ(all.families()[0].samples.size(), 1U);
  EXPECT_EQ(all.make_gauge("lag", "Lag.", {{"partition", "0"}}).value(), 0);
  all.remove("lag", {{"partition", "0"}});
  all.remove("lag", {{"partition", "1"}});
  EXPECT_TRUE(all.families().empty());
}

TEST(Metrics, AskAFunctionWhenRead) {
  registry all;
  double now = 1;
  all.make_function(kind::gauge, "uptime_seconds", "Uptime.", {}, [&] { return now; });
  now = 2.5;
  EXPECT_EQ(all.families()[0].samples[0].as_function(), 2.5);
}

// Two samples with one name and the same labels make the whole text of /metrics invalid.
TEST(Metrics, ReplaceAFunctionThatIsMadeAgain) {
  registry all;
  all.make_function(kind::gauge, "depth", "Depth.", {{"queue", "a"}}, [] { return 1.0; });
  all.make_function(kind::gauge, "depth", "Depth.", {{"queue", "a"}}, [] { return 2.0; });
  all.make_function(kind::gauge, "depth", "Depth.", {{"queue", "b"}}, [] { return 3.0; });
  const auto families = all.families();
  ASSERT_EQ(families[0].samples.size(), 2U);
  EXPECT_EQ(families[0].samples[0].as_function(), 2.0);
}

#ifndef TRADEPULSE_HARD_ASSERTIONS // where a broken contract ends the process
TEST(Metrics, RefuseOneNameOfTwoKinds) {
  registry all;
  all.make_counter("ticks_total", "Ticks.");
  EXPECT_THROW(all.make_gauge("ticks_total", "Ticks."), std::logic_error);
}

TEST(Metrics, RefuseOneSampleThatIsAFunctionAndAnObject) {
  registry all;
  all.make_function(kind::counter, "ticks_total", "Ticks.", {}, [] { return 1.0; });
  EXPECT_THROW(all.make_counter("ticks_total", "Ticks."), std::logic_error);
  all.make_gauge("depth", "Depth.");
  EXPECT_THROW(all.make_function(kind::gauge, "depth", "Depth.", {}, [] { return 1.0; }),
               std::logic_error);
}
#endif

TEST(LatencyHistogram, PutsAValueIntoTheFirstBucketThatHoldsIt) {
  latency_histogram h;
  h.observe(0.0001); // on the bound: inside
  h.observe(0.00011);
  h.observe(61);
  const auto r = h.read();
  EXPECT_EQ(r.cumulative[0], 1U);
  EXPECT_EQ(r.cumulative[1], 2U);
  EXPECT_EQ(r.cumulative[17], 2U);
  EXPECT_EQ(r.cumulative[18], 3U);
  EXPECT_DOUBLE_EQ(r.sum_seconds, 61.00021);
}

TEST(LatencyHistogram, CountsOneValueForSeveralEvents) {
  latency_histogram h;
  h.observe(0.5, 1000);
  h.observe(0.5, 0);
  EXPECT_EQ(h.read().cumulative[18], 1000U);
  EXPECT_DOUBLE_EQ(h.read().sum_seconds, 500);
}

TEST(LatencyHistogram, TakesATimeThatRunsBackwardsAsZero) {
  latency_histogram h;
  h.observe(-3);
  EXPECT_EQ(h.read().cumulative[0], 1U);
  EXPECT_EQ(h.read().sum_seconds, 0);
}

} // namespace
} // namespace tradepulse::metrics
