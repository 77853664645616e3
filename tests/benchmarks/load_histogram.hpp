#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace benchmark {

// Times in nanoseconds, kept to better than one percent: 128 steps for each power of two. The
// greatest is kept as it is. Thread: one at a time.
class load_histogram {
 public:
  void add(std::int64_t ns) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
    ++counts_[index_of(value)];
    ++count_;
    greatest_ = std::max(greatest_, value);
  }

  void add(const load_histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += other.counts_[i];
    count_ += other.count_;
    greatest_ = std::max(greatest_, other.greatest_);
  }

  // In milliseconds: the smallest kept time below which that share of all times lies; 0: none.
  double share_ms(double share) const {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(count_) * share);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted)
        return static_cast<double>(std::min(top_of(i), greatest_)) * 1e-6;
    }
    return static_cast<double>(greatest_) * 1e-6;
  }

  // {"count":..,"p50":..,...,"max":..}, in milliseconds
  std::string json() const {
    char text[200];
    const int size =
        std::snprintf(text, sizeof text,
                      R"({"count":%llu,"p50":%.4f,"p90":%.4f,"p99":%.4f,"p999":%.4f,"max":%.4f})",
                      static_cast<unsigned long long>(count_), share_ms(0.5), share_ms(0.9),
                      share_ms(0.99), share_ms(0.999), static_cast<double>(greatest_) * 1e-6);
    return {text, static_cast<std::size_t>(size)};
  }

  void clear() {
    std::fill(counts_.begin(), counts_.end(), 0);
    count_ = greatest_ = 0;
  }

 private:
  static constexpr unsigned kept_bits = 7;

  static std::size_t index_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kept_bits + 1)
      return value;
    const unsigned shift = width - kept_bits - 1;
    return (static_cast<std::size_t>(shift) << kept_bits) + (value >> shift);
  }

  // The greatest value that has that index.
  static std::uint64_t top_of(std::size_t index) {
    if (index < (std::size_t{2} << kept_bits))
      return index;
    const std::size_t shift = (index >> kept_bits) - 1;
    return ((index - (shift << kept_bits) + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_ =
      std::vector<std::uint64_t>((64 - kept_bits + 1) << kept_bits);
  std::uint64_t count_ = 0;
  std::uint64_t greatest_ = 0;
};

} // namespace benchmark
