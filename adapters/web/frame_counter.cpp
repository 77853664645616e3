#include "adapters/web/frame_counter.hpp"

#include <algorithm>

namespace tradepulse::web {
namespace {

std::size_t extended_length_bytes(unsigned char second) noexcept {
  switch (second & 0x7f) {
  case 126:
    return 2;
  case 127:
    return 8;
  default:
    return 0;
  }
}

std::size_t header_bytes(unsigned char second) noexcept {
  return 2 + extended_length_bytes(second) + ((second & 0x80) != 0 ? 4 : 0);
}

} // namespace

std::uint32_t frame_counter::feed(std::string_view bytes) noexcept {
  std::uint32_t frames = 0;
  while (!bytes.empty()) {
    if (payload_left_ > 0) {
      const auto skipped = std::min<std::uint64_t>(payload_left_, bytes.size());
      payload_left_ -= skipped;
      bytes.remove_prefix(static_cast<std::size_t>(skipped));
      continue;
    }
    header_[have_++] = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (have_ < 2 || have_ < header_bytes(header_[1]))
      continue;
    const std::size_t extended = extended_length_bytes(header_[1]);
    std::uint64_t length = extended == 0 ? header_[1] & 0x7fU : 0;
    for (std::size_t i = 0; i < extended; ++i)
      length = (length << 8) | header_[2 + i];
    payload_left_ = length;
    have_ = 0;
    ++frames;
  }
  return frames;
}

} // namespace tradepulse::web
