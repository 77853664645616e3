#include <algorithm>

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/rows.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

class Commit : public testing::Test {
 protected:
  Commit() {
    db.migrate();
    own(store, part0);
  }
  // "price timestamp epoch last_sequence price_sequence" of a symbol.
  std::string stored(const std::string& name) {
    return db.value("SELECT concat_ws(' ', trim_scale(price), timestamp, epoch, last_sequence, "
                    "price_sequence) FROM price_snapshots WHERE symbol = '" +
                    name + "'");
  }
  std::string next() { return db.value("SELECT next_offset FROM ingest_offsets"); }

  test_database db;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
  range_store_postgres other{db.settings("node-2"), shared_watchdog()};
};

TEST_F(Commit, WritesRowsPositionsAndNextOffsetTogether) {
  auto work =
      range(part0, 1, 0, 12, {row("AAPL", 1, 7, "150.25", 1000), row("MSFT", 1, 5, "3", 1001)});
  work.last_applied = applied_record{record_offset{11}, 5};
  EXPECT_EQ(word(store.commit(work)), "committed 2");
  EXPECT_EQ(stored("AAPL"), "150.25 1000 1 7 7");
  EXPECT_EQ(stored("MSFT"), "3 1001 1 5 5");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', next_offset, generation, cluster_id, digest, "
                     "digest_offset) FROM ingest_offsets"),
            "12 1 cluster-1 5 11");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', home_topic, home_partition, home_moved_at IS NULL, "
                     "state) FROM price_snapshots WHERE symbol = 'AAPL'"),
            "price-ticks 0 t 0");
}

TEST_F(Commit, KeepsTheDigestAndTheClusterWhereTheRangeBringsNone) {
  auto work = range(part0, 1, 0, 12, {});
  work.last_applied = applied_record{record_offset{11}, 5};
  ASSERT_EQ(word(store.commit(work)), "committed 0");
  auto bare = range(part0, 1, 12, 13, {});
  bare.cluster_id = "";
  ASSERT_EQ(word(store.commit(bare)), "committed 0");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', next_offset, cluster_id, digest, digest_offset) "
                     "FROM ingest_offsets"),
            "13 cluster-1 5 11");
}

TEST_F(Commit, SetsUpdatedAtAndKeepsIdAndCreatedAt) {
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 1, "1", 1)}))), "committed 1");
  const auto before = db.value("SELECT id || ' ' || created_at FROM price_snapshots");
  const auto updated = db.value("SELECT updated_at FROM price_snapshots");
  ASSERT_EQ(word(store.commit(range(part0, 1, 1, 2, {row("A", 1, 2, "2", 2)}))), "committed 1");
  EXPECT_EQ(db.value("SELECT id || ' ' || created_at FROM price_snapshots"), before);
  EXPECT_EQ(db.value("SELECT updated_at > '" + updated + "' FROM price_snapshots"), "t");
}

TEST_F(Commit, KeepsEveryDigitAtTheBounds) {
  auto top = row("TOP", 1, 9'223'372'036'854'775'807, "92233720368.54775807", 4'102'444'799'999);
  top.stream.snapshot->volume = quantity::parse("999999999999.99999999").value();
  top.stream.snapshot->source_sequence = 9'223'372'036'854'775'807;
  auto least = row("LEAST", 1, 1, "0.00000001", 946'684'800'000);
  least.stream.snapshot->volume = quantity::parse("0").value();
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 2, {least, top}))), "committed 2");
  EXPECT_EQ(db.value("SELECT price || ' ' || volume FROM price_snapshots WHERE symbol = 'TOP'"),
            "92233720368.54775807 999999999999.99999999");
  const auto streams = other.claim(part0, "node-2").value().streams;
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].snapshot->price.units(), 1);
  EXPECT_EQ(streams[0].snapshot->volume, quantity{0});
  EXPECT_EQ(streams[0].snapshot->event_time, at_ms(946'684'800'000));
  EXPECT_EQ(streams[1].position.seq, sequence{9'223'372'036'854'775'807});
  EXPECT_EQ(streams[1].snapshot->price.units(), 9'223'372'036'854'775'807);
  EXPECT_EQ(streams[1].snapshot->volume->to_string(), "999999999999.99999999");
  EXPECT_EQ(streams[1].snapshot->source_sequence, 9'223'372'036'854'775'807);
}

TEST_F(Commit, TakesASymbolNamedNullForASymbol) {
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("NULL", 1, 1, "1", 1)}))), "committed 1");
  EXPECT_EQ(stored("NULL"), "1 1 1 1 1");
}

