#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/log.hpp"

namespace tradepulse::log {

// Bounds how often one event (name and level) is written: at most `limit` times in a window, which
// begins with the event's first line. What was left out is told once, after the window's end.
// Keeps at most `most_events` kinds; further ones share one.
// Thread: one at a time.
class repeat_limit {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::size_t most_events = 1024;

  struct left_out {
    std::string event;
    level severity = level::info;
    std::uint64_t count = 0;
  };

  // `limit` 0: everything is written.
  repeat_limit(std::uint64_t limit, std::chrono::steady_clock::duration window)
      : limit_(limit), window_(window) {}

  // Whether this line is written.
  bool admit(level severity, std::string_view event, time_point now);
  // Windows that are over and left something out; each is told once.
  std::vector<left_out> take_ended(time_point now);
  // The same, whether they are over or not: at the end of the process.
  std::vector<left_out> take_all();

 private:
  struct window_state {
    time_point began;
    std::uint64_t seen = 0;
  };
  using key = std::pair<std::string, level>;
  struct key_less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return a.second != b.second ? a.second < b.second
                                  : std::string_view(a.first) < std::string_view(b.first);
    }
  };

  const std::uint64_t limit_;
  const std::chrono::steady_clock::duration window_;
  std::map<key, window_state, key_less> windows_;
  std::vector<left_out> ended_;
};

} // namespace tradepulse::log
