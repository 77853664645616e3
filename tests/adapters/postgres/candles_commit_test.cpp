// The state of open candles: what a commit stores and what a claim begins with.
#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/candles.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

class CandlesCommit : public testing::Test {
 protected:
  CandlesCommit() {
    db.migrate();
    own(store, part0);
  }
  // One more range of the trades of A, with this state of its candles.
  range_commit next(std::shared_ptr<const stored_candles> state,
                    std::vector<closed_candle> closed_ones = {}) {
    const auto from = at_++;
    return with_candles(
        range(part0, 1, from, from + 1, {position("A", stream_kind::trade, 1, from + 1, 1000)}),
        {update_of("A", stream_kind::trade, std::move(state), std::move(closed_ones))});
  }
  std::string states() {
    return db.value("SELECT coalesce(string_agg(concat_ws(' ', symbol || '/' || stream, "
                    "length(state)), ', ' ORDER BY symbol COLLATE \"C\", stream COLLATE \"C\"), "
                    "'') FROM candle_states");
  }
  static const stored_candles& candles_of(const std::vector<stored_stream>& streams,
                                          std::string_view name, stream_kind kind) {
    for (const auto& each : streams)
      if (each.key() == stream_key{sym(name), kind} && each.candles)
        return *each.candles;
    throw std::runtime_error("no candles of " + std::string(name));
  }

  test_database db;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
  range_store_postgres other{db.settings("node-2"), shared_watchdog()};
  std::int64_t at_ = 0;
};

const auto first_state =
    state_of({candle_stream(candle_interval::m1, 1, 7)}, {open_candle(0, "61240", 100)});
const auto second_state =
    state_of({candle_stream(candle_interval::m1, 1, 8), candle_stream(candle_interval::h1, 1, 2)},
             {open_candle(1, "61250.5", 120), open_candle(1, "61250.5", 120, candle_interval::h1)});

// ---- the state -----------------------------------------------------------------------------

TEST_F(CandlesCommit, AClaimGivesEachSourceTheStateThatWasStoredLast) {
  EXPECT_EQ(word(store.commit(next(first_state))), "committed 1");
  EXPECT_TRUE(
      same(candles_of(other.load(std::vector<stream_key>{{sym("A"), stream_kind::trade}}).value(),
                      "A", stream_kind::trade),
           *first_state));
  EXPECT_EQ(word(store.commit(next(second_state))), "committed 1");
  EXPECT_EQ(db.value("SELECT count(*) FROM candle_states"), "1");
  const auto claimed = other.claim(part0, "node-2").value();
  EXPECT_EQ(words(claimed.streams), "A/trade 1/2 newest 1000");
  EXPECT_TRUE(same(candles_of(claimed.streams, "A", stream_kind::trade), *second_state));
}

TEST_F(CandlesCommit, StatesOfPricesAndOfTradesLieApart) {
  ASSERT_EQ(word(store.commit(with_candles(
                range(part0, 1, 0, 9,
                      {row("A", 1, 4, "3", 900), position("A", stream_kind::trade, 1, 4),
                       row("B", 1, 1, "1", 1)}),
                {update_of("A", stream_kind::price, first_state),
                 update_of("A", stream_kind::trade, second_state)}))),
            "committed 3");
  for (const auto& streams : {other.claim(part0, "node-2").value().streams,
                              other
                                  .reposition({.source = part0,
                             .gen = generation{2},
                             .next = next_offset{5},
                             .cluster_id = "cluster-1"})
                                  .value()
                                  .streams,
                              other
                                  .load(std::vector<stream_key>{{sym("A"), stream_kind::price},
                                                                {sym("A"), stream_kind::trade},
                                                                {sym("B"), stream_kind::price}})
                                  .value()}) {
    ASSERT_EQ(words(streams), "A/price 1/4, A/trade 1/4, B/price 1/1");
    EXPECT_TRUE(same(candles_of(streams, "A", stream_kind::price), *first_state));
    EXPECT_TRUE(same(candles_of(streams, "A", stream_kind::trade), *second_state));
    EXPECT_EQ(streams[2].candles, nullptr);
  }
}

