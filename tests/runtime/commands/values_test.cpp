#include "runtime/commands/values.hpp"

#include <gtest/gtest.h>

#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/progress.hpp"

namespace tradepulse {
namespace {

using namespace std::chrono_literals;

TEST(Duration, HasAUnit) {
  EXPECT_EQ(commands::parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(commands::parse_duration("20s").value(), 20s);
  EXPECT_EQ(commands::parse_duration("5m").value(), 5min);
  EXPECT_EQ(commands::parse_duration("2h").value(), 2h);
}

TEST(Duration, IsRefusedWithoutOneAndOutOfRange) {
  for (const char* text : {"", "20", "s", "-1s", "0s", "1.5", "367d", "99999999999999999999h"})
    EXPECT_FALSE(commands::parse_duration(text).has_value()) << text;
}

TEST(ExitCode, TellsDependenciesConfigurationAndUsageApart) {
  EXPECT_EQ(exit_code_of(errc::log_unavailable), exit_code::unavailable);
  EXPECT_EQ(exit_code_of(errc::database_unavailable), exit_code::unavailable);
  EXPECT_EQ(exit_code_of(errc::database_refused), exit_code::unavailable);
  EXPECT_EQ(exit_code_of(errc::configuration), exit_code::configuration);
  EXPECT_EQ(exit_code_of(errc::internal), exit_code::internal);
  EXPECT_EQ(exit_code_of(errc::io), exit_code::usage);
  EXPECT_EQ(exit_code_of(errc::bad_request), exit_code::usage);
  EXPECT_EQ(static_cast<int>(exit_code::clean), 0);
  EXPECT_EQ(static_cast<int>(exit_code::usage), 64);
  EXPECT_EQ(static_cast<int>(exit_code::unavailable), 69);
  EXPECT_EQ(static_cast<int>(exit_code::internal), 70);
  EXPECT_EQ(static_cast<int>(exit_code::configuration), 78);
}

TEST(Progress, ShowsRatePositionAndTimeLeft) {
  EXPECT_EQ(to_text({12'345, 250, 1000, 3s}), "12,345 records, 4,115/s, 25.0 %, 0:09 left");
  EXPECT_EQ(to_text({1'000'000, 1, 7201, 1s}),
            "1,000,000 records, 1,000,000/s, 0.0 %, 2:00:00 left");
}

TEST(Progress, SaysNothingOfAnEndItDoesNotKnow) {
  EXPECT_EQ(to_text({100, 0, 0, 10s}), "100 records, 10/s");
}

} // namespace
} // namespace tradepulse
