#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace tradepulse {

// The bytes of an integer as PostgreSQL's binary formats want them.
inline std::uint64_t big_endian(std::uint64_t value, std::size_t bytes) noexcept {
  static_assert(std::endian::native == std::endian::little);
  return __builtin_bswap64(value) >> (64 - 8 * bytes);
}

inline void append_big_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
  const auto turned = big_endian(value, bytes);
  char text[8];
  std::memcpy(text, &turned, 8);
  out.append(text, bytes);
}

} // namespace tradepulse
