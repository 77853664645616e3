#pragma once

#include <exception>
#include <utility>

namespace tradepulse {

// Logs what was thrown at `where`: one line a second from each thread, with the number of those
// that were kept back, so that an exception that comes with every event does not fill the disk.
void report_thrown(const char* where, const std::exception_ptr& thrown) noexcept;

// What an I/O thread does lets it live: an exception ends the action and is reported. False: it
// threw.
template <class Action> // void()
bool carry_on(const char* where, Action&& action) noexcept {
  try {
    std::forward<Action>(action)();
    return true;
  } catch (...) {
    report_thrown(where, std::current_exception());
  }
  return false;
}

} // namespace tradepulse
