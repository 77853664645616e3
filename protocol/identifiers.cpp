#include "protocol/identifiers.hpp"

#include <algorithm>

namespace tradepulse {
namespace {

constexpr std::array<bool, 256> allowed_characters() {
  std::array<bool, 256> allowed{};
  for (int c = '0'; c <= '9'; ++c)
    allowed[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c)
    allowed[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c)
    allowed[static_cast<std::size_t>(c)] = true;
  for (char c : std::string_view("._:/=^&+-"))
    allowed[static_cast<unsigned char>(c)] = true;
  return allowed;
}

constexpr auto allowed = allowed_characters();

} // namespace

bool symbol::valid(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_size &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return allowed[static_cast<unsigned char>(c)]; });
}

result<symbol> symbol::parse(std::string_view text) {
  if (!valid(text)) {
    std::string shown;
    for (char c : text.substr(0, 40))
      shown += (c >= 0x20 && c < 0x7f) ? c : '?';
    return error{errc::symbol_invalid, "symbol \"" + shown + "\" (" + std::to_string(text.size()) +
                                         " bytes): 1 to 32 characters of A-Za-z0-9._:/=^&+-"};
  }
  symbol out;
  std::copy(text.begin(), text.end(), out.text_.begin());
  out.size_ = static_cast<std::uint8_t>(text.size());
  return out;
}

} // namespace tradepulse