// What is usual is not sent: a row that differs must not lend its values to its neighbours.
TEST_F(Commit, KeepsARowThatDiffersInEveryColumnApartFromItsNeighbours) {
  auto unusual = row("B", 3, 9, "2", 2000, {"other-ticks", 4});
  unusual.stream.home_moved_at = at_ms(1700);
  unusual.stream.flags = stream_flags::stopped;
  unusual.stream.snapshot->volume = quantity::parse("0.5").value();
  unusual.stream.snapshot->price_seq = sequence{8};
  unusual.stream.snapshot->source_sequence = 77;
  ASSERT_EQ(word(store.commit(range(
                part0, 1, 0, 3, {row("A", 1, 4, "1", 1000), unusual, row("C", 1, 5, "3", 3000)}))),
            "committed 3");
  auto all = [this](const std::string& name) {
    return db.value("SELECT concat_ws(' ', trim_scale(price), coalesce(volume::text, '-'), "
                    "timestamp, epoch, last_sequence, price_sequence, "
                    "coalesce(source_sequence::text, '-'), home_topic, home_partition, "
                    "coalesce(home_moved_at::text, '-'), state) "
                    "FROM price_snapshots WHERE symbol = '" +
                    name + "'");
  };
  EXPECT_EQ(all("A"), "1 - 1000 1 4 4 - price-ticks 0 - 0");
  EXPECT_EQ(all("B"), "2 0.50000000 2000 3 9 8 77 other-ticks 4 1700 2");
  EXPECT_EQ(all("C"), "3 - 3000 1 5 5 - price-ticks 0 - 0");
  EXPECT_EQ(db.value("SELECT string_agg(symbol, ' ') FROM stream_sources"), "B");
}

TEST_F(Commit, OfAnOlderGenerationIsFencedAndChangesNothing) {
  own(other, part0);
  EXPECT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 1, "1", 1)}))), "fenced");
  EXPECT_EQ(next(), "0");
  EXPECT_EQ(db.value("SELECT count(*) FROM price_snapshots"), "0");
  EXPECT_EQ(word(other.commit(range(part0, 2, 0, 1, {row("A", 1, 1, "1", 1)}))), "committed 1");
}

TEST_F(Commit, FromAnotherOffsetThanTheStoredOneIsFencedAndChangesNothing) {
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 10, {row("A", 1, 1, "1", 1)}))), "committed 1");
  EXPECT_EQ(word(store.commit(range(part0, 1, 0, 10, {row("A", 1, 1, "1", 1)}))), "fenced");
  EXPECT_EQ(word(store.commit(range(part0, 1, 11, 12, {row("A", 1, 2, "9", 9)}))), "fenced");
  EXPECT_EQ(next(), "10");
  EXPECT_EQ(stored("A"), "1 1 1 1 1");
}

// A plan is made once, here for an empty table, which is read as a whole where the server is asked.
TEST_F(Commit, FindsRowsByTheirIndexHoweverManyThereWereWhenItWasPlanned) {
  db.run("SELECT pg_stat_reset_single_table_counters('price_snapshots'::regclass)");
  {
    range_store_postgres brief(db.settings("brief"), shared_watchdog());
    const auto gen = own(brief, part0).value();
    for (std::int64_t i = 0; i < 4; ++i)
      ASSERT_EQ(word(brief.commit(range(part0, gen, i, i + 1,
                                        {row("A", 1, i + 1, "1", i), row("B", 1, i + 1, "2", i)}))),
                "committed 2");
  } // its counts arrive when the session ends
  ASSERT_TRUE(eventually([this] {
    return db.value("SELECT n_tup_upd FROM pg_stat_user_tables "
                    "WHERE relname = 'price_snapshots'") == "6";
  }));
  EXPECT_EQ(db.value("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'price_snapshots'"),
            "0");
}

TEST_F(Commit, BeforeAPositionWasDecidedIsFenced) {
  ASSERT_TRUE(store.claim(part1, "node-1"));
  EXPECT_EQ(word(store.commit(range(part1, 1, 0, 1, {}))), "fenced");
}

TEST_F(Commit, OfAPartitionWithoutARowIsFenced) {
  EXPECT_EQ(word(store.commit(range({"nowhere", 3}, 1, 0, 1, {}))), "fenced");
}

