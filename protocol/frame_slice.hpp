#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tradepulse {

// Whole WebSocket frames, header included, one after the other in one shared buffer.
struct frame_slice {
  std::shared_ptr<const std::string> bytes;
  std::size_t offset = 0;
  std::size_t length = 0;

  static frame_slice of(std::string frames) {
    const std::size_t length = frames.size();
    return {std::make_shared<const std::string>(std::move(frames)), 0, length};
  }
  std::string_view view() const noexcept { return {bytes->data() + offset, length}; }
};

} // namespace tradepulse
