#include "runtime/config/quantities.hpp"

#include <array>
#include <charconv>
#include <initializer_list>
#include <limits>

namespace tradepulse::config {
namespace {

__extension__ typedef __int128 wide;

struct unit {
  std::string_view name;
  std::int64_t nominator;       // base units in one
  std::int64_t denominator = 1; // ones in a base unit
};

constexpr std::int64_t kib = 1024;
constexpr std::int64_t kilo = 1000;

constexpr auto duration_units = std::to_array<unit>({
    {"ns", 1, 1'000'000},
    {"nano", 1, 1'000'000},
    {"nanos", 1, 1'000'000},
    {"nanosecond", 1, 1'000'000},
    {"nanoseconds", 1, 1'000'000},
    {"us", 1, 1'000},
    {"micro", 1, 1'000},
    {"micros", 1, 1'000},
    {"microsecond", 1, 1'000},
    {"microseconds", 1, 1'000},
    {"", 1},
    {"ms", 1},
    {"milli", 1},
    {"millis", 1},
    {"millisecond", 1},
    {"milliseconds", 1},
    {"s", 1'000},
    {"second", 1'000},
    {"seconds", 1'000},
    {"m", 60'000},
    {"minute", 60'000},
    {"minutes", 60'000},
    {"h", 3'600'000},
    {"hour", 3'600'000},
    {"hours", 3'600'000},
    {"d", 86'400'000},
    {"day", 86'400'000},
    {"days", 86'400'000},
});

constexpr auto size_units = std::to_array<unit>({
    {"", 1},
    {"B", 1},
    {"b", 1},
    {"byte", 1},
    {"bytes", 1},
    {"kB", kilo},
    {"kilobyte", kilo},
    {"kilobytes", kilo},
    {"MB", kilo* kilo},
    {"megabyte", kilo* kilo},
    {"megabytes", kilo* kilo},
    {"GB", kilo* kilo* kilo},
    {"gigabyte", kilo* kilo* kilo},
    {"gigabytes", kilo* kilo* kilo},
    {"TB", kilo* kilo* kilo* kilo},
    {"terabyte", kilo* kilo* kilo* kilo},
    {"terabytes", kilo* kilo* kilo* kilo},
    {"K", kib},
    {"k", kib},
    {"Ki", kib},
    {"KiB", kib},
    {"kibibyte", kib},
    {"kibibytes", kib},
    {"M", kib* kib},
    {"m", kib* kib},
    {"Mi", kib* kib},
    {"MiB", kib* kib},
    {"mebibyte", kib* kib},
    {"mebibytes", kib* kib},
    {"G", kib* kib* kib},
    {"g", kib* kib* kib},
    {"Gi", kib* kib* kib},
    {"GiB", kib* kib* kib},
    {"gibibyte", kib* kib* kib},
    {"gibibytes", kib* kib* kib},
    {"T", kib* kib* kib* kib},
    {"t", kib* kib* kib* kib},
    {"Ti", kib* kib* kib* kib},
    {"TiB", kib* kib* kib* kib},
    {"tebibyte", kib* kib* kib* kib},
    {"tebibytes", kib* kib* kib* kib},
});

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// `what` names the kind, `units` the units that are offered in the error.
template <class Units>
result<std::int64_t> parse_quantity(std::string_view text, const Units& units,
                                    std::string_view what, std::string_view offered,
                                    std::string_view base) {
  auto bad = [&] {
    return error{errc::bad_number, "not a " + std::string(what) + " (a number alone in " +
                                       std::string(base) + ", or with " + std::string(offered) +
                                       ")"};
  };
  std::size_t at = 0;
  bool negative = !text.empty() && text[0] == '-';
  if (negative)
    ++at;
  // At most 18 digits are looked at on each side: enough for every value in range.
  wide number = 0;
  wide scale = 1;
  std::size_t digits = 0;
  auto take_digits = [&](bool fraction) {
    std::size_t start = at;
    for (; at < text.size() && digit(text[at]); ++at, ++digits) {
      if (digits >= 30)
        return false;
      number = number * 10 + (text[at] - '0');
      if (fraction)
        scale *= 10;
    }
    return at > start;
  };
  if (!take_digits(false))
    return bad();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!take_digits(true))
      return bad();
  }
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t'))
    ++at;
  std::string_view name = text.substr(at);
  for (const unit& u : units) {
    if (u.name != name)
      continue;
    if (number > wide{1} << 70)
      return error{errc::out_of_range, "too large"};
    wide amount = number * u.nominator; // below 2^70 * 2^40
    wide divisor = scale * u.denominator;
    if (amount % divisor != 0)
      return error{errc::too_precise, "not a whole number of " + std::string(base)};
    amount = negative ? -(amount / divisor) : amount / divisor;
    if (amount > std::numeric_limits<std::int64_t>::max() ||
        amount < std::numeric_limits<std::int64_t>::min())
      return error{errc::out_of_range, "too large"};
    return static_cast<std::int64_t>(amount);
  }
  return bad();
}

std::string format(std::int64_t amount, std::initializer_list<unit> units) {
  for (const unit& u : units)
    if (amount != 0 && amount % u.nominator == 0)
      return std::to_string(amount / u.nominator) + std::string(u.name);
  return std::to_string(amount);
}

} // namespace

result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc::result_out_of_range && end == text.data() + text.size())
    return error{errc::out_of_range, "too large"};
  if (failure != std::errc{} || end != text.data() + text.size())
    return error{errc::bad_number, "not an integer"};
  return number;
}

result<std::int64_t> parse_duration(std::string_view text) {
  return parse_quantity(text, duration_units, "duration", "ms, s, m, h or d", "milliseconds");
}

result<std::int64_t> parse_size(std::string_view text) {
  return parse_quantity(text, size_units, "size", "B, kB, MB, GB, KiB, MiB or GiB", "bytes");
}

std::string format_duration(std::int64_t milliseconds) {
  return format(milliseconds,
                {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}});
}

std::string format_size(std::int64_t bytes) {
  return format(bytes, {{"GiB", kib * kib * kib},
                        {"GB", kilo * kilo * kilo},
                        {"MiB", kib * kib},
                        {"MB", kilo * kilo},
                        {"KiB", kib},
                        {"kB", kilo},
                        {"B", 1}});
}

} // namespace tradepulse::config
