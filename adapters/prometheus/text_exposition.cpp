#include "adapters/prometheus/text_exposition.hpp"

#include <limits>
#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "adapters/prometheus/naming_rules.hpp"
#include "protocol/expects.hpp"

namespace tradepulse::metrics {
namespace {

::prometheus::MetricType type_of(kind k) {
  switch (k) {
  case kind::counter:
    return ::prometheus::MetricType::Counter;
  case kind::gauge:
    return ::prometheus::MetricType::Gauge;
  case kind::histogram:
    break;
  }
  return ::prometheus::MetricType::Histogram;
}

::prometheus::ClientMetric::Histogram to_histogram(const latency_histogram& source) {
  const auto reading = source.read();
  ::prometheus::ClientMetric::Histogram out;
  out.sample_count = reading.cumulative.back();
  out.sample_sum = reading.sum_seconds;
  for (std::size_t i = 0; i < latency_histogram::bounds_seconds.size(); ++i)
    out.bucket.push_back({reading.cumulative[i], latency_histogram::bounds_seconds[i]});
  out.bucket.push_back({reading.cumulative.back(), std::numeric_limits<double>::infinity()});
  return out;
}

::prometheus::ClientMetric to_metric(kind type, const sample& s) {
  ::prometheus::ClientMetric out;
  for (const auto& [name, value] : s.tags)
    out.label.push_back({name, value});
  if (type == kind::histogram)
    out.histogram = to_histogram(*s.as_histogram);
  else if (type == kind::counter)
    out.counter.value = s.as_counter ? static_cast<double>(s.as_counter->value()) : s.as_function();
  else
    out.gauge.value = s.as_gauge ? static_cast<double>(s.as_gauge->value()) : s.as_function();
  return out;
}

} // namespace

std::string to_prometheus_text(const std::vector<family>& families) {
  TRADEPULSE_EXPECTS(naming_faults(families).empty());
  std::vector<::prometheus::MetricFamily> all;
  all.reserve(families.size());
  for (const auto& fam : families) {
    auto& out = all.emplace_back();
    out.name = fam.name;
    out.help = fam.help;
    out.type = type_of(fam.kind);
    out.metric.reserve(fam.samples.size());
    for (const auto& s : fam.samples)
      out.metric.push_back(to_metric(fam.kind, s));
  }
  return ::prometheus::TextSerializer().Serialize(all);
}

} // namespace tradepulse::metrics
