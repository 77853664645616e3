#include <gtest/gtest.h>

#include "actors/market/symbol_state_of.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::costs;
using samples::named;
using samples::pos;

const topic_partition home{"ticks", 0};
const topic_partition other{"ticks", 1};

struct SymbolRecall : testing::Test {
  // The ticks of offsets [first, first + count); prices are offset + 100, times the offset.
  // The range waits while it is kept.
  std::shared_ptr<ingest_range> apply(symbol_state& to, std::int64_t first, std::int64_t count,
                                      epoch floor = epoch{1}, const topic_partition& from = home) {
    auto batch = std::make_shared<record_batch>();
    batch->source = from;
    auto range = std::make_shared<ingest_range>();
    range->batch = batch;
    range->floor = floor;
    for (auto i = first; i < first + count; ++i)
      range->ticks.push_back(samples::tick_at(i, 100 + i, i));
    ingest_range::slot slot;
    slot.symbol = named("A");
    slot.count = static_cast<std::uint32_t>(count);
    range->slots.push_back(slot);
    to.apply(*range, range->slots[0], room);
    return range;
  }
  static stored_stream stored(stream_position at) {
    stored_stream out;
    out.symbol = named("A");
    out.position = at;
    out.snapshot = samples::snapshot("A", at, 100 + at.seq.value(), 0);
    out.home = home;
    return out;
  }
  event_room room;
};

std::vector<std::int64_t> numbers(const recalled_events& of) {
  std::vector<std::int64_t> out;
  if (of.burst)
    for (const auto& each : prices_of(*of.burst).events())
      out.push_back(each.seq.value());
  return out;
}

using seqs = std::vector<std::int64_t>;

TEST_F(SymbolRecall, OfASymbolNobodyHasSeenIsNothing) {
  price_state state{named("A"), stream_index{7}, 4};
  const auto found = state.recall(pos(0, 0), 10);
  EXPECT_FALSE(found.published);
  EXPECT_EQ(found.highest, pos(0, 0));
  EXPECT_EQ(found.newest, pos(0, 0));
  EXPECT_FALSE(found.burst);
}

// Each of its rows was refused, before a restart.
TEST_F(SymbolRecall, OfAPriceThatCannotBeShownKnowsWhereItStands) {
  price_state state{named("A"), stream_index{7}, 4};
  auto row = stored(pos(2, 5));
  row.snapshot.reset();
  state.restore(row, nullptr);
  const auto found = state.recall(pos(2, 3), 10);
  EXPECT_FALSE(found.published);
  EXPECT_EQ(found.highest, pos(2, 5));
  EXPECT_EQ(found.newest, pos(2, 5));
  EXPECT_EQ(found.from, pos(2, 6));
  EXPECT_TRUE(found.final_below);
  EXPECT_FALSE(found.burst);
}

TEST_F(SymbolRecall, GivesWhatTheRingHas) {
  price_state state{named("A"), stream_index{7}, 4};
  apply(state, 0, 6); // committed: the ring has 3 to 6
  const auto found = state.recall(pos(1, 4), 10);
  EXPECT_EQ(found.published->position, pos(1, 6));
  EXPECT_EQ(found.newest, pos(1, 6));
  EXPECT_EQ(found.from, pos(1, 3));
  EXPECT_EQ(numbers(found), (seqs{3, 4, 5, 6})); // who stands near shares it
  EXPECT_EQ(found.burst->index(), stream_index{7});
  EXPECT_EQ(prices_of(*found.burst).events()[3].price, costs(105));
}

TEST_F(SymbolRecall, SaysFromWhereMemoryHasItWhereThatIsTooLate) {
  price_state state{named("A"), stream_index{7}, 4};
  apply(state, 0, 6);
  const auto found = state.recall(pos(1, 1), 10);
  EXPECT_EQ(found.from, pos(1, 3));
  EXPECT_FALSE(found.burst);
  EXPECT_FALSE(found.final_below); // committed, or thrown away: the state cannot tell
}