TEST_F(Commit, RefusesNulInTheClusterId) {
  auto work = range(part0, 1, 0, 1, {});
  work.cluster_id = std::string("a\0b", 3);
  EXPECT_EQ(word(store.commit(work)), "try_again: cluster id: holds a NUL character");
  EXPECT_EQ(next(), "0");
}

// ---- which event is shown ------------------------------------------------------------------

TEST_F(Commit, OfALateEventMovesThePositionAndKeepsTheNewerEvent) {
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 5, "10", 500)}))), "committed 1");
  auto late = row("A", 1, 6, "10", 500);
  late.stream.snapshot->price_seq = sequence{5};
  ASSERT_EQ(word(store.commit(range(part0, 1, 1, 2, {late}))), "committed 1");
  EXPECT_EQ(stored("A"), "10 500 1 6 5");
}

TEST_F(Commit, OfANewEpochReplacesTheSnapshotWhateverItsTime) {
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 500, "10", 9000)}))),
            "committed 1");
  ASSERT_EQ(word(store.commit(range(part0, 1, 1, 2, {row("A", 2, 1, "7", 100)}))), "committed 1");
  EXPECT_EQ(stored("A"), "7 100 2 1 1");
}

TEST_F(Commit, OfAnOlderEpochDoesNotTouchANewerOne) {
  own(store, part1);
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 2, 1, "7", 100)}))), "committed 1");
  ASSERT_EQ(word(store.commit(range(part1, 1, 0, 1, {row("A", 1, 900, "10", 9000, part1)}))),
            "committed 0");
  EXPECT_EQ(stored("A"), "7 100 2 1 1");
  EXPECT_EQ(db.value("SELECT next_offset FROM ingest_offsets WHERE partition = 1"), "1");
}

TEST_F(Commit, OfTwoPartitionsKeepsTheGreaterPositionAndTheNewerEvent) {
  own(store, part1);
  // Numbered by one actor: 10 came from partition 0 and is the newest, 12 from partition 1.
  ASSERT_EQ(word(store.commit(range(part1, 1, 0, 1, {row("A", 1, 12, "12", 700, part1)}))),
            "committed 1");
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 10, "10", 900)}))), "committed 1");
  EXPECT_EQ(stored("A"), "10 900 1 12 10");
  EXPECT_EQ(db.value("SELECT home_partition FROM price_snapshots"), "1");
  // The same time: the later number.
  ASSERT_EQ(word(store.commit(range(part0, 1, 1, 2, {row("A", 1, 11, "11", 900)}))), "committed 1");
  EXPECT_EQ(stored("A"), "11 900 1 12 11");
  // Neither ahead nor newer.
  ASSERT_EQ(word(store.commit(range(part0, 1, 2, 3, {row("A", 1, 9, "9", 800)}))), "committed 0");
  EXPECT_EQ(stored("A"), "11 900 1 12 11");
}

TEST_F(Commit, OfARefusedRowKeepsThePositionAndClaimsReadTheGreaterOne) {
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 5, "10", 500)}))), "committed 1");
  auto refused = row("A", 1, 9, "66", 900);
  refused.position_only = true;
  ASSERT_EQ(word(store.commit(range(part0, 1, 1, 2, {refused}))), "committed 1");
  EXPECT_EQ(stored("A"), "10 500 1 5 5");
  auto streams = store.claim(part0, "node-1").value().streams;
  ASSERT_EQ(streams.size(), 1U);
  EXPECT_EQ(streams[0].position, (stream_position{epoch{1}, sequence{9}}));
  EXPECT_EQ(streams[0].snapshot->price, price::parse("10").value());
  EXPECT_EQ(streams[0].snapshot->price_seq, sequence{5});
  EXPECT_EQ(streams[0].snapshot->position, (stream_position{epoch{1}, sequence{9}}));

  // The next good row is ahead again.
  ASSERT_EQ(word(store.commit(range(part0, 2, 2, 3, {row("A", 1, 10, "11", 901)}))), "committed 1");
  streams = store.claim(part0, "node-1").value().streams;
  ASSERT_EQ(streams.size(), 1U);
  EXPECT_EQ(streams[0].position, (stream_position{epoch{1}, sequence{10}}));
  EXPECT_EQ(streams[0].snapshot->price_seq, sequence{10});
}

