#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tradepulse {

// How far a long command is. Position in bytes where it is known what all of it is, else 0 of 0.
struct progress {
  std::uint64_t done = 0; // records
  std::uint64_t position_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::chrono::steady_clock::duration elapsed{};
};

// "12,345 records, 4,100/s, 37.5 %, 0:42 left"
std::string to_text(const progress& p);

// Shows it on standard error: in one line that is written over where that is a terminal, a line
// every 10 s where it is none. Thread: one.
class progress_display {
 public:
  using clock = std::chrono::steady_clock;

  progress_display();
  ~progress_display(); // leaves the cursor at the beginning of a line

  // Whether it is time to show again; cheap.
  bool due(clock::time_point now) const noexcept { return now >= next_; }
  void show(const progress& p, clock::time_point now);

 private:
  const bool terminal_;
  clock::time_point next_;
  bool line_open_ = false;
};

} // namespace tradepulse