TEST_F(CandlesCommit, AStateWithNothingInItIsStoredToo) {
  ASSERT_EQ(word(store.commit(next(second_state))), "committed 1");
  ASSERT_EQ(word(store.commit(next(state_of({}, {})))), "committed 1");
  EXPECT_TRUE(
      candles_of(other.claim(part0, "node-2").value().streams, "A", stream_kind::trade).empty());
}

// A new symbol is one that no UPDATE finds; those beside it are there.
TEST_F(CandlesCommit, NewAndKnownSourcesAreWrittenTogether) {
  const auto commit = [this](std::int64_t from, std::vector<candle_update> candles) {
    return word(
        store.commit(with_candles(range(part0, 1, from, from + 1, {}), std::move(candles))));
  };
  ASSERT_EQ(commit(0, {update_of("B", stream_kind::price, first_state)}), "committed 0");
  ASSERT_EQ(commit(1, {update_of("A", stream_kind::trade, first_state),
                       update_of("B", stream_kind::price, second_state),
                       update_of("B", stream_kind::trade, first_state),
                       update_of("C", stream_kind::price, second_state)}),
            "committed 0");
  const auto small = db.value("SELECT min(length(state)) FROM candle_states");
  const auto great = db.value("SELECT max(length(state)) FROM candle_states");
  ASSERT_NE(small, great);
  EXPECT_EQ(states(), "A/trade " + small + ", B/price " + great + ", B/trade " + small +
                          ", C/price " + great);
}

TEST_F(CandlesCommit, OfAFencedCommitNothingIsKept) {
  const auto late = next(first_state, {closed(open_candle(0, "2", 100), 1, 1)});
  ASSERT_TRUE(other.claim(part0, "node-2"));
  EXPECT_EQ(word(store.commit(late)), "fenced");
  EXPECT_EQ(states(), "");
  EXPECT_EQ(db.value("SELECT count(*) FROM candles"), "0");
}

// Whoever is fenced and stands still must not hold what the owner writes.
TEST_F(CandlesCommit, WhoIsFencedWaitsForNobody) {
  ASSERT_EQ(word(store.commit(next(first_state))), "committed 1");
  ASSERT_TRUE(other.claim(part0, "node-2"));
  db.run("BEGIN; SELECT FROM candle_states FOR UPDATE");
  EXPECT_EQ(word(store.commit(next(second_state, {closed(open_candle(0, "2", 100), 1, 1)}))),
            "fenced");
  db.run("ROLLBACK");
}

// The home has moved, and the partition that had it commits what it read before: its numbers must
// not be given again.
TEST_F(CandlesCommit, AStateOfAnEarlierEpochDoesNotTakeThePlaceOfALaterOne) {
  own(other, part1);
  auto moved = update_of("A", stream_kind::trade, second_state);
  moved.source_epoch = epoch{2};
  ASSERT_EQ(word(other.commit(with_candles(
                range(part1, 1, 0, 1, {position("A", stream_kind::trade, 2, 1, 1000, {}, part1)}),
                {moved}))),
            "committed 1");
  EXPECT_EQ(word(store.commit(next(first_state))), "committed 0"); // as its row
  EXPECT_TRUE(
      same(candles_of(other.load(std::vector<stream_key>{{sym("A"), stream_kind::trade}}).value(),
                      "A", stream_kind::trade),
           *second_state));
  moved.state = first_state; // of the same epoch, later
  ASSERT_EQ(word(other.commit(with_candles(range(part1, 1, 1, 2, {}), {moved}))), "committed 0");
  EXPECT_TRUE(
      same(candles_of(other.load(std::vector<stream_key>{{sym("A"), stream_kind::trade}}).value(),
                      "A", stream_kind::trade),
           *first_state));
}

