#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/result.hpp"

namespace tradepulse {

__extension__ typedef __int128 int128;

// Decimals are integers of units of 10^-8, never floating point.
inline constexpr int decimal_places = 8;
inline constexpr std::int64_t decimal_unit = 100'000'000; // units of 1.0

// Reads a JSON number (also what stood in a JSON string): `-`? digits, fraction, exponent; no
// leading `+`, no leading zeros, no white space. Exact or an error, never rounded:
//   bad_number   not of that form (also NaN, Infinity, empty)
//   too_precise  more than 8 significant decimals; trailing zeros and exponents that come out
//                even are accepted ("1.500000000000", "15e-1")
//   out_of_range magnitude of 10^28 or more
// Returns units of 10^-8.
result<int128> parse_decimal(std::string_view text);

// Appends without exponent and without trailing zeros: 150000000 -> "1.5", 0 -> "0".
void append_decimal(std::string& out, int128 units);
// The same into a buffer of at least 48 characters; returns the end.
char* write_decimal(char* out, int128 units) noexcept;

// A price: 0 .. 92,233,720,368.54775807.
class price {
 public:
  constexpr price() noexcept = default;
  constexpr explicit price(std::int64_t units) noexcept : units_(units) {}
  // Errors: those of parse_decimal; out_of_range for a negative value or one above the bound.
  static result<price> parse(std::string_view text);

  constexpr std::int64_t units() const noexcept { return units_; }
  std::string to_string() const;
  friend constexpr auto operator<=>(price, price) noexcept = default;

 private:
  std::int64_t units_ = 0;
};

// A volume, size or quantity: 0 up to below 10^12, which needs more than 64 bits.
class quantity {
 public:
  constexpr quantity() noexcept = default;
  constexpr explicit quantity(int128 units) noexcept : units_(units) {}
  // Errors: those of parse_decimal; out_of_range for a negative value or one of 10^12 or more.
  static result<quantity> parse(std::string_view text);

  constexpr int128 units() const noexcept { return units_; }
  std::string to_string() const;
  friend constexpr bool operator==(quantity, quantity) noexcept = default;
  friend constexpr bool operator<(quantity a, quantity b) noexcept { return a.units_ < b.units_; }

 private:
  int128 units_ = 0;
};

} // namespace tradepulse
