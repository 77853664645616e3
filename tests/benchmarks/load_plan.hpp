#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "tests/benchmarks/load_wire.hpp"

namespace benchmark {

inline std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// What all parts of the load client know: who is who, and when each event was produced. Symbols
// take turns, so that the n-th record of all is that of symbol n % symbols with number n / symbols
// + 1. Thread: any; one thread stamps.
class load_plan {
 public:
  load_plan(std::size_t symbols, std::int64_t base_ms)
      : symbols_(symbols), base_ms_(base_ms), stamps_(kept_stamps) {}

  std::size_t symbols() const noexcept { return symbols_; }
  std::int64_t base_ms() const noexcept { return base_ms_; }

  load_event event(std::uint64_t number) const {
    return {number % symbols_, static_cast<std::int64_t>(number / symbols_) + 1};
  }
  // How many events of `symbol` are among the first `records` of all.
  std::int64_t events_of(std::size_t symbol, std::uint64_t records) const {
    return static_cast<std::int64_t>((records + symbols_ - 1 - symbol) / symbols_);
  }

  // Right before produce() is called.
  void stamp(std::uint64_t number) {
    stamps_[number % kept_stamps].store(now_ns(), std::memory_order_relaxed);
  }
  void produced(std::uint64_t records) { produced_.store(records); }
  std::uint64_t produced() const { return produced_.load(); }

  // Nanoseconds from produce() to `now`.
  std::int64_t age(load_event e, std::int64_t now) const {
    const auto number = static_cast<std::uint64_t>(e.seq - 1) * symbols_ + e.symbol;
    return now - stamps_[number % kept_stamps].load(std::memory_order_relaxed);
  }

 private:
  // More than are under way at any time: those of minutes of overload.
  static constexpr std::size_t kept_stamps = std::size_t{1} << 24;

  const std::size_t symbols_;
  const std::int64_t base_ms_;
  std::vector<std::atomic<std::int64_t>> stamps_;
  std::atomic<std::uint64_t> produced_{0};
};

} // namespace benchmark
