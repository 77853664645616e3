#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// WebSocket frames as a client of the benchmarks writes and reads them.
namespace benchmark {

// A text frame of up to 65,535 bytes; the mask is zero, which leaves the payload as it is.
inline std::string masked_frame(std::string_view payload) {
  std::string out{'\x81'};
  if (payload.size() < 126) {
    out += static_cast<char>(0x80U | payload.size());
  } else {
    out += '\xfe';
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xffU);
  }
  return out.append(4, '\0').append(payload);
}

// Calls take(opcode, payload) for each whole frame; what is left of `bytes` came in part.
template <class Take>
std::string_view take_frames(std::string_view bytes, Take take) {
  for (;;) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    if (bytes.size() < 2)
      return bytes;
    std::size_t size = octet(1) & 0x7fU;
    const std::size_t head = size == 127 ? 10 : size == 126 ? 4 : 2;
    if (bytes.size() < head)
      return bytes;
    if (head > 2) {
      size = 0;
      for (std::size_t i = 2; i < head; ++i)
        size = size << 8U | octet(i);
    }
    if (bytes.size() < head + size)
      return bytes;
    take(octet(0) & 0x0fU, bytes.substr(head, size));
    bytes.remove_prefix(head + size);
  }
}

} // namespace benchmark
