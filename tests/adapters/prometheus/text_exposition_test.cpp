#include "adapters/prometheus/text_exposition.hpp"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>

namespace tradepulse::metrics {
namespace {

void fill_with_every_kind(registry& all) {
  all.make_counter("tradepulse_records_total", "Records read.",
                   {{"topic", "price-ticks"}, {"result", "ok"}})
      .add(41);
  all.make_counter("tradepulse_records_total", "Records read.",
                   {{"topic", "price-ticks"}, {"result", "bad"}});
  all.make_gauge("tradepulse_queue_bytes", "Bytes that wait.").set(-7);
  all.make_function(kind::gauge, "tradepulse_uptime_seconds", "Since the start.", {},
                    [] { return 1.5; });
  all.make_function(kind::counter, "tradepulse_cpu_seconds_total", "CPU time used.", {},
                    [] { return 0.25; });
  all.make_function(kind::gauge, "tradepulse_unknown_ratio", "Not known yet.", {},
                    [] { return std::numeric_limits<double>::quiet_NaN(); });
  all.make_gauge("tradepulse_build_info", "What was built.", {{"version", "a \"b\"\\\nc"}}).set(1);
  auto& latency = all.make_histogram("tradepulse_commit_latency_seconds", "From append to commit.");
  latency.observe(0.0002);
  latency.observe(0.2, 3);
  latency.observe(100);
}

TEST(PrometheusText, WritesCountersAndGaugesWithTheirLabels) {
  registry all;
  all.make_counter("ticks_total", "Ticks.", {{"topic", "a"}}).add(3);
  all.make_gauge("queue_bytes", "Waiting.").set(-2);
  EXPECT_EQ(to_prometheus_text(all.families()), "# HELP queue_bytes Waiting.\n"
                                                "# TYPE queue_bytes gauge\n"
                                                "queue_bytes -2\n"
                                                "# HELP ticks_total Ticks.\n"
                                                "# TYPE ticks_total counter\n"
                                                "ticks_total{topic=\"a\"} 3\n");
}

TEST(PrometheusText, WritesHistogramsCumulatively) {
  registry all;
  fill_with_every_kind(all);
  const auto text = to_prometheus_text(all.families());
  for (const char* line : {"tradepulse_commit_latency_seconds_count 5\n",
                           "tradepulse_commit_latency_seconds_bucket{le=\"0.0001\"} 0\n",
                           "tradepulse_commit_latency_seconds_bucket{le=\"0.00025\"} 1\n",
                           "tradepulse_commit_latency_seconds_bucket{le=\"0.1\"} 1\n",
                           "tradepulse_commit_latency_seconds_bucket{le=\"0.25\"} 4\n",
                           "tradepulse_commit_latency_seconds_bucket{le=\"60\"} 4\n",
                           "tradepulse_commit_latency_seconds_bucket{le=\"+Inf\"} 5\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "is missing in\n" << text;
}

TEST(PrometheusText, EscapesLabelValues) {
  registry all;
  fill_with_every_kind(all);
  EXPECT_NE(to_prometheus_text(all.families()).find("{version=\"a \\\"b\\\"\\\\\\nc\"} 1\n"),
            std::string::npos);
}

TEST(PrometheusText, IsEmptyWithoutMetrics) {
  EXPECT_EQ(to_prometheus_text({}), "");
}

#ifndef TRADEPULSE_HARD_ASSERTIONS
TEST(PrometheusText, RefusesABadName) {
  registry all;
  all.make_gauge("queue-depth", "Waiting.");
  EXPECT_THROW(to_prometheus_text(all.families()), std::logic_error);
}
#endif

// Runs `promtool check metrics` (Debian package prometheus) on a text; its findings.
struct promtool_answer {
  int status = -1;
  std::string output;
};
promtool_answer promtool_check(const std::string& text) {
  const auto path = testing::TempDir() + "/tradepulse-metrics.txt";
  std::ofstream(path) << text;
  promtool_answer out;
  FILE* pipe = popen(("promtool check metrics < '" + path + "' 2>&1").c_str(), "r");
  if (!pipe)
    return out;
  std::array<char, 4096> buffer{};
  for (std::size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    out.output.append(buffer.data(), n);
  const int status = pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::remove(path.c_str());
  return out;
}

TEST(PrometheusText, IsCleanForPromtool) {
  registry all;
  fill_with_every_kind(all);
  const auto answer = promtool_check(to_prometheus_text(all.families()));
  ASSERT_NE(answer.status, 127) << "promtool is not installed: apt-get install prometheus";
  EXPECT_EQ(answer.status, 0) << answer.output;
  EXPECT_EQ(answer.output, "");
}

TEST(PrometheusText, PromtoolObjectsToWhatTheRulesRefuse) {
  const auto answer = promtool_check("# HELP ticks Ticks.\n# TYPE ticks counter\nticks 1\n");
  ASSERT_NE(answer.status, 127) << "promtool is not installed: apt-get install prometheus";
  EXPECT_NE(answer.status, 0) << answer.output;
}

} // namespace
} // namespace tradepulse::metrics
