#include "adapters/postgres/numeric_text.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

constexpr int128 greatest = ((int128{1} << 126) - 1) * 2 + 1;

TEST(NumericText, IsReadInUnitsOfItsPlaces) {
  EXPECT_TRUE(units_of_numeric("0", 8) == int128{0});
  EXPECT_TRUE(units_of_numeric("1", 8) == int128{100'000'000});
  EXPECT_TRUE(units_of_numeric("-12.5", 8) == int128{-1'250'000'000});
  EXPECT_TRUE(units_of_numeric("0.00000001", 8) == int128{1});
  EXPECT_TRUE(units_of_numeric("0.0000000000000001", 16) == int128{1});
  EXPECT_TRUE(units_of_numeric("2.0000000000000003", 16) == int128{20'000'000'000'000'003});
}

TEST(NumericText, ZerosBehindThePlacesAreNoLoss) {
  EXPECT_TRUE(units_of_numeric("1.5000000000000000", 8) == int128{150'000'000});
  EXPECT_FALSE(units_of_numeric("1.000000001", 8));
}

TEST(NumericText, HoldsAnyInt128AndNothingBeyond) {
  EXPECT_TRUE(units_of_numeric("17014118346046923173168.7303715884105727", 16) == greatest);
  EXPECT_FALSE(units_of_numeric("17014118346046923173168.7303715884105728", 16));
  EXPECT_TRUE(units_of_numeric("-17014118346046923173168.7303715884105728", 16) == -greatest - 1);
  EXPECT_FALSE(units_of_numeric("-17014118346046923173168.7303715884105729", 16));
  EXPECT_FALSE(units_of_numeric("999999999999999999999999999999999999999999", 8));
}

TEST(NumericText, OtherFormsAreNone) {
  for (const auto* text : {"", "-", ".", "NaN", "Infinity", "-Infinity", "1e3", "+1", " 1", "1 ",
                           "1.2.3", "--1", "0x10"})
    EXPECT_FALSE(units_of_numeric(text, 8)) << text;
}

} // namespace
} // namespace tradepulse
