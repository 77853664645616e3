// Events of trades, quotes and klines in their journals: leaves, names, faults, cost.
#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t noon = 1'699'963'200'000; // 2023-11-14

class KindsJournal : public testing::Test {
 protected:
  KindsJournal() {
    db.migrate();
    own(store, part0);
  }
  std::string rows(const std::string& journal, const std::string& columns) {
    return event_rows(db, journal, columns);
  }
  std::string leaves() {
    return db.value("SELECT string_agg(concat_ws(' ', s.symbol || '/' || s.stream, epoch, leaf, "
                    "first_seq), ', ' ORDER BY symbol COLLATE \"C\", stream COLLATE \"C\", epoch, "
                    "leaf) FROM journal_leaves JOIN journal_streams s USING (stream_id)");
  }
  test_database db;
  kept_events ticks;
  kept_kinds events;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
};

TEST_F(KindsJournal, AMixedCommitGoesIntoTheJournalOfEachKindAtOnce) {
  const auto work =
      journalled(range(part0, 1, 0, 12,
                       {row("A", 1, 2, "2", 1001), position("A", stream_kind::trade, 1, 2, 1001),
                        position("A", stream_kind::quote, 4, 7, 9),
                        position("A", kline_1m, 1, 1, 560), row("B", 1, 1, "9", 7)}),
                 {ticks.run("A", 1, 1, {event(0, "1", 1000), event(3, "2", 1001)}),
                  events.run("A", 1, 1,
                             {trade(0, "1", "0.5", 1000, trade_side::sell, 88),
                              trade(3, "2", "7", 1001, trade_side::buy)}),
                  events.run("A", 4, 7, {quote(5, "1.5", "10", "1.6", "20.25", 9)}),
                  events.run("A", 1, 1, {kline(6, 60, "3", "5", true)}),
                  ticks.run("B", 1, 1, {event(4, "9", 7)})},
                 noon);
  EXPECT_EQ(word(store.commit(work)), "committed 5");
  EXPECT_EQ(rows("journal_prices", "price, kafka_offset"),
            "A/price 1/1 100000000 0, A/price 1/2 200000000 3, B/price 1/1 900000000 4");
  EXPECT_EQ(rows("journal_trades", "price, size, size_rest, coalesce(trade_id::text, '-'), "
                                   "event_time, commit_time, kafka_offset, flags"),
            "A/trade 1/1 100000000 500000 0 88 1000 1699963200000 0 4, "
            "A/trade 1/2 200000000 7000000 0 - 1001 1699963200000 3 2");
  EXPECT_EQ(rows("journal_quotes", "bid, bid_size, ask, ask_size"),
            "A/quote 4/7 150000000 10000000 160000000 20250000");
  EXPECT_EQ(rows("journal_klines", "start_time, end_time, close, volume, closed"),
            "A/kline_1m 1/1 60 60059 300000000 5.00000000 t");
  EXPECT_EQ(leaves(), "A/kline_1m 1 2023-11-14 1, A/price 1 2023-11-14 1, A/quote 4 2023-11-14 7, "
                      "A/trade 1 2023-11-14 1, B/price 1 2023-11-14 1");
  EXPECT_EQ(db.value("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind "
                     "= 'r' AND relname ~ '_[0-9]{8}$'"),
            "journal_klines_20231114 journal_prices_20231114 journal_quotes_20231114 "
            "journal_trades_20231114");
  EXPECT_EQ(db.value("SELECT count(DISTINCT partition_id) FROM (SELECT partition_id FROM "
                     "journal_trades UNION ALL SELECT partition_id FROM journal_prices) p"),
            "1");
  EXPECT_EQ(db.value("SELECT next_offset || ' ' || journal_time FROM ingest_offsets"),
            "12 1699963200000");
}

// ---- which kinds ---------------------------------------------------------------------------

