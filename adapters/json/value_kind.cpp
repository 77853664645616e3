#include "adapters/json/value_kind.hpp"

#include <algorithm>
#include <array>

namespace tradepulse::json {
namespace {

constexpr std::size_t shown_characters = 40;

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Whether `text` begins with NaN or Infinity, in the spellings of the languages around us.
std::string_view not_finite(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 3> names{"infinity", "inf", "nan"};
  for (std::string_view name : names)
    if (text.size() >= name.size() &&
        std::equal(name.begin(), name.end(), text.begin(),
                   [](char want, char have) { return want == lower(have); }))
      return text.substr(0, name.size());
  return {};
}

// The offset is that of the first letter, or behind it: the `n` of `nan` may begin `null`.
std::string_view not_finite_at(std::string_view text, std::size_t offset) noexcept {
  if (const auto found = not_finite(text.substr(std::min(offset, text.size()))); !found.empty())
    return found;
  return offset == 0 ? std::string_view{} : not_finite(text.substr(offset - 1));
}

} // namespace

std::string_view to_string(value_kind kind) noexcept {
  constexpr std::array<std::string_view, 7> names{"absent",   "null",      "a boolean", "a number",
                                                  "a string", "an object", "an array"};
  return names[static_cast<std::size_t>(kind)];
}

std::string shown(std::string_view text) {
  std::string out = "\"";
  for (char c : text.substr(0, shown_characters))
    out += (c >= 0x20 && c < 0x7f) ? c : '?';
  out += text.size() > shown_characters ? "...\"" : "\"";
  return out;
}

parse_fault utf8_fault(std::string_view text, std::size_t offset) {
  const char* what = text[offset] == '\0' ? ": NUL, which no text may hold" : ": not UTF-8";
  return {reject_reason::bad_utf8, "byte " + std::to_string(offset) + what};
}

parse_fault explain_fault(std::string_view text, std::size_t offset, bool value_expected,
                          bool number_too_big, std::size_t exceeded_depth,
                          std::string_view message) {
  const std::string place = "byte " + std::to_string(offset) + ": ";
  if (exceeded_depth != 0)
    return {reject_reason::too_deep,
            place + "nested deeper than " + std::to_string(exceeded_depth) + " levels"};
  if (number_too_big)
    return {reject_reason::out_of_range,
            place + "number " + shown(text.substr(offset)) + ": magnitude of 10^308 or more"};
  if (value_expected)
    if (const auto literal = not_finite_at(text, offset); !literal.empty())
      return {reject_reason::bad_number, place + std::string(literal) + " is not a number"};
  return {reject_reason::bad_json, place + std::string(message)};
}

} // namespace tradepulse::json