TEST_F(CandlesCommit, AStateThatCannotBeReadStopsTheClaimAndSaysWhatToDo) {
  ASSERT_EQ(word(store.commit(next(first_state))), "committed 1");
  db.run("UPDATE candle_states SET state = '\\x0700'");
  const auto claimed = other.claim(part0, "node-2");
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.failure().code, errc::database_refused);
  EXPECT_EQ(claimed.failure().detail,
            "candle_states: the state of A/trade is of version 7, and this program reads version "
            "1. Start the version that wrote it; or delete the row and let the streams of its "
            "partition begin a new epoch with `tradepulse offsets set`: its candles then begin "
            "anew, and those of that moment are partial");
  EXPECT_EQ(db.value("SELECT generation || ' ' || owner FROM ingest_offsets"), "1 node-1");
  db.run("UPDATE candle_states SET state = substr(state, 1, 9)");
  EXPECT_FALSE(other.load(std::vector<stream_key>{{sym("A"), stream_kind::trade}}));
  db.run("DELETE FROM candle_states");
  EXPECT_TRUE(other.claim(part0, "node-2"));
}

// ---- positions of candle streams -----------------------------------------------------------

TEST_F(CandlesCommit, PositionsOfCandleStreamsAreListedAndNoneOfAClaim) {
  ASSERT_EQ(word(store.commit(with_candles(
                range(part0, 1, 0, 9,
                      {row("A", 1, 4, "3", 900), position("A", stream_kind::trade, 1, 4),
                       position("A", candle_1m, 3, 17), position("A", candle_1h, 3, 1)}),
                {update_of("A", stream_kind::trade, first_state)}))),
            "committed 4");
  EXPECT_EQ(positions(db), "A/candle_1h 3/1, A/candle_1m 3/17, A/trade 1/4");
  EXPECT_EQ(words(other.claim(part0, "node-2").value().streams), "A/price 1/4, A/trade 1/4");
  std::vector<stored_stream> every;
  ASSERT_TRUE(other.for_each_stream(2, [&](std::vector<stored_stream> some) {
    for (auto& each : some)
      every.push_back(std::move(each));
  }));
  EXPECT_EQ(words(every), "A/candle_1h 3/1, A/candle_1m 3/17, A/price 1/4, A/trade 1/4");
  for (const auto& each : every)
    EXPECT_EQ(each.candles, nullptr);
  EXPECT_EQ(words(other.load(std::vector<stream_key>{{sym("A"), candle_1m}}).value()),
            "A/candle_1m 3/17");
  EXPECT_EQ(other // floors are above their epochs as well
                .reposition({.source = part0,
                             .gen = generation{2},
                             .next = next_offset{0},
                             .new_epoch = true,
                             .cluster_id = "cluster-1"})
                .value()
                .epoch_floor,
            epoch{4});
}

TEST_F(CandlesCommit, AClaimDoesNotReadThePositionsOfCandleStreams) {
  db.run("INSERT INTO stream_positions (symbol, stream, epoch, last_sequence, home_topic, "
         "home_partition) SELECT 'S' || n, 'candle_1m', 1, 1, 'price-ticks', 0 FROM "
         "generate_series(1, 5000) n");
  ASSERT_EQ(word(store.commit(next(first_state))), "committed 1");
  auto read = [this] {
    return db.value("SELECT string_agg(indexrelname || ':' || idx_tup_read, ' ' ORDER BY "
                    "indexrelname) FROM pg_stat_user_indexes WHERE indexrelname ~ "
                    "'^idx_stream_positions'");
  };
  EXPECT_EQ(words(other.claim(part0, "node-2").value().streams), "A/trade 1/1 newest 1000");
  // What a session has counted is shown by its end at the latest.
  db.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE "
         "'node-%'");
  EXPECT_TRUE(eventually([&] { return db.backend_of("node-2") == "no row"; }));
  // Two looks for unordered streams, its own row, and the symbols whose prices are there alone.
  EXPECT_EQ(read(), "idx_stream_positions_claimed:4 idx_stream_positions_home:0");
}

