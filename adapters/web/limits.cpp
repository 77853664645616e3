#include "adapters/web/limits.hpp"

#include <algorithm>

namespace tradepulse::web {

std::chrono::milliseconds sweep_interval(const connection_limits& limits) noexcept {
  using std::chrono::milliseconds;
  milliseconds shortest{4'000};
  for (const milliseconds deadline :
       {limits.handshake_timeout, limits.keep_alive_timeout, limits.write_timeout,
        limits.close_timeout, limits.heartbeat_interval, limits.heartbeat_timeout})
    if (deadline.count() > 0)
      shortest = std::min(shortest, deadline);
  return std::clamp(shortest / 4, milliseconds{5}, milliseconds{1'000});
}

} // namespace tradepulse::web
