#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/benchmarks/fanout_wire.hpp"

namespace benchmark {

// What is due: for each symbol where all its subscriptions stood at the last quiet point, where
// they have to come to, and the frames between, each made once for all connections.
class due_events {
 public:
  due_events(std::size_t symbols, std::int64_t base_ms) : base_ms_(base_ms), streams_(symbols) {}

  std::size_t symbols() const noexcept { return streams_.size(); }
  std::int64_t target(std::size_t symbol) const { return streams_[symbol].target; }

  // An answer said where that stream stands. Before any event all answers say the same.
  void joined(std::size_t symbol, std::int64_t seq) {
    auto& stream = streams_.at(symbol);
    if (stream.known && stream.target != seq)
      throw std::runtime_error("subscriptions joined at different positions before any event");
    stream.known = true;
    stream.from = stream.target = seq;
  }

  // From here each subscription has to get `count` events more.
  void expect(std::int64_t count) {
    for (auto& stream : streams_) {
      stream.from = stream.target;
      stream.target += count;
      stream.frames.clear();
    }
  }

  const std::string& frame(std::size_t symbol, std::int64_t seq) {
    auto& stream = streams_[symbol];
    if (seq <= stream.from)
      throw std::runtime_error("an event from before the last quiet point");
    const auto index = static_cast<std::size_t>(seq - stream.from - 1);
    while (stream.frames.size() <= index)
      stream.frames.push_back(event_frame(
          symbol, base_ms_, stream.from + 1 + static_cast<std::int64_t>(stream.frames.size())));
    return stream.frames[index];
  }

 private:
  struct due_stream {
    bool known = false;
    std::int64_t from = 0;
    std::int64_t target = 0;
    std::vector<std::string> frames; // of from + 1, ...
  };
  const std::int64_t base_ms_;
  std::vector<due_stream> streams_;
};

} // namespace benchmark
