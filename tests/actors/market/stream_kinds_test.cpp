#include "actors/market/stream_numbering.hpp"
#include "actors/market/symbol_state_of.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/samples.hpp"

// What holds for prices holds for every kind; and what is different where no event is shown to
// those who join.
namespace tradepulse {
namespace {

using samples::at;
using samples::named;
using samples::pos;
using samples::some_time;
using samples::tick_at;

const topic_partition home{"ticks", 0};
const topic_partition other{"ticks", 1};

struct trades {
  static std::int64_t counted(std::int64_t missing) { return missing; }
  using events = trade_events;
  static constexpr stream_kind kind = stream_kind::trade;
  static logged_trade of(const tick& t) { return samples::trade_at(t); }
};
struct quotes {
  // Only updates that change the best are sent: a number that is left out is no loss.
  static std::int64_t counted(std::int64_t) { return 0; }
  using events = quote_events;
  static constexpr stream_kind kind = stream_kind::quote;
  static logged_quote of(const tick& t) { return samples::quote_at(t); }
};
struct klines {
  static std::int64_t counted(std::int64_t missing) { return missing; }
  using events = kline_events;
  static constexpr stream_kind kind = stream_kind::kline(kline_interval::m5);
  static logged_kline of(const tick& t) { return samples::kline_at(t); }
};

template <class Kind>
struct StreamOfKind : testing::Test {
  using logged = typename Kind::events::logged;
  using numbering = stream_numbering<typename Kind::events>;

