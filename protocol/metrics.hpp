#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Numbers for /metrics. Counting is one relaxed atomic; the text is made by adapters/prometheus.
// Names follow Prometheus: base units (_seconds, _bytes), counters end in _total; labels come from
// closed sets.
namespace tradepulse::metrics {

class counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class gauge {
 public:
  void set(std::int64_t v) noexcept { value_.store(v, std::memory_order_relaxed); }
  void add(std::int64_t n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Seconds, in fixed buckets from 100 us to 60 s.
class latency_histogram {
 public:
  static constexpr std::array<double, 18> bounds_seconds{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
      0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30,    60};

  void observe(double seconds, std::uint64_t times = 1) noexcept;
  struct reading {
    std::array<std::uint64_t, bounds_seconds.size() + 1> cumulative{}; // last: +Inf = count
    double sum_seconds = 0;
  };
  reading read() const noexcept;

 private:
  std::array<std::atomic<std::uint64_t>, bounds_seconds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> sum_microseconds_{0};
};

using labels = std::vector<std::pair<std::string, std::string>>;

enum class kind : std::uint8_t { counter, gauge, histogram };

struct sample {
  labels tags;
  const metrics::counter* as_counter = nullptr;
  const metrics::gauge* as_gauge = nullptr;
  const metrics::latency_histogram* as_histogram = nullptr;
  std::function<double()> as_function; // a gauge or counter that is read when asked for
};

struct family {
  std::string name;
  std::string help; // one line, no newline
  metrics::kind kind = metrics::kind::counter;
  std::vector<sample> samples;
};

// Owns every metric of the process. Asking again for the same name and labels gives the same
// object, so callers keep the reference they got. Thread: any.
class registry {
 public:
  counter& make_counter(std::string_view name, std::string_view help, labels tags = {});
  gauge& make_gauge(std::string_view name, std::string_view help, labels tags = {});
  latency_histogram& make_histogram(std::string_view name, std::string_view help, labels tags = {});
  void make_function(kind type, std::string_view name, std::string_view help, labels tags,
                     std::function<double()> read);
  // Removes one sample (a partition that went away).
  void remove(std::string_view name, const labels& tags);
  // A consistent list of what exists, sorted by name.
  std::vector<family> families() const;

 private:
  family& family_of(kind type, std::string_view name, std::string_view help);

  mutable std::mutex mutex_;
  std::map<std::string, family, std::less<>> families_;
  std::deque<counter> counters_;
  std::deque<gauge> gauges_;
  std::deque<latency_histogram> histograms_;
};

} // namespace tradepulse::metrics
