#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/ports/record_producer.hpp"
#include "runtime/feeds/feed_host.hpp"

namespace tradepulse {

// Time that passes only while a feed waits for it.
class simulated_host final : public feed_host {
 public:
  static constexpr pace_clock::time_point begin{std::chrono::seconds(1000)};

  pace_clock::time_point now() override { return now_; }
  time_ms wall_clock() override {
    return time_ms{std::chrono::milliseconds(1'723'161'256'543)} +
           std::chrono::floor<std::chrono::milliseconds>(now_ - begin);
  }
  bool wait_until(pace_clock::time_point due) override {
    ++waits;
    now_ = std::max(now_, due);
    return stop_at && now_ >= *stop_at;
  }
  void on_progress(std::uint64_t, std::uint64_t, std::uint64_t) override {}

  std::optional<pace_clock::time_point> stop_at;
  std::uint64_t waits = 0;

 private:
  pace_clock::time_point now_ = begin;
};

// Keeps what it is given, with the simulated time it came at.
class recording_producer final : public record_producer {
 public:
  struct entry {
    std::string topic, key, value;
    std::chrono::nanoseconds after;
  };

  explicit recording_producer(simulated_host& host) : host_(host) {}

  result<void> produce(std::string_view topic, std::string_view key,
                       std::string_view value) override {
    if (entries.size() == refuse_from)
      return error{errc::log_unavailable, "kafka.brokers \"x:1\": gone"};
    entries.push_back({std::string(topic), std::string(key), std::string(value),
                       host_.now() - simulated_host::begin});
    return {};
  }
  result<void> flush(std::chrono::milliseconds) override { return {}; }
  std::uint64_t confirmed() const noexcept override { return entries.size(); }
  std::uint64_t failed() const noexcept override { return 0; }

  std::vector<entry> entries;
  std::size_t refuse_from = static_cast<std::size_t>(-1);

 private:
  simulated_host& host_;
};

} // namespace tradepulse
