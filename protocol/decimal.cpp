#include "protocol/decimal.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace tradepulse {
namespace {

__extension__ typedef unsigned __int128 uint128;

constexpr int max_integer_digits = 28; // 10^28 at scale 8 is 10^36, which 128 bits hold

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// What an error shows of a hostile text: enough to find it, never all of it.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text.substr(0, 40))
    out += (c >= 0x20 && c < 0x7f) ? c : '?';
  return out + (text.size() > 40 ? "...\"" : "\"");
}

error not_a_number(std::string_view text) {
  return {errc::bad_number, quoted(text) + ": not a decimal number"};
}

struct scanned {
  bool negative = false;
  std::string_view integer;
  std::string_view fraction;
  long exponent = 0;
};

// Splits by the grammar of a JSON number. Returns false where the text is not one.
bool scan(std::string_view text, scanned& out) {
  std::size_t i = 0;
  if (i < text.size() && text[i] == '-') {
    out.negative = true;
    ++i;
  }
  std::size_t begin = i;
  while (i < text.size() && is_digit(text[i]))
    ++i;
  out.integer = text.substr(begin, i - begin);
  if (out.integer.empty() || (out.integer.size() > 1 && out.integer[0] == '0'))
    return false;
  if (i < text.size() && text[i] == '.') {
    begin = ++i;
    while (i < text.size() && is_digit(text[i]))
      ++i;
    out.fraction = text.substr(begin, i - begin);
    if (out.fraction.empty())
      return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool minus = false;
    if (i < text.size() && (text[i] == '+' || text[i] == '-'))
      minus = text[i++] == '-';
    begin = i;
    long value = 0;
    while (i < text.size() && is_digit(text[i])) {
      value = std::min(value * 10 + (text[i] - '0'), 100'000'000L); // saturates: far out of range
      ++i;
    }
    if (begin == i)
      return false;
    out.exponent = minus ? -value : value;
  }
  return i == text.size();
}

} // namespace

result<int128> parse_decimal(std::string_view text) {
  scanned parts;
  if (!scan(text, parts))
    return not_a_number(text);
  // The digits as one row; `point` is where the decimal point stands in it.
  std::string_view integer = parts.integer;
  std::string_view fraction = parts.fraction;
  const auto digit_count = static_cast<long>(integer.size() + fraction.size());
  auto digit_at = [&](long index) {
    auto at = static_cast<std::size_t>(index);
    return at < integer.size() ? integer[at] : fraction[at - integer.size()];
  };
  long first = 0;
  while (first < digit_count && digit_at(first) == '0')
    ++first;
  if (first == digit_count)
    return int128{0};
  long last = digit_count;
  while (digit_at(last - 1) == '0')
    --last;
  const long point = static_cast<long>(integer.size()) + parts.exponent;
  if (point - first > max_integer_digits)
    return error{errc::out_of_range, quoted(text) + ": magnitude of 10^28 or more"};
  if (const long places = last - point; places > decimal_places)
    return error{errc::too_precise, quoted(text) + ": " + std::to_string(places) +
                                        " decimals, at most " + std::to_string(decimal_places)};
  int128 units = 0;
  for (long i = first; i < point + decimal_places; ++i)
    units = units * 10 + (i < digit_count && i < last ? digit_at(i) - '0' : 0);
  return parts.negative ? -units : units;
}

char* write_decimal(char* out, int128 units) noexcept {
  uint128 magnitude =
      units < 0 ? uint128{0} - static_cast<uint128>(units) : static_cast<uint128>(units);
  if (units < 0)
    *out++ = '-';
  std::array<char, 48> reversed;
  std::size_t n = 0;
  auto push_digits = [&](std::uint64_t value, int at_least) {
    for (int written = 0; value != 0 || written < at_least; ++written) {
      reversed[n++] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
  };
  auto fraction = static_cast<std::uint64_t>(magnitude % decimal_unit);
  uint128 integer = magnitude / decimal_unit;
  if (fraction != 0) {
    int places = decimal_places;
    while (fraction % 10 == 0) {
      fraction /= 10;
      --places;
    }
    push_digits(fraction, places);
    reversed[n++] = '.';
  }
  constexpr std::uint64_t chunk = 1'000'000'000'000'000'000U;
  while (integer >= chunk) {
    push_digits(static_cast<std::uint64_t>(integer % chunk), 18);
    integer /= chunk;
  }
  push_digits(static_cast<std::uint64_t>(integer), n == 0 || reversed[n - 1] == '.' ? 1 : 0);
  return std::reverse_copy(reversed.begin(), reversed.begin() + n, out);
}

void append_decimal(std::string& out, int128 units) {
  std::array<char, 48> buffer;
  out.append(buffer.data(), write_decimal(buffer.data(), units));
}

result<price> price::parse(std::string_view text) {
  auto units = parse_decimal(text);
  if (!units)
    return units.failure();
  if (*units < 0 || *units > std::numeric_limits<std::int64_t>::max())
    return error{errc::out_of_range, quoted(text) + ": a price is 0 up to 92233720368.54775807"};
  return price{static_cast<std::int64_t>(*units)};
}

result<quantity> quantity::parse(std::string_view text) {
  auto units = parse_decimal(text);
  if (!units)
    return units.failure();
  if (*units < 0 || *units >= int128{1'000'000'000'000} * decimal_unit)
    return error{errc::out_of_range, quoted(text) + ": a volume is 0 up to below 10^12"};
  return quantity{*units};
}

std::string price::to_string() const {
  std::string out;
  append_decimal(out, units_);
  return out;
}

std::string quantity::to_string() const {
  std::string out;
  append_decimal(out, units_);
  return out;
}

} // namespace tradepulse
