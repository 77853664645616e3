#include "adapters/json/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace tradepulse::json {
namespace {

// Eight bytes, all of them ASCII and none of them NUL.
bool eight_plain_bytes(const char* at) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return ((word | (word - ones)) & high_bits) == 0;
}

// The length of a character of several bytes, 0 where there is none.
std::size_t length_of(const unsigned char* at, std::size_t available) noexcept {
  const auto tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < available && at[i] >= low && at[i] <= high;
  };
  const unsigned lead = at[0];
  if (lead >= 0xc2 && lead <= 0xdf)
    return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef)
    return tail(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && tail(2) ? 3 : 0;
  if (lead >= 0xf0 && lead <= 0xf4)
    return tail(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && tail(2) && tail(3)
               ? 4
               : 0;
  return 0;
}

} // namespace

std::size_t find_bad_utf8(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= 8 && eight_plain_bytes(text.data() + i)) {
      i += 8;
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0)
      return i;
    if (byte < 0x80) {
      ++i;
      continue;
    }
    unsigned char ahead[4] = {};
    const std::size_t available = text.size() - i < 4 ? text.size() - i : 4;
    std::memcpy(ahead, text.data() + i, available);
    const std::size_t length = length_of(ahead, available);
    if (length == 0)
      return i;
    i += length;
  }
  return all_good;
}

} // namespace tradepulse::json
