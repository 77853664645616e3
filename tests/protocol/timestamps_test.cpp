#include "protocol/timestamps.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

// Milliseconds, or the name of the error.
std::string read(std::string_view text) {
  const auto time = parse_time(text);
  return time ? std::to_string(time->time_since_epoch().count())
              : std::string(to_string(time.failure().code));
}

time_ms at(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}

TEST(Time, ReadsIntegerMilliseconds) {
  EXPECT_EQ(read("1723161256543"), "1723161256543");
}

TEST(Time, ReadsIso8601) {
  EXPECT_EQ(read("2024-08-08T23:54:16.543Z"), "1723161256543");
  EXPECT_EQ(read("2024-08-08t23:54:16.543z"), "1723161256543");
  EXPECT_EQ(read("2024-08-08 23:54:16.543Z"), "1723161256543");
  EXPECT_EQ(read("2024-08-08T23:54:16,543Z"), "1723161256543");
  EXPECT_EQ(read("2024-08-08T23:54:16Z"), "1723161256000");
}

TEST(Time, CutsAFractionToMilliseconds) {
  EXPECT_EQ(read("2024-08-08T23:54:16.5Z"), "1723161256500");
  EXPECT_EQ(read("2024-08-08T23:54:16.54Z"), "1723161256540");
  EXPECT_EQ(read("2024-08-08T23:54:16.543999999Z"), "1723161256543");
  EXPECT_EQ(read("2024-08-08T23:54:16.0000000001Z"), "bad_time");
  EXPECT_EQ(read("2024-08-08T23:54:16.Z"), "bad_time");
}

TEST(Time, CountsAZoneIn) {
  EXPECT_EQ(read("2024-08-09T01:54:16.543+02:00"), "1723161256543");
  EXPECT_EQ(read("2024-08-08T18:24:16.543-0530"), "1723161256543");
  EXPECT_EQ(read("2024-08-08T23:54:16.543-00:00"), "1723161256543");
  EXPECT_EQ(read("2024-08-09T13:54:16.543+14:00"), "1723161256543");
}

TEST(Time, RefusesATimeWithoutAZoneOrWithABadOne) {
  for (const char* text :
       {"2024-08-08T23:54:16", "2024-08-08T23:54:16+2", "2024-08-08T23:54:16+02:60",
        "2024-08-08T23:54:16+15:00", "2024-08-08T23:54:16+02", "2024-08-08T23:54:16ZZ",
        "2024-08-08T23:54:16 Z", "2024-08-08T23:54:16UTC"})
    EXPECT_EQ(read(text), "bad_time") << text;
}

TEST(Time, KnowsLeapDays) {
  EXPECT_EQ(read("2024-02-29T00:00:00Z"), "1709164800000");
  EXPECT_EQ(read("2000-02-29T00:00:00Z"), "951782400000");
  EXPECT_EQ(read("2023-02-29T00:00:00Z"), "bad_time");
  EXPECT_EQ(read("2024-02-30T00:00:00Z"), "bad_time");
  EXPECT_EQ(read("2024-04-31T00:00:00Z"), "bad_time");
}

TEST(Time, RefusesTimesThatNoClockShows) {
  for (const char* text : {"2024-00-08T00:00:00Z", "2024-13-08T00:00:00Z", "2024-08-00T00:00:00Z",
                           "2024-08-08T24:00:00Z", "2024-08-08T00:60:00Z", "2024-08-08T00:00:60Z"})
    EXPECT_EQ(read(text), "bad_time") << text;
}

TEST(Time, IsBetween2000And2100) {
  EXPECT_EQ(read("946684800000"), "946684800000");
  EXPECT_EQ(read("946684799999"), "bad_time");
  EXPECT_EQ(read("4102444799999"), "4102444799999");
  EXPECT_EQ(read("4102444800000"), "bad_time");
  EXPECT_EQ(read("2000-01-01T00:00:00Z"), "946684800000");
  EXPECT_EQ(read("1999-12-31T23:59:59.999Z"), "bad_time");
  EXPECT_EQ(read("2099-12-31T23:59:59.999Z"), "4102444799999");
  EXPECT_EQ(read("2100-01-01T00:00:00Z"), "bad_time");
  // The zone decides, not the year that is written.
  EXPECT_EQ(read("2100-01-01T00:59:59+01:00"), "4102444799000");
  EXPECT_EQ(read("2000-01-01T00:00:00+00:01"), "bad_time");
  // Seconds and microseconds, taken for milliseconds.
  EXPECT_EQ(read("1723161256"), "bad_time");
  EXPECT_EQ(read("1723161256543000"), "bad_time");
}

TEST(Time, OfAQuestionHasAYearOfFourDigits) {
  const auto asked = [](std::string_view text) {
    const auto time = parse_asked_time(text);
    return time ? std::to_string(time->time_since_epoch().count()) : time.failure().detail;
  };
  EXPECT_EQ(asked("0"), "0");
  EXPECT_EQ(asked("1999-01-01T00:01:00Z"), "915148860000");
  EXPECT_EQ(asked("0001-01-01T00:00:00Z"), "-62135596800000");
  EXPECT_EQ(asked("9999-12-31T23:59:59.999Z"), "253402300799999");
  EXPECT_EQ(asked("253402300799999"), "253402300799999");
  const std::string beyond = "outside 0001-01-01 .. 10000-01-01";
  for (const std::string text : {"253402300800000", "1723161256543000", "0000-12-31T23:59:59Z",
                                 "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01"})
    EXPECT_EQ(asked(text), "time \"" + text + "\": " + beyond);
  EXPECT_EQ(read("915148860000"), "bad_time"); // of a record
}

TEST(Time, RefusesOtherForms) {
  for (const char* text : {"", "-1723161256543", "+1723161256543", "1723161256543.0", "1.7e12",
                           " 1723161256543", "1723161256543 ", "2024-08-08", "20240808T235416Z",
                           "2024-8-8T23:54:16Z", "08.08.2024", "yesterday", "99999999999999999999"})
    EXPECT_EQ(read(text), "bad_time") << text;
  EXPECT_EQ(parse_time("now").failure().detail,
            "time \"now\": neither integer milliseconds nor ISO-8601 with a zone");
}

TEST(Time, IsWrittenAsIso8601) {
  EXPECT_EQ(to_iso8601(at(1'723'161'256'543)), "2024-08-08T23:54:16.543Z");
  EXPECT_EQ(to_iso8601(at(946'684'800'000)), "2000-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(at(1'709'251'199'007)), "2024-02-29T23:59:59.007Z");
  EXPECT_EQ(to_iso8601(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(at(-1)), "1969-12-31T23:59:59.999Z");
}

} // namespace
} // namespace tradepulse
