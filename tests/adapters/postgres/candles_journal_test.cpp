// Closes and corrections in their journal: values, pages, gaps, retention.
#include <limits>

#include <gtest/gtest.h>

#include "adapters/postgres/history_store_postgres.hpp"
#include "tests/adapters/postgres/support/candles.hpp"
#include "tests/adapters/postgres/support/trimmed.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t noon = candles_begin;

candle closed_of(std::int64_t n, std::string_view close_text, std::int64_t seq,
                 candle_interval interval = candle_interval::m1) {
  return closed(open_candle(n, close_text, seq, interval), 1, 1).row.candle;
}

class CandlesJournal : public testing::Test {
 protected:
  CandlesJournal() {
    db.migrate();
    own(store, part0);
  }
  // Numbers first..last of a candle stream of A, all committed together.
  void commit(const std::string& time, std::int64_t first, std::int64_t last,
              stream_kind kind = candle_1m) {
    std::vector<logged_candle> facts;
    for (auto n = first; n <= last; ++n)
      facts.push_back(fact(next_ + n, noon + n, closed_of(n, "2", 10 * n, kind.candle_length())));
    ASSERT_EQ(word(store.commit(
                  journalled(range(part0, 1, next_, next_ + 1, {position("A", kind, 1, last)}),
                             {events.run("A", 1, first, std::move(facts), kind)},
                             at_time(time).time_since_epoch().count()))),
              "committed 1");
    ++next_;
  }
  history_page page(stream_position after, stream_kind kind = candle_1m) {
    auto query = behind("A", after);
    query.kind = kind;
    auto read = reader.read(query);
    EXPECT_TRUE(read) << read.failure().detail;
    return read ? *read : history_page{};
  }
  std::vector<numbered_candle> read_back(std::int64_t e, stream_kind kind) {
    std::vector<numbered_candle> out;
    for (const auto& burst : page(pos(e, 0), kind).bursts) {
      EXPECT_EQ(burst->kind(), kind);
      for (const auto& each : dynamic_cast<const candle_burst&>(*burst).events())
        out.push_back(each);
    }
    return out;
  }

  test_database db;
  kept_events ticks;
  kept_candles events;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
  history_store_postgres reader{db.settings("reader"), shared_watchdog()};

 private:
  std::int64_t next_ = 0;
};

// ---- values --------------------------------------------------------------------------------