// The row that shows it is not there: later events must be late by it all the same.
TEST_F(Commit, OfARefusedRowKeepsTheTimeOfItsEventWhileItsEpochLasts) {
  const auto newest = [this] {
    const auto streams = store.claim(part0, "node-1").value().streams;
    const auto& found = streams.at(0).newest;
    return found ? std::to_string(found->event_time.time_since_epoch().count()) + " " +
                       std::to_string(found->source_sequence.value_or(-1))
                 : "none";
  };
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 5, "10", 500)}))), "committed 1");
  EXPECT_EQ(newest(), "none");
  auto refused = row("A", 1, 9, "66", 900);
  refused.position_only = true;
  refused.stream.newest = newest_event{at_ms(900), 77};
  ASSERT_EQ(word(store.commit(range(part0, 2, 1, 2, {refused}))), "committed 1");
  EXPECT_EQ(newest(), "900 77");
  EXPECT_EQ(stored("A"), "10 500 1 5 5");
  // A late one's row is good, and ahead.
  ASSERT_EQ(word(store.commit(range(part0, 3, 2, 3, {row("A", 1, 10, "11", 800)}))), "committed 1");
  EXPECT_EQ(newest(), "900 77");
  EXPECT_EQ(other.load(std::vector<stream_key>{sym("A")}).value().at(0).newest->event_time,
            at_ms(900));
  ASSERT_EQ(word(store.commit(range(part0, 4, 3, 4, {row("A", 2, 1, "11", 1)}))), "committed 1");
  EXPECT_EQ(newest(), "none");
}

TEST_F(Commit, OfARefusedRowKeepsTheTimeOfItsEventWhereNoRowIsStored) {
  auto refused = row("A", 1, 9, "66", 900);
  refused.position_only = true;
  refused.stream.newest = newest_event{at_ms(900), {}};
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {refused}))), "committed 1");
  const auto streams = store.claim(part0, "node-1").value().streams;
  ASSERT_EQ(streams.size(), 1U);
  EXPECT_FALSE(streams[0].snapshot);
  EXPECT_EQ(streams[0].newest, (newest_event{at_ms(900), {}}));
}

TEST_F(Commit, AnEpochOfAnUnorderedStreamKnowsNothingOfARefusedRow) {
  auto refused = row("A", 1, 9, "66", 900);
  refused.position_only = true;
  refused.stream.newest = newest_event{at_ms(900), {}};
  refused.stream.flags = stream_flags::unordered;
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {refused}))), "committed 1");
  const auto streams = store.claim(part0, "node-1").value().streams;
  ASSERT_EQ(streams.size(), 1U);
  EXPECT_EQ(streams[0].position, (stream_position{epoch{2}, sequence{0}}));
  EXPECT_FALSE(streams[0].newest);
}

TEST_F(Commit, OfARefusedRowOfANewEpochMarksTheEventShownAsOlder) {
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 5, "10", 500)}))), "committed 1");
  auto refused = row("A", 2, 1, "66", 900);
  refused.position_only = true;
  ASSERT_EQ(word(store.commit(range(part0, 1, 1, 2, {refused}))), "committed 1");
  const auto streams = store.claim(part0, "node-1").value().streams;
  EXPECT_EQ(streams[0].position, (stream_position{epoch{2}, sequence{1}}));
  EXPECT_EQ(streams[0].snapshot->price_seq, sequence{0});
}

TEST_F(Commit, CanBeReadBackBySymbolWhateverTheHome) {
  own(store, part1);
  auto refused = row("C", 1, 4, "1", 1, part1);
  refused.position_only = true;
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {row("B", 1, 2, "2", 1)}))), "committed 1");
  ASSERT_EQ(word(store.commit(range(part1, 1, 0, 1, {row("A", 1, 3, "3", 1, part1), refused}))),
            "committed 2");
  const std::vector<stream_key> wanted{sym("C"), sym("NONE"), sym("A"), sym("B")};
  auto loaded = other.load(wanted);
  ASSERT_TRUE(loaded) << loaded.failure().detail;
  ASSERT_EQ(loaded->size(), 3U);
  EXPECT_EQ((*loaded)[0].symbol, sym("A"));
  EXPECT_EQ((*loaded)[0].home, part1);
  EXPECT_EQ((*loaded)[1].snapshot->price, price::parse("2").value());
  EXPECT_EQ((*loaded)[2].position.seq, sequence{4});
  EXPECT_FALSE((*loaded)[2].snapshot.has_value());
  EXPECT_TRUE(other.load({}).value().empty());
}

// ---- cost ------------------------------------------------------------------------------------

