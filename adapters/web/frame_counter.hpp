#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tradepulse::web {

// Counts the frames of a client's byte stream, whatever Beast makes of them. It exists because
// Beast does not tell of empty continuation frames, 6 bytes each, of which a flood took 67 % of a
// core.
class frame_counter {
 public:
  // How many frame headers end in these bytes.
  std::uint32_t feed(std::string_view bytes) noexcept;

 private:
  std::array<unsigned char, 14> header_{};
  std::uint8_t have_ = 0;
  std::uint64_t payload_left_ = 0;
};

} // namespace tradepulse::web
