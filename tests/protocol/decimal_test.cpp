#include "protocol/decimal.hpp"

#include <array>
#include <cstdlib>
#include <iostream>
#include <random>

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

// The value written back, or the name of the error.
std::string read(std::string_view text) {
  const auto units = parse_decimal(text);
  if (!units)
    return std::string(to_string(units.failure().code));
  std::string out;
  append_decimal(out, *units);
  return out;
}

std::string written(int128 units) {
  std::string out;
  append_decimal(out, units);
  return out;
}

TEST(Decimal, ReadsUnitsOfTenToTheMinusEight) {
  EXPECT_EQ(parse_decimal("1").value(), int128{100'000'000});
  EXPECT_EQ(parse_decimal("1.5").value(), int128{150'000'000});
  EXPECT_EQ(parse_decimal("0.00000001").value(), int128{1});
  EXPECT_EQ(parse_decimal("-2.25").value(), int128{-225'000'000});
  EXPECT_EQ(parse_decimal("0").value(), int128{0});
}

TEST(Decimal, WritesWithoutExponentAndTrailingZeros) {
  EXPECT_EQ(written(0), "0");
  EXPECT_EQ(written(1), "0.00000001");
  EXPECT_EQ(written(150'000'000), "1.5");
  EXPECT_EQ(written(100'000'000), "1");
  EXPECT_EQ(written(-1), "-0.00000001");
  EXPECT_EQ(written(-1'000'000'000), "-10");
  EXPECT_EQ(written(int128{1'000'000'000'000'000'000} * decimal_unit), "1000000000000000000");
  EXPECT_EQ(written(int128{1'000'000'000'000'000'000} * decimal_unit * 10 + 10),
            "10000000000000000000.0000001");
}

TEST(Decimal, WritesTheBoundsOf128Bits) {
  const int128 largest = ~(int128{1} << 126 << 1);
  EXPECT_EQ(written(largest), "1701411834604692317316873037158.84105727");
  EXPECT_EQ(written(-largest - 1), "-1701411834604692317316873037158.84105728");
}

TEST(Decimal, TakesTrailingZerosAndExponentsThatComeOutEven) {
  EXPECT_EQ(read("1.500000000000"), "1.5");
  EXPECT_EQ(read("15e-1"), "1.5");
  EXPECT_EQ(read("0.15E+1"), "1.5");
  EXPECT_EQ(read("1500000000000e-12"), "1.5");
  EXPECT_EQ(read("0.000000000015e11"), "1.5");
  EXPECT_EQ(read("1e27"), "1000000000000000000000000000");
  EXPECT_EQ(read("100e-10"), "0.00000001");
  EXPECT_EQ(read("1e00000000000000000000001"), "10");
}

TEST(Decimal, ReadsEveryZeroAsZero) {
  for (const char* text : {"0", "-0", "0.0", "-0.000000000000000", "0e5", "0e-99", "0e99999999999"})
    EXPECT_EQ(read(text), "0") << text;
}

TEST(Decimal, RefusesWhatIsNoJsonNumber) {
  for (const char* text :
       {"",    " ",   "+1",       "01",        "-01", "00",    ".5",    "5.",  "1.e5", "e5",
        "1e",  "1e+", "--1",      "-",         "1,5", "1 ",    " 1",    "1_0", "0x1",  "1.2.3",
        "NaN", "nan", "Infinity", "-Infinity", "inf", "1e5.5", "1e5e5", "one", "1\n",  "\xd9\xa1"})
    EXPECT_EQ(read(text), "bad_number") << text;
  EXPECT_EQ(read(std::string_view("1\0", 2)), "bad_number");
}

TEST(Decimal, RefusesMoreThanEightDecimalsInsteadOfRounding) {
  EXPECT_EQ(read("0.123456789"), "too_precise");
  EXPECT_EQ(read("0.000000001"), "too_precise");
  EXPECT_EQ(read("1e-9"), "too_precise");
  EXPECT_EQ(read("1e-99999999999999999999"), "too_precise");
  EXPECT_EQ(parse_decimal("1e-12").failure().detail, "\"1e-12\": 12 decimals, at most 8");
}

TEST(Decimal, RefusesMagnitudesOfTenToThe28AndMore) {
  EXPECT_EQ(read("9999999999999999999999999999.99999999"), "9999999999999999999999999999.99999999");
  EXPECT_EQ(read("-9999999999999999999999999999.99999999"),
            "-9999999999999999999999999999.99999999");
  EXPECT_EQ(read("10000000000000000000000000000"), "out_of_range");
  EXPECT_EQ(read("-1e28"), "out_of_range");
  EXPECT_EQ(read("1e99999999999999999999"), "out_of_range");
  EXPECT_EQ(read("1" + std::string(60'000, '0')), "out_of_range");
  EXPECT_EQ(read("0." + std::string(60'000, '0') + "1e60001"), "1");
}

TEST(Decimal, ShowsOnlyAPieceOfAHostileText) {
  const std::string detail = parse_decimal(std::string(50'000, '\n')).failure().detail;
  EXPECT_EQ(detail, "\"????????????????????????????????????????...\": not a decimal number");
}

TEST(Price, IsBetweenZeroAndTheBoundOf64Bits) {
  EXPECT_EQ(price::parse("92233720368.54775807").value().units(), 9'223'372'036'854'775'807);
  EXPECT_EQ(price::parse("0").value().units(), 0);
  EXPECT_EQ(price::parse("-0").value().units(), 0);
  EXPECT_EQ(price::parse("92233720368.54775808").failure().code, errc::out_of_range);
  EXPECT_EQ(price::parse("-0.00000001").failure().code, errc::out_of_range);
  EXPECT_EQ(price::parse("x").failure().code, errc::bad_number);
  EXPECT_EQ(price::parse("0.000000001").failure().code, errc::too_precise);
}

TEST(Quantity, IsBetweenZeroAndBelowTenToThe12) {
  EXPECT_EQ(quantity::parse("999999999999.99999999").value().to_string(), "999999999999.99999999");
  EXPECT_EQ(quantity::parse("0").value().to_string(), "0");
  EXPECT_EQ(quantity::parse("1e12").failure().code, errc::out_of_range);
  EXPECT_EQ(quantity::parse("-1").failure().code, errc::out_of_range);
  EXPECT_EQ(quantity::parse("").failure().code, errc::bad_number);
}

TEST(Price, ComparesByValue) {
  EXPECT_LT(price::parse("1.5").value(), price::parse("1.50000001").value());
  EXPECT_EQ(price::parse("1.5").value(), price::parse("15e-1").value());
  EXPECT_TRUE(quantity::parse("2").value() < quantity::parse("10").value());
}

// What parse_decimal and append_decimal together must say, by moving the point through a text of
// digits: slow, obvious, and without arithmetic.
std::string by_moving_the_point(bool negative, const std::string& integer,
                                const std::string& fraction, int exponent) {
  std::string whole = integer;
  std::string rest = fraction;
  for (; exponent > 0; --exponent) {
    whole += rest.empty() ? '0' : rest.front();
    if (!rest.empty())
      rest.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    rest.insert(0, 1, whole.empty() ? '0' : whole.back());
    if (!whole.empty())
      whole.pop_back();
  }
  while (!whole.empty() && whole.front() == '0')
    whole.erase(0, 1);
  while (!rest.empty() && rest.back() == '0')
    rest.pop_back();
  if (whole.size() > 28)
    return "out_of_range";
  if (rest.size() > 8)
    return "too_precise";
  if (whole.empty() && rest.empty())
    return "0";
  return (negative ? "-" : "") + (whole.empty() ? "0" : whole) + (rest.empty() ? "" : "." + rest);
}

TEST(Decimal, AgreesWithMovingThePointThroughTheText) {
  const char* given = std::getenv("TRADEPULSE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  const auto below = [&](int bound) {
    return static_cast<int>(random() % static_cast<std::uint64_t>(bound));
  };
  // Zeros are frequent, so that numbers with many of them at either end come up.
  const auto digits = [&](int count) {
    std::string out;
    for (; count > 0; --count)
      out += below(3) == 0 ? static_cast<char>('0' + below(10)) : '0';
    return out;
  };
  std::array<int, 3> seen{}; // good, out of range, too precise
  for (int i = 0; i < 200'000 && !HasFailure(); ++i) {
    const bool negative = below(2) == 0;
    const std::string integer =
        below(3) == 0 ? "0" : static_cast<char>('1' + below(9)) + digits(below(30));
    const std::string fraction = below(2) == 0 ? "" : digits(1 + below(14));
    const int exponent = below(2) == 0 ? 0 : below(60) - 30;
    std::string text = (negative ? "-" : "") + integer + (fraction.empty() ? "" : "." + fraction);
    if (exponent != 0 || below(8) == 0)
      text += (below(2) == 0 ? "e" : "E") + std::string(exponent >= 0 && below(2) == 0 ? "+" : "") +
              std::to_string(exponent);
    const std::string expected = by_moving_the_point(negative, integer, fraction, exponent);
    EXPECT_EQ(read(text), expected) << text << ", seed " << seed;
    ++seen[expected == "out_of_range" ? 1 : expected == "too_precise" ? 2 : 0];
  }
  for (int count : seen)
    EXPECT_GT(count, 1000);
}

} // namespace
} // namespace tradepulse
