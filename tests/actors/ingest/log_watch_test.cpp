#include "actors/ingest/log_watch.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using kind = log_verdict::kind;

applied_record record(std::int64_t offset, std::uint64_t digest) {
  applied_record out;
  out.offset = record_offset{offset};
  out.digest = digest;
  return out;
}

// The record that was asked for, as the broker has it now.
log_state log_with(std::optional<std::uint64_t> digest, std::int64_t end = 100,
                   std::string cluster = "one") {
  return {std::move(cluster), next_offset{0}, high_watermark{end}, digest};
}

struct LogWatch : testing::Test {
  LogWatch() {
    grant.next = next_offset{8};
    grant.epoch_floor = epoch{3};
    grant.cluster_id = "one";
    grant.last_applied = record(7, 70);
    watch.claimed(grant);
    watch.judge(log_with(70), start_policy::earliest);
    watch.reading();
  }
  claimed_partition grant;
  log_watch watch;
};

TEST_F(LogWatch, KeepsWhatTheClaimSaysButItsStreams) {
  grant.gen = generation{4};
  grant.journal_time = time_ms{std::chrono::milliseconds{50}};
  grant.watermark = time_ms{std::chrono::milliseconds{60}};
  grant.streams.resize(2);
  watch.claimed(grant);
  EXPECT_EQ(watch.grant().gen, generation{4});
  EXPECT_EQ(watch.grant().next, next_offset{8});
  EXPECT_EQ(watch.grant().epoch_floor, epoch{3});
  EXPECT_EQ(watch.grant().journal_time, grant.journal_time);
  EXPECT_EQ(watch.grant().watermark, grant.watermark);
  EXPECT_TRUE(watch.grant().streams.empty());
}

TEST_F(LogWatch, AsksAtFirstForTheRecordOfTheClaim) {
  EXPECT_EQ(watch.question(), std::nullopt); // nothing from before
  EXPECT_EQ(watch.question()->offset, record_offset{7});
}

TEST_F(LogWatch, HasNothingToAskWhereNothingWasEverApplied) {
  log_watch fresh;
  fresh.claimed({});
  fresh.reading();
  EXPECT_EQ(fresh.question(), std::nullopt);
  EXPECT_EQ(fresh.question(), std::nullopt);
}

TEST_F(LogWatch, AsksForWhatWasDispatchedAtTheQuestionBefore) {
  watch.question();
  watch.dispatched(record(20, 200));
  EXPECT_EQ(watch.question()->offset, record_offset{7});
  watch.dispatched(record(30, 300));
  EXPECT_EQ(watch.compare(record(7, 70), log_with(70)), std::nullopt);
  EXPECT_EQ(watch.question()->offset, record_offset{20});
}

TEST_F(LogWatch, AsksTheSameAgainWhereNobodyAnswered) {
  watch.question();
  watch.dispatched(record(20, 200));
  EXPECT_EQ(watch.question()->offset, record_offset{7});
  EXPECT_EQ(watch.question()->offset, record_offset{7});
}

TEST_F(LogWatch, SaysWhyTheLogIsAnotherOne) {
  const auto asked = record(20, 200);
  EXPECT_EQ(watch.compare(asked, log_with(200)), std::nullopt);
  EXPECT_EQ(watch.compare(asked, log_with(std::nullopt)), std::nullopt); // compacted away
  EXPECT_EQ(watch.compare(asked, log_with(200, 100, "")), std::nullopt); // a broker that is mute
  EXPECT_EQ(watch.compare(asked, log_with(201)), "record 20 became another one while it was read");
  EXPECT_EQ(watch.compare(asked, log_with(std::nullopt, 20)),
            "record 20 lies behind the end of the log");
  EXPECT_EQ(watch.compare(asked, log_with(std::nullopt, 21)), std::nullopt);
  EXPECT_EQ(watch.compare(asked, log_with(200, 100, "two")), "its cluster became two");
}

TEST_F(LogWatch, JudgesALogReplacedThatWasSeenToChangeThoughTheClaimMatchesIt) {
  ASSERT_TRUE(watch.compare(record(20, 200), log_with(201)));
  watch.claimed(grant);
  const auto verdict = watch.judge(log_with(70), start_policy::earliest);
  EXPECT_EQ(verdict.what, kind::replaced);
  EXPECT_EQ(verdict.why, "record 20 became another one while it was read");
  watch.claimed(grant); // told once
  EXPECT_EQ(watch.judge(log_with(70), start_policy::earliest).what, kind::proceed);
}

TEST_F(LogWatch, BelievesARaisedFloorThatSomebodyHasDealtWithTheChange) {
  ASSERT_TRUE(watch.compare(record(20, 200), log_with(201)));
  grant.epoch_floor = epoch{4};
  watch.claimed(grant);
  EXPECT_EQ(watch.judge(log_with(70), start_policy::earliest).what, kind::proceed);
}

TEST_F(LogWatch, TakesTheClustersIdFromTheBrokerAndElseFromTheClaim) {
  EXPECT_EQ(watch.cluster_id(), "one");
  grant.cluster_id = "stored";
  watch.claimed(grant);
  watch.judge(log_with(70, 100, ""), start_policy::earliest);
  EXPECT_EQ(watch.cluster_id(), "stored");
}

} // namespace
} // namespace tradepulse
