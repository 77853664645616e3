// Commits of very many rows: no statement of theirs is one that statement_timeout could end.
#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/candles.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t many = 25'001;

// Takes the part of statement_timeout, without the time: what it would end is a statement of more
// rows than a COPY of the journal has.
constexpr auto counting = R"(
  CREATE TABLE statements (id BIGINT GENERATED ALWAYS AS IDENTITY, rows BIGINT, "of" TEXT);
  CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT count(*) FROM made) > 10000 THEN
        RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = '57014';
      END IF;
      INSERT INTO statements (rows, "of") SELECT count(*), TG_TABLE_NAME FROM made
        HAVING count(*) > 0;
      RETURN NULL;
    END $$)";

class LargeCommit : public testing::Test {
 protected:
  LargeCommit() {
    db.migrate();
    db.run(counting);
    for (const std::string table : {"price_snapshots", "stream_positions", "candle_states",
                                    "candles", "market_klines", "sequence_tracker"})
      db.run("CREATE TRIGGER counted AFTER INSERT ON " + table +
             " REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION count_rows()");
    own(store, part0);
  }
  // "10000 10000 5001": rows of the statements that wrote into the table, in their order.
  std::string statements(const std::string& table) {
    return db.value(
        "SELECT coalesce(string_agg(rows::text, ' ' ORDER BY id), '') FROM statements WHERE "
        "\"of\" = '" +
        table + "'");
  }
  static std::string name(std::int64_t n) { return "S" + std::to_string(100'000 + n); }
  static std::vector<stream_row> streams() {
    std::vector<stream_row> out;
    for (std::int64_t n = 0; n < many; ++n)
      out.push_back(row(name(n), 1, 1, "1", 1));
    return out;
  }
  static range_commit candles_of_a_silence() {
    std::vector<closed_candle> rows;
    for (std::int64_t n = 0; n < many; ++n)
      rows.push_back(closed(open_candle(n, n == many - 2 ? "61300" : "61240", 100), 1, n + 1));
    return with_candles(range(part0, 1, 0, 1, {position("A", candle_1m, 1, many)}),
                        {update_of("A", stream_kind::trade, state_of({}, {}), std::move(rows))});
  }
  range_commit klines() {
    std::vector<logged_kline> messages;
    for (std::int64_t n = 0; n < many; ++n)
      messages.push_back(kline(n, n * minute_ms, n == many - 2 ? "13" : "1", "1", true));
    return journalled(range(part0, 1, 0, many, {position("A", kline_1m, 1, many, 1)}),
                      {events.run("A", 1, 1, std::move(messages))}, candles_begin);
  }

  test_database db;
  kept_kinds events;
  range_store_postgres store{db.settings(), shared_watchdog(), journal_kinds::all(),
                             {kline_numbers::engine, true}};
};

TEST_F(LargeCommit, WritesCandlesInPieces) {
  EXPECT_EQ(word(store.commit(candles_of_a_silence())), "committed 1");
  EXPECT_EQ(statements("candles"), "10000 10000 5001");
  EXPECT_EQ(db.value("SELECT count(*) || ' ' || max(sequence) FROM candles"), "25001 25001");
  EXPECT_EQ(db.value("SELECT next_offset FROM ingest_offsets"), "1");
}

TEST_F(LargeCommit, WritesStreamsTheirNumbersAndTheStatesOfTheirCandlesInPieces) {
  auto work = range(part0, 1, 0, many, streams());
  for (std::int64_t n = 0; n < many; ++n)
    work.candles.push_back(update_of(name(n), stream_kind::price, state_of({}, {}),
                                     {closed(open_candle(0, "61240", 100), 1, 1)}));
  EXPECT_EQ(word(store.commit(work)), "committed 25001");
  for (const auto* table : {"price_snapshots", "candle_states", "candles", "sequence_tracker"})
    EXPECT_EQ(statements(table), "10000 10000 5001") << table;
  EXPECT_EQ(db.value("SELECT count(*) FROM price_snapshots"), "25001");
}

TEST_F(LargeCommit, WritesPositionsInPieces) {
  auto rows = streams();
  for (auto& each : rows)
    each = position(each.stream.symbol.view(), stream_kind::trade, 1, 3, 1);
  EXPECT_EQ(word(store.commit(range(part0, 1, 0, many, std::move(rows)))), "committed 25001");
  EXPECT_EQ(statements("stream_positions"), "10000 10000 5001");
}

TEST_F(LargeCommit, WritesKlinesInPieces) {
  EXPECT_EQ(word(store.commit(klines())), "committed 1");
  EXPECT_EQ(statements("market_klines"), "10000 10000 5001");
}

TEST_F(LargeCommit, WritesNothingWhereItIsFenced) {
  auto work = range(part0, 1, 0, many, streams());
  work.candles = candles_of_a_silence().candles;
  work.gen = generation{0};
  EXPECT_EQ(word(store.commit(work)), "fenced");
  EXPECT_EQ(db.value("SELECT (SELECT count(*) FROM price_snapshots) + (SELECT count(*) FROM "
                     "candles) + (SELECT count(*) FROM candle_states)"),
            "0");
}

// The last piece fails: those before it are gone as well.
TEST_F(LargeCommit, IsOneTransaction) {
  db.run("ALTER TABLE candles ADD CHECK (close <> 61300)");
  EXPECT_EQ(word(store.commit(candles_of_a_silence())), "rows_refused A/candle_1m/23514");
  EXPECT_EQ(db.value("SELECT count(*) FROM candles"), "0");
  EXPECT_EQ(db.value("SELECT next_offset FROM ingest_offsets"), "0");
}

TEST_F(LargeCommit, NamesTheRowsThatAreRefusedInAnyPiece) {
  db.run("ALTER TABLE price_snapshots ADD CHECK (symbol NOT IN ('S100000', 'S125000'))");
  EXPECT_EQ(word(store.commit(range(part0, 1, 0, many, streams()))),
            "rows_refused S100000/23514 S125000/23514");
}

TEST_F(LargeCommit, NamesTheStreamWhoseKlineIsRefusedInAnyPiece) {
  db.run("ALTER TABLE market_klines ADD CHECK (close <> 13)");
  EXPECT_EQ(word(store.commit(klines())), "rows_refused A/kline_1m/23514");
}

// The swap, which takes along what fits; three pieces; COMMIT.
TEST_F(LargeCommit, TakesARoundTripForEachPiece) {
  wire_proxy proxy(db.host(), db.port());
  auto settings = db.settings("counted");
  settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
  range_store_postgres counted(settings, shared_watchdog());
  own(counted, part0);
  auto trips = [&](std::int64_t from) {
    auto work = candles_of_a_silence();
    work.gen = generation{2};
    work.from = next_offset{from};
    work.to = next_offset{from + 1};
    const auto before = proxy.round_trips();
    EXPECT_EQ(word(counted.commit(work)).substr(0, 9), "committed");
    return proxy.round_trips() - before;
  };
  trips(0); // the statements are prepared
  EXPECT_EQ(trips(1), 5U);
}

} // namespace
} // namespace tradepulse