// They begin an epoch with the first event of their source's, not before.
TEST_F(CandlesCommit, AClaimRaisesNoEpochOfACandleStream) {
  auto trades = position("A", stream_kind::trade, 2, 4, 900);
  auto candles = position("A", candle_1m, 2, 4);
  trades.stream.flags = candles.stream.flags = stream_flags::unordered;
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 9, {trades, candles}))), "committed 2");
  EXPECT_EQ(words(other.claim(part0, "node-2").value().streams), "A/trade 3/0");
  EXPECT_EQ(words(other.claim(part1, "node-2").value().streams), "");
  EXPECT_EQ(positions(db), "A/candle_1m 2/4, A/trade 3/0");
}

// ---- cost ----------------------------------------------------------------------------------

TEST_F(CandlesCommit, StatesAreUpdatedInTheirPages) {
  constexpr int symbols = 100;
  constexpr int commits = 20;
  for (int i = 0; i < commits; ++i) {
    std::vector<candle_update> candles;
    for (int s = 0; s < symbols; ++s) {
      stored_candles state;
      for (const auto interval : all_candle_intervals) {
        state.streams.push_back(candle_stream(interval, 1, 10 + i));
        state.candles.push_back(open_candle(1, "61250.5", 5'000'000 + i, interval));
      }
      candles.push_back(update_of("S" + std::to_string(100 + s), stream_kind::trade,
                                  std::make_shared<const stored_candles>(std::move(state))));
    }
    ASSERT_EQ(word(store.commit(with_candles(range(part0, 1, i, i + 1, {}), std::move(candles)))),
              "committed 0");
  }
  // What a session has counted is shown by its end at the latest.
  EXPECT_EQ(db.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                     "application_name = 'node-1'"),
            "1");
  auto counted = [this] {
    return db.value("SELECT concat_ws(' ', n_tup_ins, n_tup_upd, n_tup_hot_upd) FROM "
                    "pg_stat_user_tables WHERE relname = 'candle_states'");
  };
  EXPECT_TRUE(eventually([&] { return counted().starts_with("100 1900 "); }));
  EXPECT_EQ(counted(), "100 1900 1900");
}

class CountedCandles : public CandlesCommit {
 protected:
  CountedCandles() {
    auto settings = db.settings("counted");
    settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
    counted.emplace(settings, shared_watchdog());
    own(*counted, part0);
  }
  std::uint64_t trips(range_commit work) {
    work.gen = generation{2};
    const auto before = proxy.round_trips();
    EXPECT_EQ(word(counted->commit(work)).substr(0, 9), "committed");
    return proxy.round_trips() - before;
  }

  wire_proxy proxy{db.host(), db.port()};
  std::optional<range_store_postgres> counted;
  kept_kinds events;
};

TEST_F(CountedCandles, StatesAndClosedCandlesTakeTheFirstRoundTripOfAJournalledCommit) {
  const auto trades = [&](range_commit work) {
    const auto from = work.from.value();
    return journalled(std::move(work), {events.trades_of("A", 1, from + 1, 1, from)},
                      candles_begin);
  };
  const auto plain = [&] {
    auto work = next(first_state);
    work.candles.clear();
    return work;
  };
  trips(trades(plain()));                                                     // names
  trips(trades(next(first_state, {closed(open_candle(0, "2", 100), 1, 1)}))); // and statements
  EXPECT_EQ(trips(trades(plain())), 3U);
  EXPECT_EQ(trips(trades(next(second_state))), 3U);
  EXPECT_EQ(trips(trades(next(first_state, {closed(open_candle(0, "3", 100), 1, 2)}))), 3U);
}

TEST_F(CountedCandles, WithoutAJournalTheirCommitTakesOneMore) {
  auto plain = next(first_state);
  plain.candles.clear();
  EXPECT_EQ(trips(plain), 2U); // the statement is prepared
  EXPECT_EQ(trips(next(first_state)), 3U);
  EXPECT_EQ(trips(next(second_state)), 2U);
  EXPECT_EQ(trips(next(first_state, {closed(open_candle(0, "3", 100), 1, 2)})), 3U);
  EXPECT_EQ(trips(next(second_state, {closed(open_candle(0, "4", 100), 1, 3)})), 2U);
  plain = next(first_state);
  plain.candles.clear();
  EXPECT_EQ(trips(plain), 1U);
}

} // namespace
} // namespace tradepulse