TEST_F(SymbolRecall, GivesNoEventsWhereNoneWereAskedFor) {
  price_state state{named("A"), stream_index{7}, 4};
  apply(state, 0, 6);
  const auto found = state.recall(pos(1, 4), 0);
  EXPECT_EQ(found.from, pos(1, 3));
  EXPECT_FALSE(found.burst);
  EXPECT_FALSE(state.recall(pos(1, 6), 10).burst); // there are none
}

TEST_F(SymbolRecall, GivesWhatWaitsForItsCommitWithoutARing) {
  price_state state{named("A"), stream_index{7}, 0};
  apply(state, 0, 2);
  const auto second = apply(state, 2, 2);
  auto third = apply(state, 4, 2);
  EXPECT_EQ(numbers(state.recall(pos(1, 3), 10)), (seqs{3, 4, 5, 6}));
  EXPECT_EQ(state.recall(pos(1, 1), 10).from, pos(1, 3));
  third.reset(); // thrown away: what is before it is no use without
  const auto found = state.recall(pos(1, 3), 10);
  EXPECT_EQ(found.from, pos(1, 7));
  EXPECT_FALSE(found.burst);
}

TEST_F(SymbolRecall, JoinsTheRingAndWhatWaits) {
  price_state state{named("A"), stream_index{7}, 2};
  const auto all = apply(state, 0, 6);
  EXPECT_EQ(numbers(state.recall(pos(1, 0), 10)), (seqs{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(numbers(state.recall(pos(1, 0), 4)), (seqs{1, 2, 3, 4}));
}

TEST_F(SymbolRecall, KnowsWhichOfThemWereLate) {
  price_state state{named("A"), stream_index{7}, 0};
  const auto first = apply(state, 10, 2);
  const auto older = apply(state, 5, 1);
  const auto found = state.recall(pos(1, 0), 10);
  ASSERT_EQ(numbers(found), (seqs{1, 2, 3}));
  EXPECT_FALSE(prices_of(*found.burst).events()[1].late);
  EXPECT_TRUE(prices_of(*found.burst).events()[2].late);
}

TEST_F(SymbolRecall, SharesABurstAmongThoseWhoAskAtOnce) {
  price_state state{named("A"), stream_index{7}, 1'000};
  apply(state, 0, 200);
  const auto one = state.recall(pos(1, 130), 1'000).burst;
  EXPECT_EQ(state.recall(pos(1, 129), 1'000).burst, one);
  EXPECT_EQ(state.recall(pos(1, 199), 1'000).burst, one);
  EXPECT_NE(state.recall(pos(1, 3), 1'000).burst, one); // further back
  EXPECT_EQ(one->first(), sequence{129});
}

TEST_F(SymbolRecall, GoesOnFromWhereItIsNumberedWhileThatIsReadAgain) {
  price_state state{named("A"), stream_index{7}, 2};
  const auto published = [&] { return state.published(); };
  apply(state, 0, 8);
  state.restore(stored(pos(1, 3)), published());
  // 7 and 8 are in the ring, 4 to 6 will be read again: who has 3 is live from there.
  const auto at_three = state.recall(pos(1, 3), 10);
  EXPECT_EQ(at_three.highest, pos(1, 8));
  EXPECT_EQ(at_three.newest, pos(1, 3));
  EXPECT_FALSE(at_three.burst);
  EXPECT_TRUE(at_three.final_below); // it was stored
  EXPECT_EQ(numbers(state.recall(pos(1, 7), 10)), (seqs{7, 8}));
  const auto again = apply(state, 3, 2);
  EXPECT_EQ(state.recall(pos(1, 1), 10).newest, pos(1, 5));
  EXPECT_EQ(numbers(state.recall(pos(1, 4), 10)), (seqs{4, 5}));
}

TEST_F(SymbolRecall, SaysNothingOfAnEpochThatIsNotCommitted) {
  price_state state{named("A"), stream_index{7}, 4};
  apply(state, 0, 3);
  const auto moved = apply(state, 0, 2, epoch{1}, other);
  const auto found = state.recall(pos(1, 1), 10);
  EXPECT_EQ(found.highest, pos(1, 3));
  EXPECT_EQ(numbers(found), (seqs{1, 2, 3}));
  state.commit_epoch(epoch{2});
  EXPECT_EQ(numbers(state.recall(pos(2, 0), 10)), (seqs{1, 2}));
  const auto before = state.recall(pos(1, 1), 10);
  EXPECT_EQ(before.newest, pos(2, 2));
  EXPECT_EQ(before.from, pos(2, 1));
  EXPECT_FALSE(before.burst);
}

// The second partition was committed first.
TEST_F(SymbolRecall, GivesWhatWaitsOfAnEpochThatAnotherPartitionHasEnded) {
  price_state state{named("A"), stream_index{7}, 4};
  apply(state, 0, 3);
  auto late = apply(state, 3, 3);
  const auto moved = apply(state, 0, 2, epoch{1}, other);
  EXPECT_EQ(state.waits_before(epoch{2})->last, pos(1, 6));
  state.commit_epoch(epoch{2});
  const auto below = state.recall(pos(1, 1), 10); // 2 and 3 are in the journal, or nowhere
  EXPECT_EQ(below.newest, pos(2, 2));
  EXPECT_EQ(below.from, pos(1, 4));
  EXPECT_FALSE(below.burst);
  const auto found = state.recall(pos(1, 4), 10);
  EXPECT_EQ(found.newest, pos(2, 2));
  EXPECT_EQ(found.from, pos(1, 4));
  ASSERT_EQ(numbers(found), (seqs{4, 5, 6}));
  EXPECT_EQ(found.burst->epoch(), epoch{1});
  EXPECT_EQ(state.recall(pos(1, 6), 10).from, pos(2, 1)); // and on
  EXPECT_EQ(numbers(state.recall(pos(2, 0), 10)), (seqs{1, 2}));
  late.reset();
  EXPECT_EQ(state.recall(pos(1, 4), 10).from, pos(2, 1));
  EXPECT_FALSE(state.waits_before(epoch{2}));
}

TEST_F(SymbolRecall, GivesTheOldestOfSeveralEpochsThatWait) {
  price_state state{named("A"), stream_index{7}, 0};
  const auto first = apply(state, 0, 2);
  const auto second = apply(state, 0, 2, epoch{1}, other);
  const auto third = apply(state, 2, 2);
  state.commit_epoch(epoch{3});
  EXPECT_EQ(numbers(state.recall(pos(1, 0), 10)), (seqs{1, 2}));
  const auto next = state.recall(pos(1, 2), 10);
  EXPECT_EQ(next.from, pos(2, 1));
  EXPECT_FALSE(next.burst); // behind the end of the first, which the journal may know better
  const auto second_epoch = state.recall(pos(2, 0), 10);
  ASSERT_EQ(numbers(second_epoch), (seqs{1, 2}));
  EXPECT_EQ(second_epoch.burst->epoch(), epoch{2});
  EXPECT_EQ(state.recall(pos(2, 2), 10).from, pos(3, 1));
}

TEST_F(SymbolRecall, KeepsWhatWaitsInAnotherPartitionThroughAClaimOfThisOne) {
  price_state state{named("A"), stream_index{7}, 0};
  const auto late = apply(state, 0, 4);
  const auto moved = apply(state, 0, 2, epoch{1}, other);
  state.commit_epoch(epoch{2});
  auto row = stored(pos(2, 1));
  row.home = other;
  state.restore(row, state.published());
  EXPECT_EQ(numbers(state.recall(pos(1, 1), 10)), (seqs{1, 2, 3, 4}));
  EXPECT_EQ(state.recall(pos(2, 0), 10).from, pos(2, 2)); // its own will be read again
}

TEST_F(SymbolRecall, ForgetsWhatWaitsWithTheClaimItWasReadUnder) {
  price_state state{named("A"), stream_index{7}, 0};
  const auto waiting = apply(state, 0, 4);
  state.restore(stored(pos(1, 2)), state.published());
  EXPECT_FALSE(state.recall(pos(1, 1), 10).burst);
  EXPECT_EQ(state.recall(pos(1, 1), 10).from, pos(1, 3));
}

} // namespace
} // namespace tradepulse
