#include "actors/distribution/resume_reason.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::named;
using samples::pos;

const stream_key longest{named("12345678901234567890123456789012"),
                         stream_kind::kline(kline_interval::m15)};

TEST(ResumeReason, NamesTheStreamWhereItIsNotThePrice) {
  EXPECT_EQ(resume_reason({named("A"), stream_kind::trade}, pos(2, 41)),
            R"({"retry_after_ms":1000,"symbol":"A","stream":"trade","epoch":2,"seq":41})");
  EXPECT_EQ(resume_reason(named("A"), pos(2, 41)),
            R"({"retry_after_ms":1000,"symbol":"A","epoch":2,"seq":41})");
}

TEST(ResumeReason, NamesTheTimeWhereThePositionIsNotKnown) {
  EXPECT_EQ(resume_reason({named("A"), stream_kind::quote}, samples::at(1'723'161'256'543)),
            R"({"retry_after_ms":1000,"symbol":"A","stream":"quote","time":1723161256543})");
}

TEST(ResumeReason, IsWholeInACloseFrameHoweverLongItsNumbers) {
  EXPECT_EQ(resume_reason(longest, pos(123'456, 123'456'789'012)).size(), 122u);
  const auto biggest = resume_reason(longest, pos(INT64_MAX, INT64_MAX));
  EXPECT_EQ(biggest, R"({"symbol":"12345678901234567890123456789012","stream":"kline_15m",)"
                     R"("epoch":9223372036854775807,"seq":9223372036854775807})");
  EXPECT_LE(biggest.size(), 123u);
}

} // namespace
} // namespace tradepulse