TEST_F(CandlesJournal, KeepsWhatACandleSaysInItsOwnTransaction) {
  auto corrected = closed_of(1, "3.5", 90);
  corrected.revision = 2;
  ASSERT_EQ(
      word(store.commit(journalled(range(part0, 1, 0, 9, {position("A", candle_1m, 2, 8)}),
                                   {ticks.run("A", 1, 1, {event(0, "1", 1000)}),
                                    events.run("A", 2, 7,
                                               {fact(4, noon, closed_of(0, "61240.01", 1'000)),
                                                fact(8, noon - 5'000, corrected)})},
                                   noon))),
      "committed 1");
  EXPECT_EQ(event_rows(db, "journal_candles",
                       "start_time, open, high, low, close, event_time, commit_time, "
                       "kafka_offset, trades, first_trade_id, last_trade_id, source_epoch, "
                       "first_seq, last_seq, revision, flags, candle_flags, volume, quote_volume, "
                       "taker_buy_volume, taker_buy_quote_volume"),
            "A/candle_1m 2/7 1699963200000 6123456000000 6124001000000 6123456000000 "
            "6124001000000 1699963200000 1699963200000 4 2 7999 8000 1 999 1000 0 0 197 0.75000000 "
            "45925.9200000000000001 0.50000000 30617.2800000000000000, "
            "A/candle_1m 2/8 1699963260000 6123456000000 350000000 6123456000000 350000000 "
            "1699963195000 1699963200000 8 2 7089 7090 1 89 90 2 0 197 0.75000000 "
            "45925.9200000000000001 0.50000000 30617.2800000000000000");
  EXPECT_EQ(db.value("SELECT string_agg(symbol || '/' || stream || ' ' || leaf || ' ' || "
                     "first_seq, ', ' ORDER BY stream) FROM journal_leaves JOIN journal_streams "
                     "USING (stream_id)"),
            "A/candle_1m 2023-11-14 7, A/price 2023-11-14 1");
  // The cause of the second one is older than that of the first: that is no lateness.
  const auto read = read_back(2, candle_1m);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].seq, sequence{7});
  EXPECT_EQ(read[0].event_time, at_ms(noon));
  EXPECT_EQ(read[0].value, closed_of(0, "61240.01", 1'000));
  EXPECT_EQ(read[1].value, corrected);
  EXPECT_EQ(read[1].event_time, at_ms(noon - 5'000));
  EXPECT_FALSE(read[1].late);
  EXPECT_EQ(read[1].source_sequence, std::nullopt);
}

TEST_F(CandlesJournal, KeepsEveryDigitAtTheBounds) {
  constexpr int128 greatest = ((int128{1} << 126) - 1) * 2 + 1;
  auto great = closed_of(0, "92233720368.54775807", most, candle_interval::d1);
  great.open = great.high = great.low = great.close;
  great.volume_units = great.quote_units = greatest;
  great.taker_buy_volume_units = great.taker_buy_quote_units = greatest - 1;
  great.trades = great.first_trade_id = most;
  great.last_trade_id = -most - 1;
  great.source_epoch = epoch{most};
  great.revision = 2'147'483'647;
  auto flat = candle{};
  flat.interval = candle_interval::d1;
  flat.start = at_ms(946'684'800'000);
  flat.flags = candle_flags::closed | candle_flags::partial;
  auto bare = flat; // prices alone
  bare.trades = 1;
  bare.first_seq = bare.last_seq = sequence{1};
  bare.flags = bare.flags | candle_flags::lacks_size | candle_flags::lacks_taker;
  const auto kind = stream_kind::candle(candle_interval::d1);
  ASSERT_EQ(
      word(store.commit(journalled(
          range(part0, 1, 0, 9, {}),
          {events.run("A", 2'147'483'647, 1,
                      {fact(most - 1, noon, great), fact(0, 0, flat), fact(1, -1, bare)}, kind)},
          noon))),
      "committed 0");
  EXPECT_EQ(
      event_rows(db, "journal_candles",
                 "coalesce(volume::text, '-'), coalesce(quote_volume::text, '-'), "
                 "coalesce(taker_buy_volume::text, '-'), coalesce(first_trade_id::text, '-')"),
      "A/candle_1d 2147483647/1 1701411834604692317316873037158.84105727 "
      "17014118346046923173168.7303715884105727 1701411834604692317316873037158.84105726 "
      "9223372036854775807, "
      "A/candle_1d 2147483647/2 0.00000000 0.0000000000000000 0.00000000 -, "
      "A/candle_1d 2147483647/3 - - - -");
  const auto read = read_back(2'147'483'647, kind);
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].value, great);
  EXPECT_EQ(read[1].value, flat);
  EXPECT_EQ(read[2].value, bare);
}

// What is not shown is not kept here: the table `candles` has it.
TEST_F(CandlesJournal, SaysWhatIsKnownOfEveryEventAlone) {
  auto some = closed_of(0, "2", 10);
  some.flags = some.flags | candle_flags::lacks_taker;
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 0, 9, {}),
                                         {events.run("A", 1, 1, {fact(0, noon, some)})}, noon))),
            "committed 0");
  auto known = some;
  known.taker_buy_volume_units = known.taker_buy_quote_units = 0;
  EXPECT_EQ(read_back(1, candle_1m).at(0).value, known);
  EXPECT_EQ(known.taker_buy_volume(), std::nullopt);
}

// ---- pages, gaps, retention ----------------------------------------------------------------

TEST_F(CandlesJournal, IntervalsAreStreamsOfTheirOwn) {
  commit("2023-11-14T12:00:00Z", 1, 5);
  commit("2023-11-15T12:00:00Z", 6, 9);
  commit("2023-11-15T12:00:00Z", 1, 1, candle_1h);
  const auto minutes = page(pos(1, 2));
  EXPECT_EQ(words(minutes), "1/3..9");
  EXPECT_EQ(minutes.lowest, pos(1, 1));
  EXPECT_EQ(minutes.highest, pos(1, 9));
  EXPECT_EQ(minutes.committed, pos(1, 9));
  EXPECT_EQ(words(page(pos(1, 0), candle_1h)), "1/1..1");
  EXPECT_EQ(words(page(pos(1, 0), stream_kind::candle(candle_interval::m5))), "");
  auto since = behind("A", pos(0, 0));
  since.kind = candle_1m;
  since.time = at_time("2023-11-15T00:00:00Z");
  EXPECT_EQ(reader.read(since).value().after, pos(1, 5));
}

TEST_F(CandlesJournal, GapsAreShownOfCandleStreams) {
  commit("2023-11-14T12:00:00Z", 1, 5);
  commit("2023-11-15T12:00:00Z", 6, 9);
  auto gaps = [this] {
    return db.value("SELECT concat_ws(' ', symbol, stream, epoch, events, min_seq, max_seq, "
                    "gap_count) FROM stream_gaps");
  };
  EXPECT_EQ(gaps(), "A candle_1m 1 9 1 9 0");
  db.run("DELETE FROM journal_candles WHERE seq IN (3, 4)");
  EXPECT_EQ(gaps(), "A candle_1m 1 7 1 9 2");
}

TEST_F(CandlesJournal, RetentionTakesTheirLeaves) {
  commit("2023-11-14T12:00:00Z", 1, 5);
  commit("2023-11-15T12:00:00Z", 6, 9, candle_1h);
  commit("2023-11-16T12:00:00Z", 6, 9);
  EXPECT_EQ(words(journal_trimmer(db.settings("trim"), shared_watchdog())
                      .trim(std::vector<journal_rule>{{"candle", std::chrono::days{7}}},
                            at_time("2023-11-24T00:00:00Z"))),
            "journal_candles_20231114 journal_candles_20231115; oldest 2023-11-16");
  EXPECT_EQ(page(pos(1, 0)).lowest, pos(1, 6));
  EXPECT_EQ(page(pos(1, 0), candle_1h).lowest, pos(0, 0));
}

TEST_F(CandlesJournal, WhereTheyAreNotKeptTheyHaveTheirPositions) {
  range_store_postgres some(db.settings("node-2"), shared_watchdog(), {event_kind::price});
  const auto gen = own(some, part1).value();
  EXPECT_EQ(word(some.commit(
                journalled(range(part1, gen, 0, 2, {position("A", candle_1m, 1, 1, {}, {}, part1)}),
                           {events.run("A", 1, 1, {fact(0, noon, closed_of(0, "2", 10))})}, noon))),
            "committed 1");
  EXPECT_EQ(db.value("SELECT count(*) FROM journal_candles"), "0");
  EXPECT_EQ(positions(db), "A/candle_1m 1/1");
}

TEST_F(CandlesJournal, ManyAreCopiedInSeveralStatements) {
  std::vector<logged_candle> facts;
  for (int n = 0; n < 10'001; ++n)
    facts.push_back(fact(1, noon, closed_of(n, "2", 10 * n + 2)));
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 0, 2, {}),
                                         {events.run("A", 1, 1, std::move(facts))}, noon))),
            "committed 0");
  EXPECT_EQ(db.value("SELECT concat_ws(' ', count(*), min(seq), max(seq), max(last_seq)) FROM "
                     "journal_candles"),
            "10001 1 10001 100002");
}

} // namespace
} // namespace tradepulse