TEST_F(KindsJournal, KindsThatAreNotKeptHaveTheirPositionsAndNoEvents) {
  range_store_postgres some(db.settings("node-2"), shared_watchdog(),
                            {event_kind::price, event_kind::kline});
  const auto gen = own(some, part1).value();
  const std::vector<journal_run> all{ticks.run("A", 1, 1, {event(0, "1", 1000)}),
                                     events.trades_of("A", 1, 1, 2),
                                     events.run("A", 1, 1, {kline(1, 0, "1", "1")})};
  EXPECT_EQ(
      word(some.commit(journalled(
          range(part1, gen, 0, 2, {position("A", stream_kind::trade, 1, 2, 1001)}), all, noon))),
      "committed 1");
  EXPECT_EQ(rows("journal_prices", "kafka_offset"), "A/price 1/1 0");
  EXPECT_EQ(rows("journal_trades", "kafka_offset"), "");
  EXPECT_EQ(rows("journal_klines", "kafka_offset"), "A/kline_1m 1/1 1");
  EXPECT_EQ(leaves(), "A/kline_1m 1 2023-11-14 1, A/price 1 2023-11-14 1");
  EXPECT_EQ(positions(db), "A/trade 1/2 1001");
}

TEST_F(KindsJournal, WhereNoKindOfACommitIsKeptItsTimeIsNoneOfTheJournals) {
  range_store_postgres none(db.settings("node-2"), shared_watchdog(), {event_kind::price});
  const auto gen = own(none, part1).value();
  EXPECT_EQ(word(none.commit(
                journalled(range(part1, gen, 0, 2, {}), {events.trades_of("A", 1, 1, 2)}, noon))),
            "committed 0");
  EXPECT_EQ(db.value("SELECT journal_time FROM ingest_offsets WHERE partition = 1"), "NULL");
}

// ---- leaves and names ----------------------------------------------------------------------

TEST_F(KindsJournal, ALeafHasTheIndexesOfItsKind) {
  for (const char* journal : {"journal_trades", "journal_quotes", "journal_klines"})
    EXPECT_EQ(db.value("SELECT journal_leaf('" + std::string(journal) + "', '2023-11-14')"),
              std::string(journal) + "_20231114");
  EXPECT_EQ(db.value("SELECT string_agg(replace(indexdef, 'public.', ''), '; ' ORDER BY indexname) "
                     "FROM pg_indexes WHERE tablename ~ '^journal_(trades|quotes|klines)_'"),
            "CREATE UNIQUE INDEX journal_klines_20231114_position ON journal_klines_20231114 USING "
            "btree (stream_id, epoch, seq); "
            "CREATE INDEX journal_klines_20231114_source ON journal_klines_20231114 USING btree "
            "(stream_id, source_sequence) WHERE (source_sequence IS NOT NULL); "
            "CREATE UNIQUE INDEX journal_quotes_20231114_position ON journal_quotes_20231114 USING "
            "btree (stream_id, epoch, seq); "
            "CREATE UNIQUE INDEX journal_trades_20231114_position ON journal_trades_20231114 USING "
            "btree (stream_id, epoch, seq) WITH (fillfactor='100')");
}

TEST_F(KindsJournal, TomorrowsLeavesAreMadeAheadForTheKindsThatAreThere) {
  const auto evening = noon + day_ms / 2 - 1;
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 2, {}), {events.trades_of("A", 1, 1, 2)}, evening))),
            "committed 0");
  EXPECT_EQ(db.value("SELECT to_regclass('journal_trades_20231115') IS NOT NULL"), "t");
  EXPECT_EQ(db.value("SELECT to_regclass('journal_prices_20231115') IS NULL"), "t");
  ASSERT_EQ(word(store.commit(journalled(range(part0, 1, 2, 4, {}),
                                         {events.trades_of("A", 1, 3, 2, 2)}, evening + 1))),
            "committed 0");
  EXPECT_EQ(rows("journal_trades_20231115", "kafka_offset"), "A/trade 1/3 2, A/trade 1/4 3");
  EXPECT_EQ(leaves(), "A/trade 1 2023-11-14 1, A/trade 1 2023-11-15 3");
}

