#include "actors/market/symbol_state_of.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::costs;
using samples::named;
using samples::pos;

const topic_partition home{"ticks", 0};
const topic_partition other{"ticks", 1};

struct SymbolState : testing::Test {
  // One range with `count` ticks of the symbol; prices are offset + 100.
  symbol_state::outcome apply(std::int64_t first, std::int64_t count, topic_partition from = home,
                              epoch floor = epoch{1}) {
    auto batch = std::make_shared<record_batch>();
    batch->source = from;
    range = std::make_shared<ingest_range>();
    range->batch = batch;
    range->floor = floor;
    for (auto i = first; i < first + count; ++i)
      range->ticks.push_back(samples::tick_at(i, 100 + i, i));
    ingest_range::slot slot;
    slot.symbol = named("A");
    slot.count = static_cast<std::uint32_t>(count);
    range->slots.push_back(slot);
    auto done = state.apply(*range, range->slots[0], room);
    if (done.events)
      done.bursts.push_back(state.burst_of(done, room));
    return done;
  }
  static stored_stream stored(stream_position at, std::int64_t whole) {
    stored_stream out;
    out.symbol = named("A");
    out.position = at;
    out.snapshot = samples::snapshot("A", at, whole, 0);
    out.home = home;
    return out;
  }
  price_state state{named("A"), stream_index{7}, 4};
  event_room room;
  std::shared_ptr<ingest_range> range;
};

TEST_F(SymbolState, PublishesAtOnceAndWritesItsRow) {
  auto done = apply(0, 3);
  ASSERT_EQ(done.bursts.size(), 1u);
  EXPECT_EQ(done.bursts[0]->index(), stream_index{7});
  EXPECT_EQ(done.bursts[0]->epoch(), epoch{1});
  EXPECT_EQ(done.bursts[0]->first(), sequence{1});
  EXPECT_EQ(done.bursts[0]->last(), sequence{3});
  ASSERT_TRUE(done.published);
  EXPECT_EQ(done.published->position, pos(1, 3));
  EXPECT_EQ(range->slots[0].row.position, pos(1, 3));
  EXPECT_EQ(range->slots[0].row.snapshot->price, costs(102));
  EXPECT_FALSE(range->slots[0].began_epoch);
}

TEST_F(SymbolState, HoldsBackTheEventsOfAnEpochThatItBegan) {
  apply(0, 3);
  auto moved = apply(0, 2, other);
  EXPECT_TRUE(moved.bursts.empty());
  EXPECT_FALSE(moved.published);
  EXPECT_TRUE(range->slots[0].began_epoch);
  EXPECT_EQ(range->slots[0].row.position, pos(2, 2)); // the row is written all the same
  auto next = apply(2, 1, other);
  EXPECT_TRUE(next.bursts.empty()); // behind what is held
  EXPECT_FALSE(range->slots[0].began_epoch);
  EXPECT_EQ(state.published()->position, pos(1, 3));
}

TEST_F(SymbolState, PublishesWhatItHeldInOrderWhenTheEpochIsCommitted) {
  apply(0, 3);
  apply(0, 2, other);
  apply(2, 1, other);
  auto done = state.commit_epoch(epoch{2});
  ASSERT_EQ(done.bursts.size(), 2u);
  EXPECT_EQ(done.bursts[0]->first(), sequence{1});
  EXPECT_EQ(done.bursts[1]->first(), sequence{3});
  EXPECT_EQ(done.published->position, pos(2, 3));
  EXPECT_EQ(apply(3, 1, other).bursts.size(), 1u); // from now on at once
}

TEST_F(SymbolState, KeepsHoldingWhatBelongsToALaterEpoch) {
  apply(0, 1);
  apply(0, 1, other); // epoch 2
  apply(1, 1, home);  // epoch 3
  EXPECT_TRUE(state.commit_epoch(epoch{1}).bursts.empty());
  auto done = state.commit_epoch(epoch{2});
  ASSERT_EQ(done.bursts.size(), 1u);
  EXPECT_EQ(done.bursts[0]->epoch(), epoch{2});
  EXPECT_EQ(state.commit_epoch(epoch{3}).bursts.size(), 1u);
}

TEST_F(SymbolState, PublishesTheFirstEventOfARaisedFloorAtOnce) {
  apply(0, 1);
  auto done = apply(1, 1, home, epoch{5});
  ASSERT_EQ(done.bursts.size(), 1u);
  EXPECT_EQ(done.bursts[0]->epoch(), epoch{5});
}

