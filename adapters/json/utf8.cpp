#include "adapters/json/utf8.hpp"

#include <cstdint>
#include <cstring>

#include "protocol/utf8.hpp"

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
    const std::size_t length = utf8::first_character(text.substr(i));
    if (length == 0)
      return i;
    i += length;
  }
  return all_good;
}

} // namespace tradepulse::json
