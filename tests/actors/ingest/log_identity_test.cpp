#include "actors/ingest/log_identity.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using kind = log_verdict::kind;

// Stored: everything below 100 is applied, the last record was 99 with digest 7, in cluster "c".
claimed_partition stored() {
  claimed_partition out;
  out.source = {"ticks", 0};
  out.gen = generation{3};
  out.next = next_offset{100};
  out.cluster_id = "c";
  out.last_applied = applied_record{record_offset{99}, 7};
  return out;
}
// The log as it should be: [10, 200), record 99 unchanged.
log_state log_now() {
  return {"c", next_offset{10}, high_watermark{200}, 7};
}
log_verdict judge(const claimed_partition& s, const log_state& l,
                  start_policy start = start_policy::earliest) {
  return judge_log(s, l, start);
}

TEST(LogIdentity, GoesOnWhereTheCheckedRecordIsTheSame) {
  const auto verdict = judge(stored(), log_now());
  EXPECT_EQ(verdict.what, kind::proceed);
  EXPECT_EQ(verdict.next, next_offset{100});
}

TEST(LogIdentity, GoesOnAtTheVeryEndOfTheLog) {
  auto log = log_now();
  log.end = high_watermark{100};
  EXPECT_EQ(judge(stored(), log).what, kind::proceed);
}

TEST(LogIdentity, IsUnverifiedWhereOnlyTheCheckedRecordIsGone) {
  auto log = log_now();
  log.digest.reset();
  log.begin = next_offset{100}; // next_offset itself can still be read
  const auto verdict = judge(stored(), log);
  EXPECT_EQ(verdict.what, kind::unverified);
  EXPECT_EQ(verdict.next, next_offset{100});
}

TEST(LogIdentity, IsUnverifiedWhereTheCheckedRecordWasCompactedAway) {
  auto log = log_now();
  log.digest.reset();
  EXPECT_EQ(judge(stored(), log).what, kind::unverified);
}

TEST(LogIdentity, IsNotDoubtedWhereTheBrokerDoesNotSayItsCluster) {
  auto log = log_now();
  log.cluster_id.clear();
  EXPECT_EQ(judge(stored(), log).what, kind::proceed);
}

TEST(LogIdentity, CountsTheRecordsThatExpiredUnreadAndGoesOnAtTheLogsStart) {
  auto log = log_now();
  log.digest.reset();
  log.begin = next_offset{130};
  const auto verdict = judge(stored(), log);
  EXPECT_EQ(verdict.what, kind::expired);
  EXPECT_EQ(verdict.next, next_offset{130});
  EXPECT_EQ(verdict.count, 30);
}

TEST(LogIdentity, TellsAnotherDigestAsAReplacedLog) {
  auto log = log_now();
  log.digest = 8;
  const auto verdict = judge(stored(), log);
  EXPECT_EQ(verdict.what, kind::replaced);
  EXPECT_EQ(verdict.next, next_offset{10}); // where `new_epoch` would read from
  EXPECT_NE(verdict.why.find("99"), std::string::npos) << verdict.why;
}

TEST(LogIdentity, TellsAnotherClusterAsAReplacedLogEvenWithTheSameRecord) {
  auto log = log_now();
  log.cluster_id = "d";
  EXPECT_EQ(judge(stored(), log).what, kind::replaced);
}

TEST(LogIdentity, TellsAnotherClusterAsAReplacedLogRatherThanAsAnExpiredOne) {
  auto log = log_now();
  log.cluster_id = "d";
  log.begin = next_offset{130};
  log.digest.reset();
  EXPECT_EQ(judge(stored(), log).what, kind::replaced);
}

TEST(LogIdentity, TellsAnEndBelowNextOffsetAsAReplacedLog) {
  auto log = log_now();
  log.end = high_watermark{99};
  log.digest.reset();
  const auto verdict = judge(stored(), log);
  EXPECT_EQ(verdict.what, kind::replaced);
  EXPECT_NE(verdict.why.find("99"), std::string::npos) << verdict.why;
  EXPECT_NE(verdict.why.find("100"), std::string::npos) << verdict.why;
}

TEST(LogIdentity, DoesNotCompareAClusterThatWasNeverStored) {
  auto s = stored();
  s.cluster_id.clear();
  EXPECT_EQ(judge(s, log_now()).what, kind::proceed);
}

TEST(LogIdentity, GoesOnWhereNothingWasEverApplied) {
  auto s = stored();
  s.last_applied.reset();
  auto log = log_now();
  log.digest.reset();
  EXPECT_EQ(judge(s, log).what, kind::proceed);
}

TEST(LogIdentity, StillCountsExpiredRecordsWhereNothingWasEverApplied) {
  auto s = stored();
  s.last_applied.reset();
  auto log = log_now();
  log.digest.reset();
  log.begin = next_offset{101};
  const auto verdict = judge(s, log);
  EXPECT_EQ(verdict.what, kind::expired);
  EXPECT_EQ(verdict.count, 1);
}

TEST(LogIdentity, StartsANewPartitionAtItsFirstRecord) {
  auto s = stored();
  s.next.reset();
  s.last_applied.reset();
  const auto verdict = judge(s, log_now());
  EXPECT_EQ(verdict.what, kind::first_seen);
  EXPECT_EQ(verdict.next, next_offset{10});
}

TEST(LogIdentity, StartsANewPartitionBehindItsLastRecordWhereLatestIsAsked) {
  auto s = stored();
  s.next.reset();
  s.last_applied.reset();
  const auto verdict = judge(s, log_now(), start_policy::latest);
  EXPECT_EQ(verdict.what, kind::first_seen);
  EXPECT_EQ(verdict.next, next_offset{200});
}

} // namespace
} // namespace tradepulse
