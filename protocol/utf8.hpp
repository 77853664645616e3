#pragma once

#include <cstddef>
#include <string_view>

namespace tradepulse::utf8 {

// The bytes of the character that `text` begins with; 0 where it begins with none: overlong forms,
// surrogates, what lies above U+10FFFF and a character that is cut off are none. NUL is one.
// Never reads behind the text. Requires: text is not empty.
constexpr std::size_t first_character(std::string_view text) noexcept {
  const auto in = [&](std::size_t i, unsigned low, unsigned high) {
    const unsigned byte = i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    return byte >= low && byte <= high;
  };
  const auto tail = [&](std::size_t i) { return in(i, 0x80, 0xbf); };
  const unsigned lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80)
    return 1;
  if (lead < 0xc2 || lead > 0xf4)
    return 0;
  if (lead < 0xe0)
    return tail(1) ? 2 : 0;
  if (lead < 0xf0)
    return in(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && tail(2) ? 3 : 0;
  return in(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && tail(2) && tail(3) ? 4
                                                                                             : 0;
}

} // namespace tradepulse::utf8