  static stream_key key() { return {named("A"), Kind::kind}; }
  static logged event(std::int64_t offset, std::int64_t ms,
                      std::optional<std::int64_t> source = {}) {
    auto t = tick_at(offset, 10, ms);
    t.source_sequence = source;
    return Kind::of(t);
  }
  typename numbering::numbered apply(std::vector<logged> events, const topic_partition& from = home,
                                     epoch floor = epoch{1}) {
    return stream.apply(events, from, floor);
  }
  numbering stream{key()};
};
using kinds = testing::Types<trades, quotes, klines>;
TYPED_TEST_SUITE(StreamOfKind, kinds);

TYPED_TEST(StreamOfKind, IsNumberedFromOneWithoutHoles) {
  const auto done = this->apply({this->event(4, 0), this->event(9, 1), this->event(10, 2)});
  ASSERT_EQ(done.events.size(), 3u);
  EXPECT_EQ(done.events[0].seq, sequence{1});
  EXPECT_EQ(done.events[2].seq, sequence{3});
  EXPECT_EQ(done.events[2].value, this->event(10, 2).value);
  const auto& row = this->stream.row();
  EXPECT_EQ(row.position, pos(1, 3));
  EXPECT_EQ(row.key(), this->key());
  EXPECT_EQ(row.home, home);
  EXPECT_FALSE(row.snapshot);
}

TYPED_TEST(StreamOfKind, KeepsTheNewestTimeAndUpstreamsGreatestNumber) {
  this->apply({this->event(0, 1'000, 7)});
  const auto late = this->apply({this->event(1, 999, 9)});
  EXPECT_TRUE(late.events[0].late);
  EXPECT_EQ(late.source_gap, TypeParam::counted(1)); // 8
  EXPECT_EQ(late.newest_before, at(some_time + 1'000));
  EXPECT_EQ(this->stream.row().newest, (newest_event{at(some_time + 1'000), 9}));
}

TYPED_TEST(StreamOfKind, GoesOnFromWhatIsStored) {
  stored_stream stored;
  stored.position = pos(3, 8);
  stored.home = home;
  stored.newest = newest_event{at(some_time + 1'000), 20};
  this->stream.restore(stored);
  const auto done = this->apply({this->event(50, 500, 24), this->event(51, 1'000)});
  EXPECT_EQ(done.events[0].seq, sequence{9});
  EXPECT_TRUE(done.events[0].late);
  EXPECT_FALSE(done.events[1].late);                 // a tie goes to the later offset
  EXPECT_EQ(done.source_gap, TypeParam::counted(3)); // 21 to 23, after a restart, too
  EXPECT_EQ(this->stream.row().key(), this->key());  // whatever the row said
}

TYPED_TEST(StreamOfKind, ForgetsTheNewestWithItsEpoch) {
  this->apply({this->event(0, 1'000, 7)});
  const auto done = this->apply({this->event(1, 5, 3)}, home, epoch{4});
  EXPECT_EQ(done.epoch, epoch{4});
  EXPECT_EQ(done.events[0].seq, sequence{1});
  EXPECT_FALSE(done.events[0].late);
  EXPECT_EQ(done.source_gap, 0);
  EXPECT_EQ(this->stream.row().newest, (newest_event{at(some_time + 5), 3}));
}

TYPED_TEST(StreamOfKind, BeginsAnEpochWhenItsHomeMoves) {
  this->apply({this->event(7, 0)});
  const auto done = this->apply({this->event(3, 1)}, other);
  EXPECT_TRUE(done.moved_home);
  EXPECT_EQ(done.epoch, epoch{2});
  EXPECT_EQ(this->stream.row().home, other);
}

// --- as the actor has it ---------------------------------------------------------------------

TYPED_TEST(StreamOfKind, PublishesWhereItStandsAndRecallsWhatItHas) {
  auto state = make_symbol_state(this->key(), stream_index{7}, 100);
  auto batch = std::make_shared<record_batch>();
  batch->source = home;
  auto shared = std::make_shared<ingest_range>();
  shared->batch = batch;
  for (std::int64_t i = 0; i < 3; ++i) {
    const auto each = this->event(i, i);
    if constexpr (std::is_same_v<TypeParam, trades>)
      shared->trades.push_back(each);
    else if constexpr (std::is_same_v<TypeParam, quotes>)
      shared->quotes.push_back(each);
    else
      shared->klines.push_back(each);
  }
  ingest_range::slot slot;
  slot.symbol = named("A");
  slot.kind = TypeParam::kind;
  slot.count = 3;
  shared->slots.push_back(slot);
  event_room room;
  const auto done = state->apply(*shared, shared->slots[0], room);
  EXPECT_TRUE(done.events);
  ASSERT_TRUE(done.published);
  EXPECT_EQ(done.published->position, pos(1, 3));
  EXPECT_EQ(done.published->kind, TypeParam::kind);
  EXPECT_EQ(price_of(done.published.get()), nullptr);
  const auto burst = state->burst_of(done, room);
  EXPECT_EQ(burst->kind(), TypeParam::kind);
  EXPECT_EQ(burst->count(), 3u);
  EXPECT_EQ(shared->slots[0].row.key(), this->key());

  const auto found = state->recall(pos(1, 1), 10);
  ASSERT_TRUE(found.burst);
  EXPECT_EQ(found.burst->kind(), TypeParam::kind);
  EXPECT_EQ(found.burst->last(), sequence{3});
}

// Several intervals, or symbols, may share the numbers: then one that a stream lacks is no loss.
TEST(KlinesOfASymbol, LackNumbersOnlyWhereTheseAreTheirOwn) {
  for (const bool own : {false, true}) {
    const stream_key key{named("A"), klines::kind};
    auto state = make_symbol_state(key, stream_index{7}, 100);
    auto batch = std::make_shared<record_batch>();
    batch->source = home;
    ingest_range range;
    range.batch = batch;
    range.klines_have_own_numbers = own;
    range.klines = {StreamOfKind<klines>::event(0, 0, 5), StreamOfKind<klines>::event(1, 1, 9)};
    ingest_range::slot slot;
    slot.symbol = key.symbol;
    slot.kind = key.kind;
    slot.count = 2;
    range.slots.push_back(slot);
    event_room room;
    EXPECT_EQ(state->apply(range, range.slots[0], room).source_gap, own ? 3 : 0);
  }
}

TYPED_TEST(StreamOfKind, TellsTheMoveWhereTheDatabaseIsAhead) {
  auto state = make_symbol_state(this->key(), stream_index{7}, 100);
  stored_stream stored;
  stored.symbol = named("A");
  stored.kind = TypeParam::kind;
  stored.position = pos(1, 9);
  const auto restored = state->restore(stored, nullptr);
  ASSERT_TRUE(restored.moved);
  EXPECT_EQ(restored.moved->position, pos(1, 9));
  EXPECT_EQ(restored.moved->kind, TypeParam::kind);
  // Nothing was ever numbered: nobody knows it.
  stored.position = {};
  EXPECT_FALSE(make_symbol_state(this->key(), stream_index{8}, 1)->restore(stored, nullptr).moved);
}

// A claim of the new home, before the move is committed.
TYPED_TEST(StreamOfKind, DoesNotShowAnEpochThatIsNotCommitted) {
  auto state = make_symbol_state(this->key(), stream_index{7}, 100);
  stored_stream moved;
  moved.symbol = named("A");
  moved.kind = TypeParam::kind;
  moved.home = other;
  moved.position = pos(2, 0);
  const auto shown = std::make_shared<const stream_head>(
      stream_head{named("A"), pos(1, 9), TypeParam::kind});
  EXPECT_FALSE(state->restore(moved, shown, true).moved);
  EXPECT_EQ(state->recall(pos(1, 9), 0).highest, pos(1, 9));
}

TEST(EventRing, HasAsMuchMemoryForEveryKind) {
  const auto capacity = [](auto ring) {
    for (std::int64_t i = 1; i <= 1'000; ++i) {
      auto each = typename std::decay_t<decltype(ring.at(0))>{};
      each.seq = sequence{i};
      ring.push(epoch{1}, each);
    }
    return ring.size() * sizeof(ring.at(0));
  };
  const auto prices = capacity(event_ring<price_events>{100});
  EXPECT_EQ(prices, 100 * sizeof(numbered_event));
  EXPECT_LE(capacity(event_ring<kline_events>{100}), prices);
  EXPECT_LE(capacity(event_ring<trade_events>{100}), prices);
}

} // namespace
} // namespace tradepulse
