#include "runtime/rest/query_string.hpp"

#include <charconv>

namespace tradepulse {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

} // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0')
      return std::nullopt;
    out += c;
  }
  return out;
}

query_string::query_string(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto member = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const auto equals = member.find('=');
    auto name = percent_decode(member.substr(0, equals), true);
    // A symbol may hold `+`, and clients send it as it is: in values only %20 is a space.
    auto value = percent_decode(
        equals == std::string_view::npos ? std::string_view{} : member.substr(equals + 1), false);
    if (name && !value)
      undecodable_ = *name;
    if (name && value && !name->empty())
      members_.emplace_back(std::move(*name), std::move(*value));
  }
}

std::optional<std::string> query_string::value(std::string_view name) const {
  for (auto it = members_.rbegin(); it != members_.rend(); ++it)
    if (it->first == name)
      return it->second;
  return std::nullopt;
}

result<std::optional<std::uint64_t>>
query_string::number(std::string_view name, std::uint64_t least, std::uint64_t most) const {
  const auto text = value(name);
  if (!text)
    return std::optional<std::uint64_t>{};
  std::uint64_t parsed = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), parsed);
  if (failed != std::errc{} || end != text->data() + text->size() || parsed < least ||
      parsed > most)
    return error{errc::bad_request, std::string(name) + "=" + text->substr(0, 40) +
                                        ": a whole number from " + std::to_string(least) + " to " +
                                        std::to_string(most)};
  return std::optional<std::uint64_t>{parsed};
}

result<std::optional<time_ms>> query_string::time(std::string_view name) const {
  const auto text = value(name);
  if (!text)
    return std::optional<time_ms>{};
  const bool digits = text->find_first_not_of("0123456789") == std::string::npos;
  const bool seconds = digits && !text->empty() && text->size() <= most_digits_of_seconds;
  const auto parsed = parse_asked_time(seconds ? *text + "000" : *text);
  if (!parsed || (digits && !seconds && *parsed < earliest_in_milliseconds))
    return error{errc::bad_request,
                 std::string(name) + "=" + text->substr(0, 40) +
                     ": a time of the years 1 to 9999, as ISO-8601 with a zone "
                     "(2024-08-08T23:54:00Z), or since 1970 in seconds (up to ten digits) or "
                     "milliseconds (twelve or more)"};
  return std::optional<time_ms>{*parsed};
}

} // namespace tradepulse
