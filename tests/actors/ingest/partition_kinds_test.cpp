#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// Several streams of a symbol, of one partition and of two: each has its own number, home, claim
// and restore.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::named;
using samples::pos;

const topic_partition trades{"trades", 0};
const topic_partition klines{"klines", 0};
const auto minute = stream_kind::kline(kline_interval::m1);

ingest_rules strict() {
  ingest_rules out;
  out.symbol_failures = 2;
  return out;
}

struct PartitionKinds : testing::Test {
  stream_position stored(stream_kind kind) {
    const auto found = world.store.stream("A", kind);
    return found ? found->position : stream_position{};
  }
  using texts = std::vector<std::string>;

  actor_world world{strict()};
};

TEST_F(PartitionKinds, AreNumberedEachForItself) {
  world.start(trades);
  world.batch(trades, {{0, "@trade A 10 0"}, {1, "A 11 1"}, {2, "@quote A 12 2"}});
  world.batch(trades, {{3, "@trade A 13 3"}, {4, "@kline A 14 4"}});
  world.commit();
  EXPECT_EQ(stored(stream_kind::price), pos(1, 3));
  EXPECT_EQ(stored(stream_kind::trade), pos(1, 2));
  EXPECT_EQ(stored(stream_kind::quote), pos(1, 1));
  EXPECT_EQ(stored(minute), pos(1, 1));
  EXPECT_EQ(world.store.row(trades).next, next_offset{5});
}

TEST_F(PartitionKinds, AreOneTransactionWithItsRowsInOrder) {
  world.start(trades);
  world.batch(trades, {{0, "@kline A 10 0"}, {1, "@trade A 11 1"}, {2, "@trade A 12 2"}});
  world.commit();
  const auto commits = world.store.commits();
  ASSERT_EQ(commits.size(), 1u);
  texts rows;
  for (const auto& row : commits[0].rows)
    rows.push_back(row.stream.key().to_string());
  EXPECT_EQ(rows, (texts{"A/price", "A/trade", "A/kline_1m"}));
}

TEST_F(PartitionKinds, OfTwoPartitionsHaveTheirOwnHomes) {
  world.start(trades);
  world.start(klines);
  world.batch(trades, {{0, "@trade A 10 0"}});
  world.batch(klines, {{7, "@kline A 10 0"}});
  world.batch(trades, {{1, "@trade A 10 0"}});
  world.commit();
  EXPECT_EQ(stored(stream_kind::trade), pos(1, 2)); // no home has moved
  EXPECT_EQ(stored(minute), pos(1, 1));
  EXPECT_EQ(world.store.stream("A", stream_kind::trade)->home, trades);
  EXPECT_EQ(world.store.stream("A", minute)->home, klines);
}

TEST_F(PartitionKinds, ReloadOnAClaimOnlyThoseOfThatPartition) {
  world.start(trades);
  world.start(klines);
  world.batch(trades, {{0, "@trade A 10 0"}});
  world.batch(klines, {{0, "@kline A 10 0"}});
  world.commit();
  world.batch(klines, {{1, "@kline A 11 1"}}); // not committed
  const auto gen = world.store.row(klines).gen;
  world.kill_symbol("A", stream_kind::trade);
  world.batch(trades, {{1, "@trade A 11 1"}}); // its actor is gone: the range fails
  world.wait(10s);
  EXPECT_GT(world.store.row(trades).gen, generation{1});
  EXPECT_EQ(world.store.row(klines).gen, gen); // nobody claims for what another stream had
  world.read_again(trades);
  world.commit();
  EXPECT_EQ(stored(minute), pos(1, 2));
  EXPECT_EQ(stored(stream_kind::trade), pos(1, 2)); // read again, with the same number
  EXPECT_EQ(stored(stream_kind::price), pos(1, 2));
}

TEST_F(PartitionKinds, StopAloneWhereTheyFailTooOften) {
  world.start(trades);
  world.batch(trades, {{0, "@kline A 9 0"}, {1, "A 9 0"}});
  world.commit();
  for (std::int64_t i = 0; i < 3; ++i) {
    world.dispatch_only(trades, {{2 + i, "@kline A 10 0"}});
    world.kill_symbol("A", minute);
    world.wait(10s);
  }
  world.batch(trades, {{5, "@kline A 10 0"}, {6, "A 11 1"}});
  world.commit();
  EXPECT_TRUE(has(world.store.stream("A", minute)->flags, stream_flags::stopped));
  EXPECT_EQ(world.store.stream("A", stream_kind::price)->flags, stream_flags::none);
  EXPECT_EQ(stored(stream_kind::price), pos(1, 2));
}

// A trade is half of a record: the price of it was published with a number that will not be given
// to it again, since the record becomes a dead letter.
TEST_F(PartitionKinds, TakeTheStreamWithThemThatTheirRecordsFeedAsWell) {
  world.start(trades);
  world.batch(trades, {{0, "A 9 0"}, {1, "@kline A 9 0"}});
  world.commit();
  for (std::int64_t i = 0; i < 3; ++i) {
    world.dispatch_only(trades, {{2 + i, "@trade A 10 0"}});
    world.kill_symbol("A", stream_kind::trade); // the price is numbered and published
    world.wait(10s);
  }
  EXPECT_EQ(world.published("A"), pos(1, 2));
  world.batch(trades, {{5, "@trade A 11 1"}, {6, "@kline A 11 1"}});
  world.commit();
  for (auto kind : {stream_kind::trade, stream_kind::price}) {
    const auto row = world.store.stream("A", kind);
    ASSERT_TRUE(row) << name_of(kind);
    EXPECT_TRUE(has(row->flags, stream_flags::stopped)) << name_of(kind);
    EXPECT_EQ(row->position, pos(2, 0)) << name_of(kind);
  }
  EXPECT_EQ(world.letters.letters().size(), 1u);
  EXPECT_EQ(stored(minute), pos(1, 2)); // no record of it was a trade
}

TEST_F(PartitionKinds, LeaveAPriceAloneThatNoTradeFeeds) {
  world.start(trades);
  world.batch(trades, {{0, "A 9 0"}, {1, "@trade B 9 0"}});
  world.commit();
  for (std::int64_t i = 0; i < 3; ++i) {
    world.dispatch_only(trades, {{2 + i, "A 10 0"}});
    world.kill_symbol("A");
    world.wait(10s);
  }
  world.batch(trades, {{5, "A 10 0"}});
  world.commit();
  EXPECT_TRUE(has(world.store.stream("A")->flags, stream_flags::stopped));
  EXPECT_FALSE(world.store.stream("A", stream_kind::trade));
}

TEST_F(PartitionKinds, AreForgottenAndReadAgainWithTheirClaim) {
  world.start(trades);
  world.batch(trades, {{0, "@trade A 10 0"}});
  world.commit();
  world.batch(trades, {{1, "@trade A 11 1"}, {2, "@quote A 12 2"}});
  world.lose_connection();
  world.wait(10s);
  world.read_again(trades);
  world.commit();
  EXPECT_EQ(stored(stream_kind::trade), pos(1, 2));
  EXPECT_EQ(stored(stream_kind::price), pos(1, 2));
  EXPECT_EQ(stored(stream_kind::quote), pos(1, 1)); // memory had it, the database had not
}

} // namespace
} // namespace tradepulse