TEST_F(Commit, IsOneRoundTrip) {
  wire_proxy proxy(db.host(), db.port());
  auto settings = db.settings("counted");
  settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
  range_store_postgres counted(settings, shared_watchdog());
  own(counted, part0);
  std::vector<stream_row> rows;
  for (int i = 100; i < 400; ++i)
    rows.push_back(row("S" + std::to_string(i), 1, 1, "1", 1));
  ASSERT_EQ(word(counted.commit(range(part0, 2, 0, 1, rows))), "committed 300"); // also plans it
  const auto before = proxy.round_trips();
  ASSERT_EQ(word(counted.commit(range(part0, 2, 1, 2, rows))), "committed 300");
  EXPECT_EQ(proxy.round_trips() - before, 1U);
}

TEST_F(Commit, UpdatesAreHot) {
  std::vector<stream_row> rows;
  for (int i = 0; i < 50; ++i)
    rows.push_back(row("S" + std::to_string(10 + i), 1, 1, "1", 1));
  for (int n = 0; n <= 20; ++n) {
    for (auto& each : rows)
      each = row(each.stream.symbol.view(), 1, n + 1, std::to_string(n + 1), 1000 + n);
    ASSERT_EQ(word(store.commit(range(part0, 1, n, n + 1, rows))), "committed 50");
  }
  // The statistics of a backend are told when it goes idle, at most once a second, or when asked.
  // The connection of the store is ended so that it tells all.
  db.run("SELECT pg_terminate_backend(" + db.backend_of("node-1") + ", 20000)");
  ASSERT_TRUE(eventually([&] {
    db.run("SELECT pg_stat_clear_snapshot()");
    return db.value("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = "
                    "'price_snapshots'") == "1000";
  })) << db.value("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'price_snapshots'");
  EXPECT_EQ(db.value("SELECT n_tup_hot_upd >= 900 FROM pg_stat_user_tables WHERE relname = "
                     "'price_snapshots'"),
            "t")
      << db.value(
             "SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'price_snapshots'");
}

// ---- the whole list --------------------------------------------------------------------------

TEST_F(Commit, EveryStreamIsListedInSlicesSortedBySymbol) {
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp, epoch, last_sequence, "
         "price_sequence, home_topic, home_partition) SELECT 'S' || i, i, 1723161256543, 1, i, i, "
         "'price-ticks', i % 8 FROM generate_series(1, 100000) i");
  db.run("INSERT INTO stream_positions (symbol, stream, epoch, last_sequence) VALUES "
         "('REFUSED', 'price', 1, 4), ('S7', 'price', 1, 99), ('S7', 'trade', 5, 5)");
  std::vector<std::size_t> sizes;
  std::vector<std::string> symbols;
  sequence seven{};
  std::string trades;
  auto done = store.for_each_stream(30'000, [&](std::vector<stored_stream> slice) {
    sizes.push_back(slice.size());
    for (const auto& each : slice) {
      symbols.push_back(each.symbol.str());
      if (each.symbol == sym("S7") && each.kind == stream_kind::price)
        seven = each.position.seq;
      if (each.kind == stream_kind::trade)
        trades += each.symbol.str() + " " + std::to_string(each.position.epoch.value()) + "/" +
                  std::to_string(each.position.seq.value());
    }
  });
  ASSERT_TRUE(done) << done.failure().detail;
  EXPECT_EQ(sizes, (std::vector<std::size_t>{30'000, 30'000, 30'000, 10'002}));
  EXPECT_TRUE(std::ranges::is_sorted(symbols));
  EXPECT_EQ(symbols.front(), "REFUSED");
  EXPECT_EQ(seven, sequence{99});
  EXPECT_EQ(trades, "S7 5/5");
}

TEST_F(Commit, AnEmptyListHasNoSlices) {
  int slices = 0;
  ASSERT_TRUE(store.for_each_stream(10, [&](auto) { ++slices; }));
  EXPECT_EQ(slices, 0);
}

TEST_F(Commit, TheListMayBeTakenAgainAfterItsReaderThrew) {
  ASSERT_EQ(
      word(store.commit(range(part0, 1, 0, 1, {row("A", 1, 1, "1", 1), row("B", 1, 1, "1", 1)}))),
      "committed 2");
  EXPECT_THROW((void)store.for_each_stream(1, [](auto) { throw std::runtime_error("full"); }),
               std::runtime_error);
  int rows = 0;
  ASSERT_TRUE(
      store.for_each_stream(1, [&](auto slice) { rows += static_cast<int>(slice.size()); }));
  EXPECT_EQ(rows, 2);
}

} // namespace
} // namespace tradepulse
