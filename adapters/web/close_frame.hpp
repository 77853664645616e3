#pragma once

// Private to adapters/web: what a server's close frame says, read from its bytes.
#include <cstdint>
#include <string_view>

#include "protocol/error_codes.hpp"

namespace tradepulse::web {

inline bool is_close_frame(std::string_view bytes) noexcept {
  // Compared whole: the H of the handshake's "HTTP/1.1" ends in an 8 too.
  return !bytes.empty() && bytes.front() == '\x88';
}

// 1000 where it has none.
inline std::uint16_t code_in(std::string_view close_frame) noexcept {
  if (close_frame.size() < 4)
    return static_cast<std::uint16_t>(close_code::normal);
  const auto octet = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(close_frame[i]));
  };
  return static_cast<std::uint16_t>(octet(2) << 8 | octet(3));
}

} // namespace tradepulse::web
