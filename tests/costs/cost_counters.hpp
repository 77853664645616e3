#pragma once

#include <cstdint>

#include <caf/fwd.hpp>

// What the process really does, counted where it is done: calls of operator new and messages put
// into actors' mailboxes. cost_counters.cpp defines both in place of the libraries' definitions and
// passes each call on; so a test that links it, or a process that has it preloaded, is counted
// without knowing. What C libraries take from malloc is not counted.
namespace tradepulse::costs {

struct counts {
  std::uint64_t allocations = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t messages = 0;
  // Allocations of CAF's scheduler, which are not in the others: a node of 24 bytes in its list of
  // actors that have something to do, each time one has.
  std::uint64_t wake_ups = 0;
};
inline counts operator-(const counts& a, const counts& b) noexcept {
  return {a.allocations - b.allocations, a.allocated_bytes - b.allocated_bytes,
          a.messages - b.messages, a.wake_ups - b.wake_ups};
}

// Of all threads since the process began.
counts so_far() noexcept;

// What the calling thread does meanwhile is not counted: it is the test's own work.
class uncounted {
 public:
  uncounted() noexcept;
  ~uncounted();
  uncounted(const uncounted&) = delete;
  uncounted& operator=(const uncounted&) = delete;
};

// Called with each message before it is put into its mailbox, on the sender's thread; null ends it.
// What it does is not counted.
void observe_messages(void (*each)(const caf::mailbox_element&)) noexcept;

} // namespace tradepulse::costs