TEST_F(KindsJournal, ALeafThatWasTakenAwayIsMadeAgain) {
  const auto both = [&](std::int64_t from) {
    return journalled(
        range(part0, 1, from, from + 1, {}),
        {ticks.run_of("A", 1, from + 1, 1, from), events.trades_of("A", 1, from + 1, 1, from)},
        noon);
  };
  ASSERT_EQ(word(store.commit(both(0))), "committed 0");
  db.run("DROP TABLE journal_trades_20231114");
  EXPECT_EQ(word(store.commit(both(1))), "committed 0");
  EXPECT_EQ(rows("journal_trades", "kafka_offset"), "A/trade 1/2 1");
  EXPECT_EQ(rows("journal_prices", "kafka_offset"), "A/price 1/1 0, A/price 1/2 1");
}

TEST_F(KindsJournal, StreamsOfASymbolHaveIdsOfTheirOwn) {
  ASSERT_EQ(
      word(store.commit(journalled(
          range(part0, 1, 0, 2, {}),
          {ticks.run_of("A", 1, 1, 1), events.trades_of("A", 1, 1, 1),
           events.run("A", 1, 1, {kline(1, 0, "1", "1")}),
           events.run("A", 1, 1, {kline(1, 0, "1", "1")}, stream_kind::kline(kline_interval::h1))},
          noon))),
      "committed 0");
  EXPECT_EQ(db.value("SELECT string_agg(symbol || '/' || stream, ' ' ORDER BY stream_id) FROM "
                     "journal_streams"),
            "A/kline_1h A/kline_1m A/price A/trade");
  EXPECT_EQ(rows("journal_klines", "e.stream_id"), "A/kline_1h 1/1 1, A/kline_1m 1/1 2");
}

// ---- faults --------------------------------------------------------------------------------

TEST_F(KindsJournal, OfAFencedCommitNothingIsKept) {
  range_store_postgres other(db.settings("node-2"), shared_watchdog());
  ASSERT_TRUE(other.claim(part0, "node-2"));
  EXPECT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 2, {}),
                           {ticks.run_of("A", 1, 1, 1), events.trades_of("A", 1, 1, 2)}, noon))),
            "fenced");
  EXPECT_EQ(rows("journal_trades", "kafka_offset"), "");
  EXPECT_EQ(db.value("SELECT count(*) FROM journal_streams"), "0");
}

TEST_F(KindsJournal, KeepsTheEventsOfARefusedRow) {
  db.run("ALTER TABLE stream_positions ADD CHECK (newest_source <> 13)");
  auto work =
      journalled(range(part0, 1, 0, 4,
                       {row("A", 1, 1, "1", 1), position("A", stream_kind::trade, 1, 2, 1000, 13)}),
                 {ticks.run_of("A", 1, 1, 1), events.trades_of("A", 1, 1, 2)}, noon);
  EXPECT_EQ(word(store.commit(work)), "rows_refused A/trade/23514");
  EXPECT_EQ(rows("journal_prices", "kafka_offset"), "");
  work.rows[1].position_only = true;
  work.rows[1].stream.newest.reset(); // that very value was refused
  EXPECT_EQ(word(store.commit(work)), "committed 2");
  EXPECT_EQ(rows("journal_trades", "kafka_offset"), "A/trade 1/1 0, A/trade 1/2 1");
  EXPECT_EQ(positions(db), "A/trade 1/2");
}

TEST_F(KindsJournal, ANumberThatComesTwiceStopsThePartitionAndNamesTheStream) {
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 2, {}), {events.trades_of("A", 1, 1, 2)}, noon))),
            "committed 0");
  const auto outcome = word(
      store.commit(journalled(range(part0, 1, 2, 4, {position("A", stream_kind::trade, 1, 3)}),
                              {ticks.run_of("A", 1, 1, 1), events.trades_of("A", 1, 2, 2)}, noon)));
  EXPECT_EQ(outcome.find("try_again: the journal has a number already that " + part0.to_string() +
                         " is about to give: A/trade, epoch and seq 1, 2. Nothing of this "
                         "partition is stored until that is repaired; its records stay in Kafka. "
                         "stream_positions, ingest_offsets or the journal was changed"),
            0U)
      << outcome;
  EXPECT_EQ(rows("journal_prices", "kafka_offset"), ""); // copied before, and rolled back
  EXPECT_EQ(positions(db), "");
}

