#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/commands/offset_choice.hpp"
#include "runtime/commands/offsets_table.hpp"

namespace tradepulse {
namespace {

using commands::offset_target;
using testing::HasSubstr;

const topic_partition source{"price-ticks", 3};

offsets_line a_line() {
  partition_row row;
  row.source = source;
  row.gen = generation(4);
  row.owner = "node-a";
  row.next = next_offset(100);
  row.epoch_floor = epoch(2);
  row.cluster_id = "c1";
  row.last_applied = applied_record{record_offset(99), 7};
  row.updated_at = time_ms{std::chrono::milliseconds(1'723'161'256'543)};
  return {source, row, log_state{"c1", next_offset(10), high_watermark(130), 7}, false};
}

TEST(DigestState, MatchesWhereTheRecordIsTheOneThatWasApplied) {
  EXPECT_EQ(judge_digest(a_line()), digest_state::matches);
}

TEST(DigestState, DiffersWhereAnotherRecordStandsThere) {
  auto line = a_line();
  line.log->digest = 8;
  EXPECT_EQ(judge_digest(line), digest_state::differs);
}

TEST(DigestState, IsGoneWithItsRecord) {
  auto line = a_line();
  line.log->digest.reset();
  EXPECT_EQ(judge_digest(line), digest_state::gone);
}

TEST(DigestState, KnowsAnotherLog) {
  auto shorter = a_line();
  shorter.log->end = high_watermark(99);
  EXPECT_EQ(judge_digest(shorter), digest_state::other_log);
  auto elsewhere = a_line();
  elsewhere.log->cluster_id = "c2";
  EXPECT_EQ(judge_digest(elsewhere), digest_state::other_log);
}

TEST(DigestState, DoesNotSayWhatIsNotKnown) {
  auto without_log = a_line();
  without_log.log.reset();
  EXPECT_EQ(judge_digest(without_log), digest_state::unknown);
  without_log.missing_in_log = true;
  EXPECT_EQ(judge_digest(without_log), digest_state::missing);
  auto never_applied = a_line();
  never_applied.stored->last_applied.reset();
  EXPECT_EQ(judge_digest(never_applied), digest_state::none);
  auto never_claimed = a_line();
  never_claimed.stored.reset();
  EXPECT_EQ(judge_digest(never_claimed), digest_state::none);
}

TEST(OffsetsTable, HasARowForEachPartition) {
  auto unclaimed = a_line();
  unclaimed.source.partition = 12;
  unclaimed.stored.reset();
  EXPECT_EQ(offsets_table({a_line(), unclaimed}),
            "TOPIC        PARTITION  STORED  GENERATION  OWNER   EPOCH-FLOOR  DIGEST   LOG-START  "
            "LOG-END  LAG"
            "  UPDATED\n"
            "price-ticks          3     100           4  node-a            2  matches         10   "
            "   130   30"
            "  2024-08-08T23:54:16.543Z\n"
            "price-ticks         12       -           -  -                 -  none            10   "
            "   130    -"
            "  -\n");
}

TEST(OffsetChoice, TakesTheEndsFromTheLog) {
  const log_state log{"c", next_offset(10), high_watermark(130), {}};
  EXPECT_EQ(choose_offset(source, {offset_target::place::earliest, 0}, false, log).value().value(),
            10);
  EXPECT_EQ(choose_offset(source, {offset_target::place::latest, 0}, false, log).value().value(),
            130);
}

TEST(OffsetChoice, TakesANumberWithinTheLog) {
  const log_state log{"c", next_offset(10), high_watermark(130), {}};
  for (std::int64_t offset : {10, 77, 130})
    EXPECT_EQ(choose_offset(source, {offset_target::place::at, offset}, false, log).value().value(),
              offset);
}

TEST(OffsetChoice, RefusesANumberOutsideUnlessForced) {
  const log_state log{"c", next_offset(10), high_watermark(130), {}};
  for (std::int64_t offset : {0, 9, 131}) {
    const auto chosen = choose_offset(source, {offset_target::place::at, offset}, false, log);
    ASSERT_FALSE(chosen.has_value());
    EXPECT_EQ(chosen.failure().code, errc::out_of_range);
    EXPECT_THAT(chosen.failure().detail, HasSubstr("from 10 to 130"));
    EXPECT_EQ(choose_offset(source, {offset_target::place::at, offset}, true, log).value().value(),
              offset);
  }
}

TEST(OffsetChoice, AsksTheLogUnlessANumberIsForced) {
  EXPECT_TRUE(asks_log({offset_target::place::at, 5}, false));
  EXPECT_FALSE(asks_log({offset_target::place::at, 5}, true));
  EXPECT_TRUE(asks_log({offset_target::place::latest, 0}, true));
}

} // namespace
} // namespace tradepulse
