#pragma once

// Private to adapters/web.
#include <chrono>

namespace tradepulse::web {

// How long a thread has run since it began, and how long it has waited for a core.
struct processor_use {
  std::chrono::nanoseconds ran{0};
  std::chrono::nanoseconds waited{0};
};

// Of the calling thread. Where the kernel does not say how long it waited (no
// /proc/thread-self/schedstat), it is as if that had been as long as it ran.
processor_use processor_use_of_this_thread();

// How long work that can wait rests between two pieces of it. A thousand clients that come back at
// once want a connection and what they have missed, and would take every core for a second: then
// what feeds those who are live (the log's broker, the database) waits for one, however soon their
// I/O thread serves them. So where that thread waits for a core the work rests, three times as
// long as the thread has run since the piece before, at most; where cores are free it does not.
class give_way {
 public:
  using duration = std::chrono::nanoseconds;
  // Less is not worth a timer: it is owed until it is more.
  static constexpr duration shortest{std::chrono::microseconds{100}};
  // However much else the thread has to do, pieces come through.
  static constexpr duration longest{std::chrono::milliseconds{4}};
  // Who has not worked for so long owes nothing.
  static constexpr duration forgotten{std::chrono::milliseconds{20}};

  // Before a piece; `now`: of a steady clock. What is returned is waited for.
  duration owed(const processor_use& use, duration now) noexcept;

 private:
  processor_use last_{};
  duration last_piece_{0};
};

} // namespace tradepulse::web