TEST_F(SymbolState, NeverGoesBackWhileItReadsAgainWhatItHadPublished) {
  apply(0, 5); // published 1/5, of which the database has 1/2
  auto restored = state.restore(stored(pos(1, 2), 101), state.published());
  EXPECT_FALSE(restored.moved);
  EXPECT_EQ(state.published()->position, pos(1, 5));
  auto again = apply(2, 2);
  ASSERT_EQ(again.bursts.size(), 1u); // subscriptions judge it by their own positions
  EXPECT_EQ(again.bursts[0]->first(), sequence{3});
  EXPECT_EQ(again.bursts[0]->last(), sequence{4});
  EXPECT_FALSE(again.published);
  EXPECT_EQ(state.published()->position, pos(1, 5));
  auto beyond = apply(4, 2);
  ASSERT_TRUE(beyond.published);
  EXPECT_EQ(beyond.published->position, pos(1, 6));
}

TEST_F(SymbolState, KeepsEachEventOnceInItsRingWhileItReadsAgain) {
  apply(0, 3);
  state.restore(stored(pos(1, 1), 100), state.published());
  apply(1, 3); // 2, 3 again and 4
  ASSERT_EQ(state.ring().size(), 4u);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(state.ring().at(i).seq.value(), static_cast<std::int64_t>(i) + 1);
}

TEST_F(SymbolState, EmptiesItsRingAndTellsTheMoveWhereTheDatabaseIsAhead) {
  apply(0, 3);
  auto restored = state.restore(stored(pos(1, 9), 777), state.published());
  ASSERT_TRUE(restored.moved);
  EXPECT_EQ(restored.moved->position, pos(1, 9));
  EXPECT_EQ(price_of(restored.moved.get())->price, costs(777));
  EXPECT_EQ(state.ring().size(), 0u);
  auto next = apply(20, 1);
  EXPECT_EQ(next.bursts[0]->first(), sequence{10});
}

TEST_F(SymbolState, TellsNoMoveWhereTheDatabaseIsWhereItWas) {
  apply(0, 3);
  EXPECT_FALSE(state.restore(stored(pos(1, 3), 102), state.published()).moved);
  EXPECT_EQ(state.ring().size(), 3u);
}

// Who has caught up with what was read again so far would wait for the rest in vain, were it stored
// by now.
TEST_F(SymbolState, SaysThatAClaimHasComeBehindAnother) {
  EXPECT_FALSE(state.restore({}, state.published()).claimed_again);
  apply(0, 5);
  EXPECT_TRUE(state.restore(stored(pos(1, 2), 101), state.published()).claimed_again);
  apply(2, 1);
  const auto restored = state.restore(stored(pos(1, 5), 104), state.published());
  EXPECT_FALSE(restored.moved);
  EXPECT_TRUE(restored.claimed_again);
  EXPECT_FALSE(state.restore(stored(pos(1, 9), 104), state.published()).claimed_again); // moved
}

TEST_F(SymbolState, ForgetsWhatItHeldWhenItIsRestored) {
  apply(0, 3);
  apply(0, 2, other); // epoch 2, held
  state.restore(stored(pos(1, 3), 102), state.published());
  EXPECT_TRUE(state.commit_epoch(epoch{2}).bursts.empty());
  EXPECT_EQ(apply(3, 1).bursts.size(), 1u);
}

TEST_F(SymbolState, TakesThePublishedPositionOfTheActorBeforeIt) {
  auto published =
      std::make_shared<const price_snapshot>(samples::snapshot("A", pos(1, 5), 104, 4));
  state.restore(stored(pos(1, 2), 101), published);
  auto again = apply(2, 2); // 3 and 4
  EXPECT_FALSE(again.published);
  EXPECT_EQ(state.ring().size(), 0u); // they were in the ring that is gone: no hole inside it
  EXPECT_EQ(apply(4, 2).published->position, pos(1, 6));
  EXPECT_EQ(state.ring().size(), 1u);
}

TEST_F(SymbolState, CountsLateEvents) {
  apply(10, 1);
  EXPECT_EQ(apply(3, 2).late, 2u);
  EXPECT_EQ(apply(11, 1).late, 0u);
}

TEST_F(SymbolState, KeepsWhatItPublishedForThoseWhoLookAtIt) {
  const auto seen = apply(0, 1).published;
  const auto seen_too = apply(1, 1).published;
  for (std::int64_t i = 2; i < 10; ++i)
    apply(i, 1);
  EXPECT_EQ(seen->position, pos(1, 1));
  EXPECT_EQ(price_of(seen.get())->price, costs(100));
  EXPECT_EQ(seen_too->position, pos(1, 2));
  EXPECT_EQ(state.published()->position, pos(1, 10));
}

TEST_F(SymbolState, UsesTheMemoryOfASnapshotAgainThatNobodyLooksAtAnyMore) {
  const auto* first = apply(0, 1).published.get();
  const auto* second = apply(1, 1).published.get();
  EXPECT_NE(first, second);
  EXPECT_EQ(apply(2, 1).published.get(), first);
  EXPECT_EQ(apply(3, 1).published.get(), second);
  state.rest();
  EXPECT_EQ(apply(4, 1).published->position, pos(1, 5));
}

} // namespace
} // namespace tradepulse
