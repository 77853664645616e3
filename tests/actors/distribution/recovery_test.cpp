#include "actors/distribution/recovery.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/samples.hpp"
#include "tests/actors/support/streams.hpp"

// Of a stream of which nothing can be shown, because the database has refused its rows.
namespace tradepulse {
namespace {

using samples::pos;
using next = recovery::next;

// As memory knows it behind a restart.
recalled_events known_up_to(stream_position at) {
  recalled_events out;
  out.highest = out.newest = at;
  out.from = {at.epoch, sequence{at.seq.value() + 1}};
  out.settled = out.final_below = true;
  return out;
}

TEST(RecoveryOfWhatIsNotShown, BelievesAPositionThatTheStreamHasReached) {
  const auto found = known_up_to(pos(1, 5));
  recovery way(since_point(pos(1, 5)), true);
  EXPECT_FALSE(way.open(found).refused);
  way.asked();
  way.recalled(found);
  EXPECT_EQ(way.due(), next::live);
  EXPECT_EQ(way.position(), pos(1, 5));
}

TEST(RecoveryOfWhatIsNotShown, RefusesAPositionAboveIt) {
  recovery way(since_point(pos(1, 6)), true);
  EXPECT_TRUE(way.open(known_up_to(pos(1, 5))).refused);
}

TEST(RecoveryOfWhatIsNotShown, AnnouncesAHoleWithoutASnapshotWhereThereIsNoJournal) {
  const auto found = known_up_to(pos(1, 5));
  recovery way(since_point(pos(1, 3)), false);
  EXPECT_EQ(way.open(found).lost, 2);
  way.asked();
  way.recalled(found);
  ASSERT_EQ(way.due(), next::ask_memory);
  way.asked();
  way.recalled(found);
  ASSERT_EQ(way.due(), next::write);
  const auto& hole = std::get<recovery::hole>(way.front());
  EXPECT_EQ(hole.to, pos(1, 5));
  EXPECT_EQ(hole.snapshot, nullptr);
  way.taken();
  EXPECT_EQ(way.due(), next::live);
}

// A stream of candles has an epoch before its first candle closes, and a server that was lost may
// have been the only one that knew it.
TEST(RecoveryBeforeTheFirstEvent, BelievesThatNothingHasBeenSeenOfAStreamThatNobodyKnows) {
  recalled_events nothing;
  nothing.settled = nothing.final_below = true;
  recovery way(since_point(pos(1, 0)), true);
  const auto opened = way.open(nothing);
  EXPECT_FALSE(opened.refused);
  EXPECT_EQ(opened.from, pos(1, 1));
  EXPECT_EQ(opened.to, pos(1, 0));
  EXPECT_EQ(opened.lost, 0);
  way.asked();
  way.recalled(nothing);
  EXPECT_EQ(way.due(), next::live);
  EXPECT_EQ(way.position(), pos(1, 0));
  EXPECT_FALSE(way.unsettled());
}

TEST(RecoveryBeforeTheFirstEvent, RefusesALaterEpochThatNobodyKnows) {
  recalled_events nothing;
  nothing.settled = nothing.final_below = true;
  EXPECT_TRUE(recovery(since_point(pos(2, 0)), true).open(nothing).refused);
  EXPECT_TRUE(recovery(since_point(pos(1, 1)), true).open(nothing).refused);
}

// A server that lacks the row that the claim has read is not the one that is written to.
TEST(RecoveryBeforeTheFirstEvent, AsksTheJournalForWhatTheClaimHasFound) {
  const auto committed = [](stream_position restored, bool settled) {
    auto found = known_up_to(pos(2, 0));
    found.restored = restored;
    found.settled = found.final_below = settled;
    recovery way(since_point(pos(1, 3)), true);
    way.open(found);
    way.asked();
    way.recalled(found);
    EXPECT_EQ(way.due(), next::read_journal);
    return way.committed();
  };
  EXPECT_EQ(committed(pos(2, 0), true), pos(2, 0));
  EXPECT_EQ(committed(pos(1, 5), true), pos(1, 5)); // the epoch has begun since
  EXPECT_EQ(committed({}, true), std::nullopt);
  EXPECT_EQ(committed(pos(1, 0), true), std::nullopt); // no row says so
  EXPECT_EQ(committed(pos(1, 5), false), std::nullopt);
}

// A read is shared by all who ask behind one position, also by those who ask for more.
TEST(RecoveryFromTheJournal, TakesNothingOfAnEpochThatItsReadDoesNotEndIn) {
  recalled_events found;
  found.highest = pos(2, 4);
  found.newest = pos(1, 8); // of the home before the move, which has not committed these
  found.from = pos(1, 6);
  recovery way(since_point(pos(1, 3)), true);
  way.open(found);
  way.asked();
  way.recalled(found);
  ASSERT_EQ(way.due(), next::read_journal);
  EXPECT_EQ(way.through(), pos(1, 5));
  way.asked();
  history_page shared;
  shared.bursts = {samples::burst(0, "A", 1, 4, 5), samples::burst(0, "A", 2, 1, 4)};
  way.read(shared);
  ASSERT_EQ(way.due(), next::write);
  way.taken();
  EXPECT_EQ(way.position(), pos(1, 5));
  EXPECT_EQ(way.due(), next::ask_memory);
}

} // namespace
} // namespace tradepulse
