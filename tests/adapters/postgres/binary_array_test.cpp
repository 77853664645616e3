#include "adapters/postgres/binary_array.hpp"

#include <gtest/gtest.h>
#include <pqxx/pqxx>

#include "tests/adapters/postgres/support/test_database.hpp"

namespace tradepulse {
namespace {

using type = binary_array::type;

// What PostgreSQL makes of it, as the text of the array.
std::string as_read(binary_array& from, const std::string& name) {
  test::test_database db;
  pqxx::connection connection(connection_string(db.settings()).value());
  pqxx::nontransaction transaction(connection);
  return transaction
      .exec_params1("SELECT $1::" + name + "[]::text", pqxx::binarystring(from.take()))[0]
      .as<std::string>();
}

TEST(BinaryArray, HasNoDimensionWithoutElements) {
  EXPECT_EQ(binary_array(type::int8).take(), std::string("\0\0\0\0"
                                                         "\0\0\0\0"
                                                         "\0\0\0\x14",
                                                         12));
}

TEST(BinaryArray, WritesLengthsAndElementsInNetworkOrder) {
  binary_array a(type::int4);
  a.add_integer(258);
  EXPECT_EQ(a.take(), std::string("\0\0\0\1"   // dimensions
                                  "\0\0\0\0"   // no NULL
                                  "\0\0\0\x17" // int4
                                  "\0\0\0\1"   // elements
                                  "\0\0\0\1"   // the first is number 1
                                  "\0\0\0\4"   // bytes
                                  "\0\0\1\2",
                                  28));
}

TEST(BinaryArray, KeepsTextsWithCharactersThatATextFormWouldHaveToQuote) {
  binary_array a(type::text);
  a.add_text("NULL");
  a.add_text("a\"b\\c");
  a.add_text("");
  a.add_text("x,{y}");
  a.add_text("\xc3\xa4");
  EXPECT_EQ(as_read(a, "text"), "{\"NULL\",\"a\\\"b\\\\c\",\"\",\"x,{y}\",\xc3\xa4}");
}

TEST(BinaryArray, KeepsIntegersOfEachSize) {
  binary_array large(type::int8);
  large.add_integer(-9'223'372'036'854'775'807);
  large.add_integer(9'223'372'036'854'775'807);
  EXPECT_EQ(as_read(large, "bigint"), "{-9223372036854775807,9223372036854775807}");
  binary_array middle(type::int4);
  middle.add_integer(-1);
  middle.add_integer(2'147'483'647);
  EXPECT_EQ(as_read(middle, "int"), "{-1,2147483647}");
  binary_array small(type::int2);
  small.add_integer(3);
  small.add_integer(-32'768);
  EXPECT_EQ(as_read(small, "smallint"), "{3,-32768}");
}

TEST(BinaryArray, KeepsDecimalsExactly) {
  binary_array a(type::numeric);
  a.add_decimal(int128{0});
  a.add_decimal(int128{1});
  a.add_decimal(int128{-1});
  a.add_decimal(int128{10'000});
  a.add_decimal(int128{150'000'000});
  a.add_decimal(int128{100'000'000} * 10'000);
  a.add_decimal(int128{-100'050'000'000});
  a.add_decimal(int128{9'223'372'036'854'775'807});
  a.add_decimal(int128{1'000'000'000'000} * 100'000'000 - 1);
  a.add_decimal(int128{10'000'000'000'000'000} * 1'000'000'000'000'000'000);
  EXPECT_EQ(as_read(a, "numeric"),
            "{0.00000000,0.00000001,-0.00000001,0.00010000,1.50000000,10000.00000000,"
            "-1000.50000000,92233720368.54775807,999999999999.99999999,"
            "100000000000000000000000000.00000000}");
}

TEST(BinaryArray, ShowsAbsentElementsAsNullUpToTheLastThatIsThere) {
  binary_array a(type::int8);
  a.add_absent();
  a.add_absent();
  a.add_integer(7);
  a.add_absent();
  a.add_integer(8);
  a.add_absent();
  EXPECT_EQ(as_read(a, "bigint"), "{NULL,NULL,7,NULL,8}");
}

TEST(BinaryArray, IsEmptyWhereAllElementsAreAbsent) {
  binary_array a(type::text);
  a.add_absent();
  a.add_absent();
  EXPECT_EQ(as_read(a, "text"), "{}");
}

} // namespace
} // namespace tradepulse
