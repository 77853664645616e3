#include <gtest/gtest.h>

#include "runtime/config/endpoint.hpp"
#include "runtime/config/nearest_name.hpp"
#include "runtime/config/quantities.hpp"

namespace tradepulse::config {
namespace {

std::string shown(const result<std::int64_t>& parsed) {
  return parsed ? std::to_string(*parsed) : std::string(to_string(parsed.failure().code));
}

TEST(Quantities, ReadsDurationsAsMilliseconds) {
  EXPECT_EQ(shown(parse_duration("250ms")), "250");
  EXPECT_EQ(shown(parse_duration("1 minute")), "60000");
  EXPECT_EQ(shown(parse_duration("10")), "10");
  EXPECT_EQ(shown(parse_duration("1.5s")), "1500");
  EXPECT_EQ(shown(parse_duration("2 days")), "172800000");
  EXPECT_EQ(shown(parse_duration("3h")), "10800000");
  EXPECT_EQ(shown(parse_duration("5000 us")), "5");
  EXPECT_EQ(shown(parse_duration("7000000ns")), "7");
  EXPECT_EQ(shown(parse_duration("-5s")), "-5000");
}

TEST(Quantities, RefusesDurationsThatAreNone) {
  for (const char* bad :
       {"", "s", "1 fortnight", "1S", "1 w", ".5s", "1.s", "1e3", "0x10", "--1", "1 s s", "+1"})
    EXPECT_EQ(shown(parse_duration(bad)), "bad_number") << bad;
  EXPECT_EQ(shown(parse_duration("1500us")), "too_precise");
  EXPECT_EQ(shown(parse_duration("0.0001s")), "too_precise");
  EXPECT_EQ(shown(parse_duration("106751991168d")), "out_of_range");
  EXPECT_EQ(shown(parse_duration("99999999999999999999999999d")), "out_of_range");
}

TEST(Quantities, ReadsSizesAsBytes) {
  EXPECT_EQ(shown(parse_size("64KiB")), "65536");
  EXPECT_EQ(shown(parse_size("8MB")), "8000000");
  EXPECT_EQ(shown(parse_size("8 M")), "8388608");
  EXPECT_EQ(shown(parse_size("1.5 kB")), "1500");
  EXPECT_EQ(shown(parse_size("2 gibibytes")), "2147483648");
  EXPECT_EQ(shown(parse_size("1TB")), "1000000000000");
  EXPECT_EQ(shown(parse_size("512")), "512");
  EXPECT_EQ(shown(parse_size("9223372036854775807")), "9223372036854775807");
}

TEST(Quantities, RefusesSizesThatAreNone) {
  for (const char* bad : {"", "KB", "1KB", "1 mb", "one", "1 EB"})
    EXPECT_EQ(shown(parse_size(bad)), "bad_number") << bad;
  EXPECT_EQ(shown(parse_size("0.3B")), "too_precise");
  EXPECT_EQ(shown(parse_size("9223372036854775808")), "out_of_range");
}

TEST(Quantities, ReadsIntegersExactly) {
  EXPECT_EQ(shown(parse_integer("9007199254740993")), "9007199254740993");
  EXPECT_EQ(shown(parse_integer("-1")), "-1");
  EXPECT_EQ(shown(parse_integer("9223372036854775808")), "out_of_range");
  for (const char* bad : {"", "4.5", "1e3", "+1", "1 000", "1_000", "0x1"})
    EXPECT_EQ(shown(parse_integer(bad)), "bad_number") << bad;
}

TEST(Quantities, WritesTheGreatestUnitThatStaysWhole) {
  EXPECT_EQ(format_duration(250), "250ms");
  EXPECT_EQ(format_duration(60'000), "1m");
  EXPECT_EQ(format_duration(1'500), "1500ms");
  EXPECT_EQ(format_duration(0), "0");
  EXPECT_EQ(format_size(65'536), "64KiB");
  EXPECT_EQ(format_size(256'000'000), "256MB");
  EXPECT_EQ(format_size(1), "1B");
}

TEST(Endpoint, IsAHostAndAPort) {
  EXPECT_EQ(to_string(parse_endpoint("kafka-1:9092").value()), "kafka-1:9092");
  EXPECT_EQ(parse_endpoint("[::1]:9092").value(), (endpoint{"::1", 9092}));
  EXPECT_EQ(to_string(parse_endpoint("[::1]:9092").value()), "[::1]:9092");
  for (const char* bad :
       {"", "h", "h:", ":1", "h:0", "h:65536", "h:x", "::1:9092", "a b:1", "h/:1"})
    EXPECT_FALSE(parse_endpoint(bad).has_value()) << bad;
}

TEST(NearestName, CountsWhatMustBeChanged) {
  const std::string_view names[] = {"kafka.brokers", "kafka.group_id", "postgres.port"};
  EXPECT_EQ(nearest_name("kafka.borkers", names), "kafka.brokers");
  EXPECT_EQ(nearest_name("kafka.group.id", names), "kafka.group_id");
  EXPECT_EQ(nearest_name("postgress.prt", names), "postgres.port");
}

} // namespace
} // namespace tradepulse::config
