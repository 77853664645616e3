#include "adapters/web/inbound_meter.hpp"

namespace tradepulse::web {

inbound_meter::inbound_meter(const connection_limits& limits, time_point now) noexcept
    : last_heard_(now), messages_(limits.messages_per_second, limits.message_burst, now),
      frames_(limits.frames_per_second, 2 * limits.frames_per_second, now),
      bytes_(limits.bytes_per_second, 2 * limits.bytes_per_second, now) {}

bool inbound_meter::take_bytes(std::string_view bytes, time_point now) noexcept {
  const std::uint32_t frames = counter_.feed(bytes);
  if (frames > 0)
    last_heard_ = now;
  const bool few_frames = frames_.take(frames, now);
  const bool few_bytes = bytes_.take(static_cast<double>(bytes.size()), now);
  return few_frames && few_bytes;
}

} // namespace tradepulse::web
