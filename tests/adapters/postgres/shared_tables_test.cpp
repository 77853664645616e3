// market_klines and sequence_tracker, as a commit writes them.
#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t noon = 1'699'963'200'000; // 2023-11-14
const stream_kind kline_5m = stream_kind::kline(kline_interval::m5);

logged_kline numbered(logged_kline from, std::int64_t source) {
  from.source_sequence = source;
  return from;
}

class SharedTables : public testing::Test {
 protected:
  SharedTables() { db.migrate(); }

  // Messages about klines of A from number `first` on, at the offsets from `from` on.
  range_commit klines(std::int64_t from, std::int64_t first, std::vector<logged_kline> messages,
                      stream_kind kind = kline_1m) {
    const auto last = first + static_cast<std::int64_t>(messages.size()) - 1;
    return journalled(range(part0, gen.value(), from, from + 1, {position("A", kind, 1, last, 1)}),
                      {events.run("A", 1, first, std::move(messages), kind)}, noon);
  }
  std::string stored(const std::string& columns, const std::string& table = "market_klines") {
    return db.value("SELECT coalesce(string_agg(concat_ws(' ', " + columns +
                    "), ', ' ORDER BY symbol, interval, time), '') FROM " + table);
  }
  std::string tracked() {
    return db.value("SELECT string_agg(concat_ws(' ', symbol, stream, epoch, last_sequence), ', ' "
                    "ORDER BY symbol, stream) FROM sequence_tracker WHERE symbol IS NOT NULL");
  }
  postgres_settings through(const wire_proxy& proxy) const {
    auto settings = db.settings("counted");
    settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
    return settings;
  }

  test_database db;
  kept_events ticks;
  kept_kinds events;
  generation gen{1};
};

// ---- what is written -----------------------------------------------------------------------

