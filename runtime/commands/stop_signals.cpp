#include "runtime/commands/stop_signals.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <unistd.h>

namespace tradepulse {
namespace {

// Ends the process by the signal itself, so that whoever waits for it sees which one. The first
// process of a container survives its own default action: then by the status a shell would show.
void end_at_once(int number) {
  ::raise(number); // SA_RESETHAND: the default action
  ::_exit(128 + number);
}

} // namespace

stop_signals::stop_signals() noexcept {
  sigemptyset(&set_);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

stop_signals::~stop_signals() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool stop_signals::wait_until(std::chrono::steady_clock::time_point deadline) noexcept {
  using namespace std::chrono;
  while (!received_) {
    const auto now = steady_clock::now();
    const auto left = std::max(deadline, now) - now;
    const auto whole = floor<seconds>(left);
    timespec timeout{};
    timeout.tv_sec = static_cast<std::time_t>(whole.count());
    timeout.tv_nsec = static_cast<long>(nanoseconds(left - whole).count());
    if (sigtimedwait(&set_, nullptr, &timeout) > 0)
      received();
    else if (errno == EAGAIN)
      return false; // the deadline
  }
  return true;
}

void stop_signals::wait() noexcept {
  while (!received_)
    if (sigwaitinfo(&set_, nullptr) > 0)
      received();
}

void stop_signals::received() noexcept {
  received_ = true;
  struct sigaction second {};
  second.sa_handler = end_at_once;
  second.sa_flags = static_cast<int>(SA_RESETHAND) | SA_NODEFER;
  sigaction(SIGINT, &second, nullptr);
  sigaction(SIGTERM, &second, nullptr);
  pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
}

} // namespace tradepulse
