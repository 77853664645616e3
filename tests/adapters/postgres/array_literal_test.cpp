#include "adapters/postgres/array_literal.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

TEST(ArrayLiteral, IsEmptyBracesWithoutElements) {
  EXPECT_EQ(array_literal{}.take(), "{}");
}

TEST(ArrayLiteral, QuotesTextsSoThatNoneIsTakenForNull) {
  array_literal a;
  a.add_text("NULL");
  a.add_text("a\"b\\c");
  a.add_text("");
  a.add_text("x,{y}");
  EXPECT_EQ(a.take(), R"({"NULL","a\"b\\c","","x,{y}"})");
}

TEST(ArrayLiteral, WritesNumbersAndNulls) {
  array_literal a;
  a.add_integer(std::int64_t{-9'223'372'036'854'775'807});
  a.add_null();
  a.add_integer(std::optional<std::int64_t>{});
  a.add_integer(std::optional<std::int64_t>{7});
  a.add_decimal(int128{9'223'372'036'854'775'807});
  EXPECT_EQ(a.take(), "{-9223372036854775807,NULL,NULL,7,92233720368.54775807}");
}

} // namespace
} // namespace tradepulse