TEST_F(SharedTables, HaveTheNewestMessageOfEachKlineOfACommit) {
  range_store_postgres store(db.settings(), shared_watchdog());
  own(store, part0);
  EXPECT_EQ(
      word(store.commit(klines(0, 1,
                               {kline(0, 60'000, "1", "5"), kline(1, 60'000, "2.5", "6", true),
                                kline(2, 120'000, "3", "7"), kline(3, 60'000, "4", "8"),
                                kline(4, 120'000, "92233720368.54775807", "9", true)}))),
      "committed 1");
  EXPECT_EQ(stored("symbol, interval, extract(epoch FROM time)::int, open, high, low, close, "
                   "volume, closed, epoch, engine_seq, last_sequence, sequence"),
            "A 1m 60 4.00000000 4.00000000 4.00000000 4.00000000 8.00000000 f 1 4 4, "
            "A 1m 120 92233720368.54775807 92233720368.54775807 92233720368.54775807 "
            "92233720368.54775807 9.00000000 t 1 5 5 5");
  // And the journal has each of them.
  EXPECT_EQ(event_rows(db, "journal_klines", "start_time"),
            "A/kline_1m 1/1 60000, A/kline_1m 1/2 60000, A/kline_1m 1/3 120000, A/kline_1m 1/4 "
            "60000, A/kline_1m 1/5 120000");
}

TEST_F(SharedTables, HaveUpstreamsNumbersWhereClientsCountByThem) {
  range_store_postgres store(db.settings(), shared_watchdog(), journal_kinds::all(),
                             {kline_numbers::source});
  own(store, part0);
  // The last message of a kline may have none: then the one before it counts.
  ASSERT_EQ(word(store.commit(
                klines(0, 1,
                       {numbered(kline(0, 60'000, "1", "1"), 41), kline(1, 60'000, "2", "1", true),
                        kline(2, 120'000, "3", "1", true)}))),
            "committed 1");
  EXPECT_EQ(stored("close, engine_seq, last_sequence, sequence"),
            "2.00000000 2 41 41, 3.00000000 3");
}

TEST_F(SharedTables, HaveKlinesAlsoWhereTheJournalDoesNotKeepThem) {
  range_store_postgres store(db.settings(), shared_watchdog(), {event_kind::price});
  own(store, part0);
  ASSERT_EQ(word(store.commit(klines(0, 1, {kline(0, 60'000, "1", "5")}))), "committed 1");
  EXPECT_EQ(stored("close, engine_seq"), "1.00000000 1");
  EXPECT_EQ(event_rows(db, "journal_klines", "seq"), "");
  EXPECT_EQ(db.value("SELECT next_offset || ' ' || (journal_time IS NULL) FROM ingest_offsets"),
            "1 true");
}

TEST_F(SharedTables, HaveNothingOfACommitThatIsFenced) {
  range_store_postgres store(db.settings(), shared_watchdog());
  range_store_postgres other(db.settings("other"), shared_watchdog());
  own(store, part0);
  own(other, part0);
  EXPECT_EQ(word(store.commit(klines(0, 1, {kline(0, 60'000, "1", "5")}))), "fenced");
  EXPECT_EQ(stored("close"), "");
}

// ---- tables that move ----------------------------------------------------------------------

constexpr auto foreign_klines = R"(
  DROP TABLE market_klines CASCADE; DELETE FROM adopted_names WHERE name = 'market_klines';
  CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open FLOAT8, high FLOAT8, low FLOAT8,
    close FLOAT8, PRIMARY KEY (time, symbol)))";

TEST_F(SharedTables, AreFoundAgainWhereMigrateHasMovedThem) {
  db.run(foreign_klines);
  db.run("CREATE VIEW highest AS SELECT max(high) FROM market_klines"); // so it is kept
  EXPECT_TRUE(holds(migrated(db), "kept market_klines: views use columns"));
  range_store_postgres store(db.settings(), shared_watchdog());
  own(store, part0);
  ASSERT_EQ(word(store.commit(klines(0, 1, {kline(0, 60'000, "1", "5")}))), "committed 1");
  EXPECT_EQ(stored("close", "market_klines_tradepulse"), "1.00000000");
  // Adopted: the table beside it goes.
  db.run("DROP VIEW highest");
  EXPECT_TRUE(holds(migrated(db), "adopted market_klines: 0 rows kept"));
  ASSERT_EQ(word(store.commit(klines(1, 2, {kline(1, 60'000, "2", "5")}))), "committed 1");
  EXPECT_EQ(stored("close, engine_seq"), "2.00000000 2");
  // Replaced: a view has the name.
  EXPECT_TRUE(holds(migrated(db, {"market_klines"}), "replaced market_klines"));
  ASSERT_EQ(word(store.commit(klines(2, 3, {kline(2, 60'000, "3", "5")}))), "committed 1");
  EXPECT_EQ(stored("close, engine_seq"), "3.00000000 3");
  EXPECT_EQ(event_rows(db, "journal_klines", "close / 100000000"),
            "A/kline_1m 1/1 1, A/kline_1m 1/2 2, A/kline_1m 1/3 3");
}

TEST_F(SharedTables, SayWhichKlinesAKeyKeepsOutUntilItIsGone) {
  db.run(foreign_klines);
  EXPECT_TRUE(holds(migrated(db), "adopted market_klines"));
  range_store_postgres store(db.settings(), shared_watchdog());
  own(store, part0);
  auto commit = [&](range_store& by, const range_commit& work) {
    const auto outcome = by.commit(work);
    const auto& said = std::get<committed>(outcome).klines;
    return !said ? "nothing"
                 : std::to_string(said->kept_out) + (said->waiting ? " waiting" : "") +
                       (said->one_interval_alone ? " one interval" : "") + " " + said->remedy;
  };
  const std::string remedy = "ALTER TABLE market_klines DROP CONSTRAINT market_klines_pkey";
  EXPECT_EQ(commit(store, klines(0, 1, {kline(0, 60'000, "1", "5")})), "0 one interval " + remedy);
  EXPECT_EQ(commit(store, klines(1, 1, {kline(1, 0, "2", "5")}, kline_5m)),
            "1 waiting one interval " + remedy);
  EXPECT_EQ(commit(store, klines(2, 2, {kline(2, 60'000, "3", "5")})),
            "0 waiting one interval " + remedy);
  EXPECT_EQ(commit(store, range(part0, 1, 3, 4, {row("A", 1, 1, "1", 1)})), "nothing");
  EXPECT_EQ(stored("interval, close"), "1m 3.00000000");
  EXPECT_EQ(stored("interval, close", "market_klines_waiting"), "5m 2.00000000");

  db.run(remedy);
  range_store_postgres next(db.settings("next"), shared_watchdog()); // asks on its connection
  gen = own(next, part0);
  EXPECT_EQ(commit(next, klines(4, 2, {kline(4, 0, "4", "5")}, kline_5m)), "0 ");
  EXPECT_EQ(stored("interval, close"), "1m 3.00000000, 5m 4.00000000");
  EXPECT_EQ(stored("interval, close", "market_klines_waiting"), "");
}

// ---- what the database refuses -------------------------------------------------------------

TEST_F(SharedTables, AStreamWhoseKlineIsRefusedIsNamedAndThenLeftOut) {
  db.run("ALTER TABLE market_klines ADD CHECK (close <> 13)");
  range_store_postgres store(db.settings(), shared_watchdog());
  own(store, part0);
  auto work = journalled(
      range(part0, 1, 0, 9, {position("A", kline_1m, 1, 2, 1), position("B", kline_1m, 1, 1, 1)}),
      {events.run("A", 1, 1, {kline(0, 60'000, "13", "1"), kline(1, 120'000, "13", "1")}),
       events.run("B", 1, 1, {kline(2, 60'000, "14", "1")})},
      noon);
  EXPECT_EQ(word(store.commit(work)), "rows_refused A/kline_1m/23514");
  EXPECT_EQ(stored("symbol"), "");
  work.rows[0].position_only = true;
  EXPECT_EQ(word(store.commit(work)), "committed 2");
  EXPECT_EQ(stored("symbol, close"), "B 14.00000000");
}

// As a trigger of theirs would have it.
TEST_F(SharedTables, AStreamWhoseKlineATriggerRefusesIsNamed) {
  db.run("CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.close = 13 "
         "THEN RAISE EXCEPTION 'not a price of ours'; END IF; RETURN NEW; END $$; "
         "CREATE TRIGGER judge BEFORE INSERT ON market_klines FOR EACH ROW EXECUTE FUNCTION "
         "judge()");
  range_store_postgres store(db.settings(), shared_watchdog());
  own(store, part0);
  auto work = journalled(
      range(part0, 1, 0, 9, {position("A", kline_1m, 1, 1, 1), position("B", kline_1m, 1, 1, 1)}),
      {events.run("A", 1, 1, {kline(0, 60'000, "13", "1")}),
       events.run("B", 1, 1, {kline(2, 60'000, "14", "1")})},
      noon);
  EXPECT_EQ(word(store.commit(work)), "rows_refused A/kline_1m/P0001");
}

// ---- the tracker ---------------------------------------------------------------------------

TEST_F(SharedTables, TheTrackerHasTheNewestNumberOfEachStreamWhereItIsSwitchedOn) {
  range_store_postgres store(db.settings(), shared_watchdog(), journal_kinds::all(),
                             {kline_numbers::engine, true});
  own(store, part0);
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 9,
                                    {row("A", 1, 4, "3", 900), position("A", kline_1m, 2, 7, 1)}))),
            "committed 2");
  EXPECT_EQ(tracked(), "A kline_1m 2 7, A price 1 4");
  ASSERT_EQ(word(store.commit(range(part0, 1, 9, 10, {row("A", 1, 5, "3", 901)}))), "committed 1");
  EXPECT_EQ(tracked(), "A kline_1m 2 7, A price 1 5");
  EXPECT_EQ(db.value("SELECT next_offset FROM ingest_offsets"), "10");

  range_store_postgres without(db.settings("without"), shared_watchdog());
  const auto next = own(without, part0).value();
  ASSERT_EQ(word(without.commit(range(part0, next, 10, 11, {row("A", 1, 6, "3", 902)}))),
            "committed 1");
  EXPECT_EQ(tracked(), "A kline_1m 2 7, A price 1 5");
}

// Its events are stored all the same, and so are the rows of others.
TEST_F(SharedTables, AStreamThatARuleOfTheTrackerRefusesIsLeftOutOfItAlone) {
  db.run("ALTER TABLE sequence_tracker ADD CHECK (symbol ~* '^[a-z0-9]+$')");
  range_store_postgres store(db.settings("node-1"), shared_watchdog(), journal_kinds::all(),
                             {kline_numbers::engine, true});
  own(store, part0);
  const auto commit = [&](std::int64_t from, std::int64_t seq) {
    return word(store.commit(
        journalled(range(part0, gen.value(), from, from + 1,
                         {row("A", 1, seq, "1", 1), row("BRK.B", 1, seq, "1", 1)}),
                   {ticks.run_of("A", 1, seq, 1), ticks.run_of("BRK.B", 1, seq, 1)}, noon)));
  };
  EXPECT_EQ(commit(0, 1), "committed 2");
  EXPECT_EQ(tracked(), "A price 1 1");
  EXPECT_EQ(event_rows(db, "journal_prices", "price / 100000000"),
            "A/price 1/1 1, BRK.B/price 1/1 1");
  EXPECT_EQ(commit(1, 2), "committed 2");
  EXPECT_EQ(tracked(), "A price 1 2");
  EXPECT_EQ(db.value("SELECT last_sequence FROM price_snapshots WHERE symbol = 'BRK.B'"), "2");

  // Without the rule it comes in with the next connection.
  db.run("ALTER TABLE sequence_tracker DROP CONSTRAINT sequence_tracker_symbol_check");
  db.run("SELECT pg_terminate_backend(" + db.backend_of("node-1") + ", 20000)");
  EXPECT_FALSE(store.claim(part0, "node-1"));
  gen = own(store, part0);
  EXPECT_EQ(commit(2, 3), "committed 2");
  EXPECT_EQ(commit(3, 4), "committed 2");
  EXPECT_EQ(tracked(), "A price 1 4, BRK.B price 1 4");
}

// It costs one search: the rows of the others that are in the same commit are not tried again.
TEST_F(SharedTables, ATriggerOfTheTrackerMayRefuseEveryStream) {
  db.run("CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
         "'not yours'; END $$; CREATE TRIGGER judge BEFORE INSERT ON sequence_tracker FOR EACH "
         "ROW EXECUTE FUNCTION judge()");
  range_store_postgres store(db.settings(), shared_watchdog(), journal_kinds::all(),
                             {kline_numbers::engine, true});
  own(store, part0);
  EXPECT_EQ(word(store.commit(range(part0, 1, 0, 9,
                                    {row("A", 1, 4, "3", 900), position("A", kline_1m, 2, 7, 1)}))),
            "committed 2");
  EXPECT_EQ(tracked(), "NULL");
}

// ---- cost ----------------------------------------------------------------------------------

// Each is an update that touches no index (HOT), but for the one that closes it.
TEST_F(SharedTables, MessagesAboutAnOpenKlineLeaveTheIndexesAlone) {
  {
    range_store_postgres store(db.settings(), shared_watchdog());
    own(store, part0);
    for (std::int64_t i = 0; i <= 20; ++i)
      ASSERT_EQ(word(store.commit(klines(i, i + 1, {kline(i, 60'000, "1", "5", i == 20)}))),
                "committed 1");
  } // a session tells what it has counted at its end
  EXPECT_TRUE(eventually([this] {
    return db.value("SELECT n_tup_ins || ' ' || n_tup_upd || ' ' || n_tup_hot_upd FROM "
                    "pg_stat_user_tables WHERE relname = 'market_klines'") == "1 20 19";
  }));
}

TEST_F(SharedTables, CostOneRoundTripEachAndNoneWhereThereIsNothing) {
  for (const bool tracker : {false, true}) {
    wire_proxy proxy(db.host(), db.port());
    range_store_postgres store(through(proxy), shared_watchdog(), {event_kind::price},
                               {kline_numbers::engine, tracker});
    gen = own(store, part0);
    auto at = store.look_at(part0).value()->next->value();
    auto trips = [&](range_commit work) {
      work.from = next_offset{at};
      work.to = next_offset{++at};
      const auto before = proxy.round_trips();
      EXPECT_EQ(word(store.commit(work)).substr(0, 9), "committed");
      return proxy.round_trips() - before;
    };
    auto price = [&] {
      return journalled(range(part0, gen.value(), at, at, {row("A", 1, at + 1, "1", 1)}),
                        {ticks.run_of("A", 1, at + 1, 1)}, noon);
    };
    auto message = [&] { return klines(at, at + 1, {kline(at, 60'000, "1", "1")}); };
    trips(price()); // the statement is prepared, names are learned
    EXPECT_EQ(trips(price()), tracker ? 4U : 3U);
    EXPECT_EQ(trips(message()), tracker ? 5U : 4U); // asks once where klines go
    EXPECT_EQ(trips(message()), tracker ? 4U : 3U); // swap, klines, COMMIT
    EXPECT_EQ(trips(price()), tracker ? 4U : 3U);
    EXPECT_EQ(trips(range(part0, gen.value(), at, at, {row("A", 1, at + 1, "1", 1)})),
              tracker ? 3U : 1U);
  }
}

} // namespace
} // namespace tradepulse
