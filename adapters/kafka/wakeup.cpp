#include "adapters/kafka/wakeup.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "adapters/kafka/handle.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tradepulse::kafka {

wakeup::wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0)
    throw std::system_error(errno, std::generic_category(), "eventfd");
}

wakeup::~wakeup() {
  close(fd_);
}

void wakeup::ring() noexcept {
  if (rung_.exchange(true))
    return;
  const std::uint64_t one = 1;
  // Fails only where the counter is at its bound, and then the reader is awake anyway.
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
}

void wakeup::wait(std::chrono::milliseconds timeout) noexcept {
  pollfd waiting{fd_, POLLIN, 0};
  poll(&waiting, 1, to_int_ms(timeout));
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = read(fd_, &count, sizeof count);
  // Cleared before the caller looks around: a ring from here on writes again.
  rung_.store(false);
}

} // namespace tradepulse::kafka
