#include "actors/ingest/log_end.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

log_state log_to(std::int64_t end, std::optional<std::int64_t> first_from = {},
                 std::int64_t begin = 0) {
  log_state out{"one", next_offset{begin}, high_watermark{end}, {}, {}};
  if (first_from)
    out.first_from = record_offset{*first_from};
  return out;
}

struct LogEnd : testing::Test {
  LogEnd() { end.seen(high_watermark{10}); }
  log_end end;
};

TEST_F(LogEnd, IsReachedByTheRecordBeforeIt) {
  EXPECT_FALSE(end.is_reached(next_offset{9}));
  EXPECT_TRUE(end.is_reached(next_offset{10}));
  EXPECT_TRUE(end.is_reached(next_offset{11}));
  EXPECT_FALSE(end.question(next_offset{10}));
  end.reached();
  EXPECT_FALSE(end.is_reached(next_offset{11}));
  EXPECT_FALSE(end.question(next_offset{5}));
}

TEST_F(LogEnd, IsWhereTheLastRecordIsWhenNothingLiesBehindIt) {
  EXPECT_EQ(end.question(next_offset{8}), record_offset{8});
  end.answered(log_to(10));
  EXPECT_TRUE(end.is_reached(next_offset{8}));
}

TEST_F(LogEnd, IsNotMovedByWhatCameLater) {
  ASSERT_TRUE(end.question(next_offset{8}));
  end.answered(log_to(20, 10));
  EXPECT_TRUE(end.is_reached(next_offset{8}));
}

TEST_F(LogEnd, IsAskedForOnceForEachRecordThatWillCome) {
  ASSERT_TRUE(end.question(next_offset{3}));
  EXPECT_FALSE(end.question(next_offset{3})); // the answer is due
  end.answered(log_to(10, 5));
  EXPECT_FALSE(end.is_reached(next_offset{3}));
  EXPECT_FALSE(end.question(next_offset{3}));
  EXPECT_FALSE(end.question(next_offset{5}));
  EXPECT_EQ(end.question(next_offset{6}), record_offset{6});
}

TEST_F(LogEnd, IsAskedForAgainWithoutAnAnswer) {
  ASSERT_TRUE(end.question(next_offset{8}));
  end.answered(error{errc::log_unavailable, "no answer"});
  EXPECT_FALSE(end.is_reached(next_offset{8}));
  EXPECT_TRUE(end.question(next_offset{8}));
}

TEST_F(LogEnd, IsNotSaidByALogThatHasLostWhatTheClaimSaw) {
  ASSERT_TRUE(end.question(next_offset{8}));
  end.answered(log_to(9));
  EXPECT_FALSE(end.is_reached(next_offset{8}));
  ASSERT_TRUE(end.question(next_offset{8}));
  end.answered(log_to(20, {}, 9));
  EXPECT_FALSE(end.is_reached(next_offset{8}));
}

TEST_F(LogEnd, IsOfTheClaimThatAsks) {
  ASSERT_TRUE(end.question(next_offset{3}));
  end.answered(log_to(10, 5));
  ASSERT_FALSE(end.question(next_offset{3}));
  end.claimed();
  EXPECT_TRUE(end.question(next_offset{3}));
  end.claimed();
  end.answered(log_to(10)); // of the claim before
  EXPECT_FALSE(end.is_reached(next_offset{3}));
}

} // namespace
} // namespace tradepulse
