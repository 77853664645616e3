#include "adapters/spdlog/patient_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace tradepulse::log {

patient_writer::~patient_writer() {
  if (owned_)
    ::close(descriptor_);
}

bool patient_writer::write(std::string_view line) noexcept {
  if (torn_ && !write_all("\n"))
    return false;
  torn_ = false;
  return write_all(line);
}

bool patient_writer::write_all(std::string_view bytes) noexcept {
  const auto whole = bytes.size();
  while (!bytes.empty()) {
    if (!wait_writable())
      break;
    // A pipe that is writable takes PIPE_BUF bytes without blocking; more might wait.
    const auto n =
        ::write(descriptor_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (n > 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
      break; // ENOSPC, EPIPE, EIO, EBADF: the next line tries again
  }
  if (!bytes.empty() && bytes.size() < whole)
    torn_ = true;
  return bytes.empty();
}

bool patient_writer::wait_writable() noexcept {
  pollfd waiting{descriptor_, POLLOUT, 0};
  int ready = 0;
  do
    ready = ::poll(&waiting, 1, stuck_ ? 0 : patience_ms);
  while (ready < 0 && errno == EINTR);
  stuck_ = ready == 0;
  return ready > 0;
}

} // namespace tradepulse::log
