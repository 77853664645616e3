#include "protocol/metrics.hpp"

#include <algorithm>

#include "protocol/expects.hpp"

namespace tradepulse::metrics {

void latency_histogram::observe(double seconds, std::uint64_t times) noexcept {
  const double clipped = std::max(seconds, 0.0); // clocks of two machines may disagree
  const auto at = std::lower_bound(bounds_seconds.begin(), bounds_seconds.end(), clipped);
  buckets_[static_cast<std::size_t>(at - bounds_seconds.begin())].fetch_add(
      times, std::memory_order_relaxed);
  sum_microseconds_.fetch_add(static_cast<std::uint64_t>(clipped * 1e6) * times,
                              std::memory_order_relaxed);
}

latency_histogram::reading latency_histogram::read() const noexcept {
  reading out;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    total += buckets_[i].load(std::memory_order_relaxed);
    out.cumulative[i] = total;
  }
  out.sum_seconds = static_cast<double>(sum_microseconds_.load(std::memory_order_relaxed)) / 1e6;
  return out;
}

family& registry::family_of(kind type, std::string_view name, std::string_view help) {
  auto found = families_.find(name);
  if (found == families_.end())
    found =
        families_.emplace(std::string(name), family{std::string(name), std::string(help), type, {}})
            .first;
  TRADEPULSE_EXPECTS(found->second.kind == type);
  return found->second;
}

counter& registry::make_counter(std::string_view name, std::string_view help, labels tags) {
  std::lock_guard lock(mutex_);
  auto& fam = family_of(kind::counter, name, help);
  for (auto& s : fam.samples)
    if (s.tags == tags) {
      TRADEPULSE_EXPECTS(s.as_counter != nullptr);
      return const_cast<counter&>(*s.as_counter);
    }
  auto& made = counters_.emplace_back();
  fam.samples.push_back({std::move(tags), &made, nullptr, nullptr, {}});
  return made;
}

gauge& registry::make_gauge(std::string_view name, std::string_view help, labels tags) {
  std::lock_guard lock(mutex_);
  auto& fam = family_of(kind::gauge, name, help);
  for (auto& s : fam.samples)
    if (s.tags == tags) {
      TRADEPULSE_EXPECTS(s.as_gauge != nullptr);
      return const_cast<gauge&>(*s.as_gauge);
    }
  auto& made = gauges_.emplace_back();
  fam.samples.push_back({std::move(tags), nullptr, &made, nullptr, {}});
  return made;
}

latency_histogram& registry::make_histogram(std::string_view name, std::string_view help,
                                            labels tags) {
  std::lock_guard lock(mutex_);
  auto& fam = family_of(kind::histogram, name, help);
  for (auto& s : fam.samples)
    if (s.tags == tags) {
      TRADEPULSE_EXPECTS(s.as_histogram != nullptr);
      return const_cast<latency_histogram&>(*s.as_histogram);
    }
  auto& made = histograms_.emplace_back();
  fam.samples.push_back({std::move(tags), nullptr, nullptr, &made, {}});
  return made;
}

void registry::make_function(kind type, std::string_view name, std::string_view help, labels tags,
                             std::function<double()> read) {
  std::lock_guard lock(mutex_);
  auto& fam = family_of(type, name, help);
  for (auto& s : fam.samples)
    if (s.tags == tags) {
      TRADEPULSE_EXPECTS(s.as_function);
      s.as_function = std::move(read); // one sample only: two would spoil the whole text
      return;
    }
  fam.samples.push_back({std::move(tags), nullptr, nullptr, nullptr, std::move(read)});
}

void registry::remove(std::string_view name, const labels& tags) {
  std::lock_guard lock(mutex_);
  auto found = families_.find(name);
  if (found != families_.end())
    std::erase_if(found->second.samples, [&](const sample& s) { return s.tags == tags; });
}

std::vector<family> registry::families() const {
  std::lock_guard lock(mutex_);
  std::vector<family> out;
  out.reserve(families_.size());
  for (const auto& [name, fam] : families_)
    if (!fam.samples.empty())
      out.push_back(fam);
  return out;
}

} // namespace tradepulse::metrics
