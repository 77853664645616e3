// Positions of streams of other kinds than price: what a commit stores and what a claim begins
// with.
#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

class KindsCommit : public testing::Test {
 protected:
  KindsCommit() {
    db.migrate();
    own(store, part0);
  }

  test_database db;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
  range_store_postgres other{db.settings("node-2"), shared_watchdog()};
};

TEST_F(KindsCommit, StoresAPositionForEachStreamOfASymbol) {
  EXPECT_EQ(
      word(store.commit(range(
          part0, 1, 0, 9,
          {row("A", 1, 4, "3", 900), position("A", stream_kind::trade, 1, 4, 900, 77),
           position("A", stream_kind::quote, 1, 2, 950), position("A", kline_1m, 1, 1, 800, -5),
           position("B", stream_kind::trade, 3, 8)}))),
      "committed 5");
  EXPECT_EQ(positions(db), "A/kline_1m 1/1 800 -5, A/quote 1/2 950, A/trade 1/4 900 77, "
                           "B/trade 3/8");
  EXPECT_EQ(db.value("SELECT string_agg(symbol || ' ' || last_sequence, ',') FROM "
                     "price_snapshots"),
            "A 4");
  EXPECT_EQ(db.value("SELECT string_agg(DISTINCT concat_ws(' ', home_topic, home_partition, "
                     "home_moved_at IS NULL, state), ',') FROM stream_positions"),
            "price-ticks 0 t 0");
}

TEST_F(KindsCommit, KeepsTheBounds) {
  const std::int64_t most = 9'223'372'036'854'775'807;
  ASSERT_EQ(word(store.commit(
                range(part0, 1, 0, 2,
                      {position("A", stream_kind::trade, most, most, 4'102'444'799'999, most),
                       position("B", stream_kind::quote, 1, 1, -62'135'596'800'000, -most - 1)}))),
            "committed 2");
  EXPECT_EQ(words(other.claim(part0, "node-2").value().streams),
            "A/trade 9223372036854775807/9223372036854775807 newest 4102444799999 source "
            "9223372036854775807, B/quote 1/1 newest -62135596800000 source "
            "-9223372036854775808");
}

TEST_F(KindsCommit, KeepsTheGreaterPositionWithAllThatBelongsToIt) {
  auto commit = [this](std::int64_t from, stream_row given) {
    return word(store.commit(range(part0, 1, from, from + 1, {std::move(given)})));
  };
  auto trades = [](std::int64_t e, std::int64_t seq, std::int64_t ms, std::int64_t source) {
    return position("A", stream_kind::trade, e, seq, ms, source);
  };
  EXPECT_EQ(commit(0, trades(2, 5, 500, 50)), "committed 1");
  EXPECT_EQ(commit(1, trades(2, 4, 900, 90)), "committed 0"); // an older number
  EXPECT_EQ(positions(db), "A/trade 2/5 500 50");
  EXPECT_EQ(commit(2, trades(1, 9, 900, 90)), "committed 0"); // an older epoch
  EXPECT_EQ(positions(db), "A/trade 2/5 500 50");
  EXPECT_EQ(commit(3, trades(2, 6, 500, 50)), "committed 1");
  EXPECT_EQ(commit(4, position("A", stream_kind::trade, 3, 0)), "committed 1"); // begun, no event
  EXPECT_EQ(positions(db), "A/trade 3/0");
}

// What is usual is not sent: a row that differs must not lend its values to its neighbours.
TEST_F(KindsCommit, KeepsARowThatDiffersApartFromItsNeighbours) {
  auto unusual = position("B", kline_1m, 3, 9, 2000, 20, {"other-ticks", 4});
  unusual.stream.home_moved_at = at_ms(1700);
  unusual.stream.flags = stream_flags::stopped;
  auto refused = row("B", 1, 2, "1", 1);
  refused.position_only = true;
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 3,
                                    {position("A", stream_kind::trade, 1, 4, 1000), refused,
                                     unusual, position("C", stream_kind::trade, 1, 5)}))),
            "committed 4");
  EXPECT_EQ(positions(db), "A/trade 1/4 1000, B/kline_1m 3/9 2000 20, B/price 1/2, C/trade 1/5");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', symbol, home_topic, home_partition, "
                     "coalesce(home_moved_at::text, '-'), state), ', ' ORDER BY symbol, stream) "
                     "FROM stream_positions"),
            "A price-ticks 0 - 0, B other-ticks 4 1700 2, B price-ticks 0 - 0, "
            "C price-ticks 0 - 0");
  EXPECT_EQ(db.value("SELECT string_agg(symbol || '/' || stream, ' ') FROM stream_sources"),
            "B/kline_1m");
}