// The process died behind its commit, or before it: what was read again is numbered as before.
TEST_F(KindsJournal, AReplayAfterAClaimGoesOnFromWhatIsStored) {
  const auto first = journalled(
      range(part0, 1, 0, 3,
            {row("A", 1, 3, "1", 1002), position("A", stream_kind::trade, 1, 3, 1002, 42)}),
      {ticks.run_of("A", 1, 1, 3), events.trades_of("A", 1, 1, 3)}, noon);
  ASSERT_EQ(word(store.commit(first)), "committed 2");
  range_store_postgres next(db.settings("node-2"), shared_watchdog());
  const auto claimed = next.claim(part0, "node-2").value();
  EXPECT_EQ(claimed.next, next_offset{3});
  EXPECT_EQ(claimed.journal_time, at_ms(noon));
  EXPECT_EQ(words(claimed.streams), "A/price 1/3, A/trade 1/3 newest 1002 source 42");
  EXPECT_EQ(word(store.commit(first)), "fenced"); // whoever was before
  auto again = first;
  again.gen = claimed.gen;
  EXPECT_EQ(word(next.commit(again)), "fenced"); // the same offsets are not applied twice
  EXPECT_EQ(word(next.commit(journalled(
                range(part0, claimed.gen.value(), 3, 4,
                      {row("A", 1, 4, "1", 1003), position("A", stream_kind::trade, 1, 4, 1003)}),
                {ticks.run_of("A", 1, 4, 1, 3), events.trades_of("A", 1, 4, 1, 3)}, noon))),
            "committed 2");
  EXPECT_EQ(rows("journal_trades", "kafka_offset"),
            "A/trade 1/1 0, A/trade 1/2 1, A/trade 1/3 2, A/trade 1/4 3");
}

// ---- cost ----------------------------------------------------------------------------------

TEST_F(KindsJournal, EachFurtherKindTakesTwoRoundTripsMore) {
  wire_proxy proxy(db.host(), db.port());
  auto settings = db.settings("counted");
  settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
  range_store_postgres counted(settings, shared_watchdog());
  own(counted, part0);
  auto trips = [&](std::int64_t from, int kinds) {
    std::vector<stream_row> streams{row("A", 1, from + 1, "1", 1)};
    std::vector<journal_run> runs{ticks.run_of("A", 1, from + 1, 1, from)};
    if (kinds > 1) {
      streams.push_back(position("A", stream_kind::trade, 1, from + 1, 1));
      runs.push_back(events.trades_of("A", 1, from + 1, 1, from));
    }
    if (kinds > 2) {
      streams.push_back(position("A", stream_kind::quote, 1, from + 1, 1));
      runs.push_back(events.run("A", 1, from + 1, {quote(from, "1", "1", "1", "1", 1)}));
      streams.push_back(position("A", kline_1m, 1, from + 1, 1));
      runs.push_back(events.run("A", 1, from + 1, {kline(from, 0, "1", "1")}));
    }
    const auto before = proxy.round_trips();
    EXPECT_EQ(word(counted.commit(journalled(range(part0, 2, from, from + 1, std::move(streams)),
                                             std::move(runs), noon)))
                  .substr(0, 9),
              "committed");
    return proxy.round_trips() - before;
  };
  trips(0, 4); // names
  EXPECT_EQ(trips(1, 1), 3U);
  EXPECT_EQ(trips(2, 2), 5U);
  EXPECT_EQ(trips(3, 4), 10U); // and one for market_klines
}

TEST_F(KindsJournal, CopiesManyEventsOfTwoKindsInSeveralStatements) {
  ASSERT_EQ(word(store.commit(
                journalled(range(part0, 1, 0, 1, {}),
                           {ticks.run_of("A", 1, 1, 10'001), events.trades_of("A", 1, 1, 25'000),
                            events.trades_of("B", 1, 1, 7)},
                           noon))),
            "committed 0");
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', symbol, min, max, count), ', ' ORDER BY "
                     "symbol) FROM (SELECT symbol, min(seq), max(seq), count(*) FROM "
                     "journal_trades JOIN journal_streams USING (stream_id) GROUP BY symbol) each"),
            "A 1 25000 25000, B 1 7 7");
  EXPECT_EQ(db.value("SELECT count(*) FROM journal_prices"), "10001");
}

} // namespace
} // namespace tradepulse
