#include "adapters/web/listener_state.hpp"

namespace tradepulse::web {

void listener_state::connection_opened() noexcept {
  std::lock_guard lock(mutex_);
  ++connections_;
}

void listener_state::connection_closed() noexcept {
  std::lock_guard lock(mutex_);
  if (--connections_ == 0)
    emptied_.notify_all();
}

std::size_t listener_state::connections() const noexcept {
  std::lock_guard lock(mutex_);
  return connections_;
}

bool listener_state::wait_until_empty(std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  return emptied_.wait_for(lock, deadline, [this] { return connections_ == 0; });
}

} // namespace tradepulse::web