TEST_F(KindsCommit, OfAnOlderGenerationIsFencedAndChangesNothing) {
  own(other, part0);
  EXPECT_EQ(word(store.commit(range(part0, 1, 0, 1, {position("A", stream_kind::trade, 1, 1)}))),
            "fenced");
  EXPECT_EQ(positions(db), "");
}

// ---- refused rows --------------------------------------------------------------------------

TEST_F(KindsCommit, ARefusedRowOfAnotherKindIsNamedWithItsStream) {
  db.run("ALTER TABLE stream_positions ADD CHECK (newest_source <> 13)");
  auto work = range(part0, 1, 0, 4,
                    {row("A", 1, 1, "1", 1), position("A", stream_kind::trade, 1, 1, 1000, 13),
                     position("A", kline_1m, 1, 1, 1000, 14),
                     position("B", stream_kind::trade, 1, 1, 1000, 15)});
  EXPECT_EQ(word(store.commit(work)), "rows_refused A/trade/23514");
  EXPECT_EQ(positions(db), "");
  EXPECT_EQ(db.value("SELECT next_offset FROM ingest_offsets"), "0");
  work.rows[1].position_only = true;
  EXPECT_EQ(word(store.commit(work)), "rows_refused A/trade/23514"); // that very value
  work.rows[1].stream.newest.reset();
  EXPECT_EQ(word(store.commit(work)), "committed 4");
  EXPECT_EQ(positions(db), "A/kline_1m 1/1 1000 14, A/trade 1/1, B/trade 1/1 1000 15");
}

// After a restart the same events are late, and the same numbers of upstream are missing.
TEST_F(KindsCommit, OfARefusedRowOfAnotherKindKeepsWhatItsEpochHasShown) {
  auto refused = position("A", stream_kind::trade, 1, 4, 1000, 13);
  refused.position_only = true;
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 4, {refused}))), "committed 1");
  EXPECT_EQ(words(other.claim(part0, "node-2").value().streams),
            "A/trade 1/4 newest 1000 source 13");
}

TEST_F(KindsCommit, ARefusedPriceLeavesTheTradesOfItsSymbolAlone) {
  db.run("ALTER TABLE price_snapshots ADD CHECK (price <> 13)");
  auto work = range(part0, 1, 0, 4,
                    {row("A", 1, 1, "13", 1), position("A", stream_kind::trade, 1, 1, 1000, 13)});
  EXPECT_EQ(word(store.commit(work)), "rows_refused A/23514");
  work.rows[0].position_only = true;
  EXPECT_EQ(word(store.commit(work)), "committed 2");
  EXPECT_EQ(positions(db), "A/price 1/1, A/trade 1/1 1000 13");
  // The position alone, and it is the price stream's.
  EXPECT_EQ(words(other.claim(part0, "node-2").value().streams),
            "A/price 1/1, A/trade 1/1 newest 1000 source 13");
}

// ---- claim, reposition, load ---------------------------------------------------------------

TEST_F(KindsCommit, AClaimBeginsWithTheStreamsOfAllKindsWhoseHomeItIs) {
  own(store, part1);
  ASSERT_EQ(word(store.commit(
                range(part0, 1, 0, 9,
                      {row("B", 1, 4, "3", 900), position("A", stream_kind::trade, 2, 4, 900, 77),
                       position("A", kline_1m, 1, 1, 800)}))),
            "committed 3");
  ASSERT_EQ(word(store.commit(range(part1, 1, 0, 9,
                                    {row("A", 1, 9, "3", 900, part1),
                                     position("A", stream_kind::quote, 1, 3, 7, {}, part1)}))),
            "committed 2");
  // Of the symbol A only what this partition feeds.
  EXPECT_EQ(words(other.claim(part0, "node-2").value().streams),
            "A/trade 2/4 newest 900 source 77, A/kline_1m 1/1 newest 800, B/price 1/4");
  EXPECT_EQ(words(other.claim(part1, "node-2").value().streams),
            "A/price 1/9, A/quote 1/3 newest 7");
}

TEST_F(KindsCommit, AStreamOfAKindThatIsUnknownIsLeftOut) {
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 9, {position("A", stream_kind::trade, 2, 4)}))),
            "committed 1");
  db.run("INSERT INTO stream_positions (symbol, stream, epoch, last_sequence, home_topic, "
         "home_partition) VALUES ('A', 'depth', 1, 1, 'price-ticks', 0)");
  EXPECT_EQ(words(other.claim(part0, "node-2").value().streams), "A/trade 2/4");
}

TEST_F(KindsCommit, ARaisedFloorIsAboveTheEpochsOfAllKinds) {
  ASSERT_EQ(word(store.commit(range(
                part0, 1, 0, 9, {row("A", 2, 4, "3", 900), position("A", kline_1m, 7, 1, 800)}))),
            "committed 2");
  const auto moved = store.reposition({.source = part0,
                                       .gen = generation{1},
                                       .next = next_offset{0},
                                       .new_epoch = true,
                                       .cluster_id = "cluster-1"});
  ASSERT_TRUE(moved) << moved.failure().detail;
  EXPECT_EQ(moved->epoch_floor, epoch{8});
  EXPECT_EQ(words(moved->streams), "A/price 2/4, A/kline_1m 7/1 newest 800");
}

TEST_F(KindsCommit, AnUnorderedStreamBeginsAnEpochWithEachClaimAndOthersOfItsSymbolDoNot) {
  auto unordered = position("A", stream_kind::trade, 2, 4, 900, 77);
  unordered.stream.flags = stream_flags::unordered;
  auto prices = row("A", 1, 4, "3", 900);
  prices.stream.flags = stream_flags::unordered;
  ASSERT_EQ(word(store.commit(
                range(part0, 1, 0, 9, {prices, unordered, position("A", kline_1m, 1, 6, 800)}))),
            "committed 3");
  EXPECT_EQ(words(other.claim(part0, "node-2").value().streams),
            "A/price 2/0, A/trade 3/0, A/kline_1m 1/6 newest 800");
  // Also by the claim of a partition that feeds it and is not its home.
  db.run("INSERT INTO stream_sources VALUES ('price-ticks', 1, 'A', 'trade'), "
         "('price-ticks', 1, 'A', 'kline_1m')");
  EXPECT_EQ(words(other.claim(part1, "node-2").value().streams), "A/trade 4/0");
  EXPECT_EQ(positions(db), "A/kline_1m 1/6 800, A/trade 4/0");
  EXPECT_EQ(db.value("SELECT epoch FROM price_snapshots"), "2");
}

TEST_F(KindsCommit, StreamsAreLoadedByTheirKeys) {
  ASSERT_EQ(word(store.commit(
                range(part0, 1, 0, 9,
                      {row("A", 1, 4, "3", 900), position("A", stream_kind::trade, 1, 5, 900, 77),
                       position("A", kline_1m, 1, 6), position("B", stream_kind::trade, 1, 7)}))),
            "committed 4");
  const std::vector<stream_key> wanted{
      {sym("B"), stream_kind::trade}, {sym("B"), stream_kind::price},
      {sym("A"), kline_1m},           {sym("A"), stream_kind::kline(kline_interval::m5)},
      {sym("A"), stream_kind::trade}, {sym("A"), stream_kind::price}};
  const auto loaded = other.load(wanted);
  ASSERT_TRUE(loaded) << loaded.failure().detail;
  EXPECT_EQ(words(*loaded),
            "A/kline_1m 1/6, A/price 1/4, A/trade 1/5 newest 900 source 77, B/trade 1/7");
  EXPECT_TRUE((*loaded)[1].snapshot.has_value());
  EXPECT_FALSE((*loaded)[2].snapshot.has_value());
}

TEST_F(KindsCommit, StoppedStreamsOfAllKindsAreCleared) {
  auto stopped = position("A", stream_kind::trade, 1, 5);
  stopped.stream.flags = stream_flags::stopped | stream_flags::unordered;
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 9, {stopped}))), "committed 1");
  ASSERT_TRUE(store.clear_stopped());
  EXPECT_EQ(db.value("SELECT state FROM stream_positions"), "1");
}

// ---- cost ----------------------------------------------------------------------------------

TEST_F(KindsCommit, TakesOneRoundTripWhateverTheKinds) {
  wire_proxy proxy(db.host(), db.port());
  auto settings = db.settings("counted");
  settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
  range_store_postgres counted(settings, shared_watchdog());
  own(counted, part0);
  auto trips = [&](std::int64_t from) {
    const auto before = proxy.round_trips();
    EXPECT_EQ(word(counted.commit(range(part0, 2, from, from + 1,
                                        {row("A", 1, from + 1, "1", 1),
                                         position("A", stream_kind::trade, 1, from + 1, 1),
                                         position("A", stream_kind::quote, 1, from + 1, 1),
                                         position("A", kline_1m, 1, from + 1, 1)}))),
              "committed 4");
    return proxy.round_trips() - before;
  };
  EXPECT_EQ(trips(0), 2U); // the statement is prepared
  EXPECT_EQ(trips(1), 1U);
}

} // namespace
} // namespace tradepulse
