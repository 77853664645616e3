// The table `candles`: what users read of closed candles, and what the engine restores them from.
#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/candles.hpp"

namespace tradepulse {
namespace {

using namespace test;

class CandlesTable : public testing::Test {
 protected:
  CandlesTable() {
    db.migrate();
    own(store, part0);
  }
  range_commit of(std::string_view name, stream_kind source, std::vector<closed_candle> rows) {
    const auto from = at_++;
    return with_candles(range(part0, 1, from, from + 1, {}),
                        {update_of(name, source, state_of({}, {}), std::move(rows))});
  }
  std::string commit(std::vector<closed_candle> rows) {
    return word(store.commit(of("A", stream_kind::trade, std::move(rows))));
  }
  // "1m 12:00 1/7 61240.00000000": rows of the table, in the order of its key.
  std::string rows(const std::string& columns = "close") {
    return db.value("SELECT coalesce(string_agg(concat_ws(' ', symbol, interval, to_char(time AT "
                    "TIME ZONE 'UTC', 'HH24:MI'), epoch || '/' || sequence, " +
                    columns + "), ', ' ORDER BY symbol, interval, time), '') FROM candles");
  }
  std::vector<stored_candle> load(std::vector<candle_key> which,
                                  const stream_key& source = {sym("A"), stream_kind::trade}) {
    auto found = other.load_candles(source, which);
    if (!found)
      throw std::runtime_error(found.failure().detail);
    return *found;
  }
  static candle_key key(std::int64_t n, candle_interval interval = candle_interval::m1) {
    return {interval, at_ms(candles_begin + n * minute_ms)};
  }

  test_database db;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
  range_store_postgres other{db.settings("node-2"), shared_watchdog()};

 private:
  std::int64_t at_ = 0;
};

TEST_F(CandlesTable, ShowsWhatACandleSays) {
  auto row = open_candle(3, "61240.01", 1'000);
  row.candle.revision = 2;
  ASSERT_EQ(commit({closed(row, 4, 88)}), "committed 0");
  const auto shown = db.run("SELECT * FROM candles")[0];
  std::string out;
  for (const auto& field : shown)
    out += std::string(field.name()) + "=" + (field.is_null() ? "-" : field.c_str()) + " ";
  db.run("SET TIME ZONE 'UTC'");
  EXPECT_EQ(db.value("SELECT time FROM candles"), "2023-11-14 12:03:00+00");
  EXPECT_EQ(out.substr(out.find("symbol=")),
            "symbol=A interval=1m epoch=4 sequence=88 revision=2 open=61234.56000000 "
            "high=61240.01000000 low=61234.56000000 close=61240.01000000 volume=0.75000000 "
            "quote_volume=45925.9200000000000001 taker_buy_volume=0.50000000 "
            "taker_buy_quote_volume=30617.2800000000000000 trades=2 first_trade_id=7999 "
            "last_trade_id=8000 source=trade source_epoch=1 first_seq=999 last_seq=1000 partial=f "
            "flags=197 open_after_ms=250 close_after_ms=59750 open_seq=999 close_seq=1000 "
            "known_taker_buy_volume=- known_taker_buy_quote=- ");
}

TEST_F(CandlesTable, ShowsNothingWhereNothingIsKnown) {
  auto bare = open_candle(0, "2", 10); // prices alone
  bare.candle.flags = candle_flags::partial | candle_flags::lacks_size | candle_flags::lacks_taker;
  bare.candle.volume_units = bare.candle.quote_units = 0;
  bare.candle.taker_buy_volume_units = bare.candle.taker_buy_quote_units = 0;
  bare.candle.first_trade_id = bare.candle.last_trade_id = 0;
  auto some = open_candle(1, "2", 20); // of one event the taker is not known
  some.candle.flags = some.candle.flags | candle_flags::lacks_taker;
  auto flat = open_candle(2, "2", 30);
  flat.candle.flags = candle_flags::none;
  flat.candle.trades = 0;
  ASSERT_EQ(commit({closed(bare, 1, 1), closed(some, 1, 2), closed(flat, 1, 3)}), "committed 0");
  EXPECT_EQ(rows("coalesce(volume::text, '-'), coalesce(quote_volume::text, '-'), "
                 "coalesce(taker_buy_volume::text, '-'), coalesce(first_trade_id::text, '-'), "
                 "partial, coalesce(known_taker_buy_volume::text, '-')"),
            "A 1m 12:00 1/1 - - - - t -, "
            "A 1m 12:01 1/2 0.75000000 45925.9200000000000001 - 7019 f 0.50000000, "
            "A 1m 12:02 1/3 0.75000000 45925.9200000000000001 0.50000000 - f -");
}

// ---- which row holds -----------------------------------------------------------------------

TEST_F(CandlesTable, ARowGivesWayToAGreaterPositionAlone) {
  const auto at = [](std::int64_t e, std::int64_t seq, std::string_view close_text) {
    return std::vector{closed(open_candle(0, close_text, 100), e, seq)};
  };
  EXPECT_EQ(commit(at(2, 7, "5")), "committed 0");
  EXPECT_EQ(commit(at(2, 8, "6")), "committed 0");
  EXPECT_EQ(rows(), "A 1m 12:00 2/8 6.00000000");
  EXPECT_EQ(commit(at(2, 8, "7")), "committed 0");  // the same
  EXPECT_EQ(commit(at(2, 7, "8")), "committed 0");  // an older number
  EXPECT_EQ(commit(at(1, 99, "9")), "committed 0"); // an older epoch
  EXPECT_EQ(rows(), "A 1m 12:00 2/8 6.00000000");
  EXPECT_EQ(commit(at(3, 1, "10")), "committed 0");
  EXPECT_EQ(rows(), "A 1m 12:00 3/1 10.00000000");
}

TEST_F(CandlesTable, ManyCandlesOfManySymbolsAreOneStatement) {
  auto work = of("A", stream_kind::trade,
                 {closed(open_candle(0, "1", 10, candle_interval::d1), 1, 1),
                  closed(open_candle(1, "2", 20), 1, 2), closed(open_candle(0, "3", 30), 1, 1)});
  work.candles.push_back(update_of("B", stream_kind::price, state_of({}, {}),
                                   {closed(open_candle(0, "4", 40), 5, 1)}));
  EXPECT_EQ(word(store.commit(work)), "committed 0");
  EXPECT_EQ(rows("source, close, source_epoch"),
            "A 1d 00:00 1/1 trade 1.00000000 1, A 1m 12:00 1/1 trade 3.00000000 1, "
            "A 1m 12:01 1/2 trade 2.00000000 1, B 1m 12:00 5/1 price 4.00000000 1");
}

// A statement writes a row once: of two the greater position.
// ---- restoring -----------------------------------------------------------------------------

TEST_F(CandlesTable, ACandleIsRestoredAsItWas) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr int128 greatest = ((int128{1} << 126) - 1) * 2 + 1;
  std::vector<stored_candle> all;
  for (const auto interval : all_candle_intervals)
    all.push_back(open_candle(0, "61240.01", 1'000, interval));
  auto great = open_candle(1, "92233720368.54775807", most);
  great.candle.open = great.candle.high = great.candle.low = great.candle.close;
  great.candle.volume_units = great.candle.quote_units = greatest;
  great.candle.taker_buy_volume_units = great.candle.taker_buy_quote_units = greatest - 1;
  great.candle.trades = great.candle.first_trade_id = most;
  great.candle.last_trade_id = -most - 1;
  great.candle.source_epoch = epoch{most};
  great.candle.revision = 2'147'483'647;
  great.open_after_ms = great.close_after_ms = 86'399'999;
  auto some = open_candle(2, "0", 20); // of one event the taker is not known
  some.candle.flags = some.candle.flags | candle_flags::lacks_taker | candle_flags::partial;
  some.open_seq = sequence{3};
  some.close_seq = sequence{2};
  auto flat = open_candle(3, "2", 30);
  flat.candle = {};
  flat.candle.start = key(3).start;
  flat.candle.open = flat.candle.high = flat.candle.low = flat.candle.close = money("2");
  flat.candle.source_epoch = epoch{1};
  flat.open_seq = flat.close_seq = sequence{};
  flat.open_after_ms = flat.close_after_ms = 0;
  all.insert(all.end(), {great, some, flat});
  std::vector<closed_candle> rows_of_all;
  std::vector<candle_key> keys;
  for (auto& each : all) {
    rows_of_all.push_back(closed(each, 1, 1));
    each = rows_of_all.back().row;
    keys.push_back({each.candle.interval, each.candle.start});
  }
  ASSERT_EQ(commit(rows_of_all), "committed 0");
  const auto found = load(keys);
  ASSERT_EQ(found.size(), all.size());
  for (const auto& each : all)
    EXPECT_EQ(std::ranges::count(found, each), 1)
        << name_of(each.candle.interval) << " " << to_iso8601(each.candle.start);
}

TEST_F(CandlesTable, ThoseThatAreAskedForAndStoredAreLoaded) {
  ASSERT_EQ(commit({closed(open_candle(0, "1", 10), 1, 1), closed(open_candle(1, "2", 10), 1, 2),
                    closed(open_candle(0, "3", 10, candle_interval::h1), 1, 1)}),
            "committed 0");
  auto closes = [&](std::vector<candle_key> which,
                    const stream_key& source = {sym("A"), stream_kind::trade}) {
    std::string out;
    for (const auto& each : load(std::move(which), source))
      out += each.candle.close.to_string() + " ";
    return out;
  };
  EXPECT_EQ(closes({key(1)}), "2 ");
  EXPECT_EQ(closes({key(0, candle_interval::h1)}), "3 ");
  EXPECT_EQ(closes({key(2)}), "");
  EXPECT_EQ(closes({}), "");
  EXPECT_EQ(closes({key(0, candle_interval::m5), key(0)}), "1 ");
  // Made from another stream, or of another symbol.
  EXPECT_EQ(closes({key(0)}, {sym("A"), stream_kind::price}), "");
  EXPECT_EQ(closes({key(0)}, {sym("B"), stream_kind::trade}), "");
}

TEST_F(CandlesTable, ARowThatSomebodyHasChangedIsRefusedAndNamed) {
  ASSERT_EQ(commit({closed(open_candle(0, "1", 10), 1, 1)}), "committed 0");
  db.run("UPDATE candles SET volume = 'NaN'");
  const auto found = other.load_candles({sym("A"), stream_kind::trade}, std::vector{key(0)});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().code, errc::database_refused);
  EXPECT_EQ(found.failure().detail,
            "candles: the row of A, 1m, 2023-11-14T12:00:00.000Z has volume \"NaN\", which the "
            "engine has not written: put it right, or delete the row, and the candle then is made "
            "of late events alone");
}

// ---- rows that are refused -----------------------------------------------------------------

// Users may put constraints on the table. A candle's stream is named, once, and not its source,
// whose records are good; without its candles the commit goes through.
TEST_F(CandlesTable, ARefusedCandleIsNamedByItsStreamAndLeftOutThen) {
  db.run("ALTER TABLE candles ADD CHECK (close <> 13)");
  auto work = of("A", stream_kind::trade,
                 {closed(open_candle(0, "13", 10), 1, 1), closed(open_candle(1, "13", 10), 1, 2),
                  closed(open_candle(2, "14", 10), 1, 3),
                  closed(open_candle(0, "15", 10, candle_interval::h1), 1, 1)});
  work.rows = {position("A", candle_1m, 1, 3), position("A", candle_1h, 1, 1)};
  work.candles.push_back(update_of("B", stream_kind::trade, state_of({}, {}),
                                   {closed(open_candle(0, "16", 10), 1, 1)}));
  EXPECT_EQ(word(store.commit(work)), "rows_refused A/candle_1m/23514");
  EXPECT_EQ(rows(), "");
  EXPECT_EQ(positions(db), "");
  work.rows[0].position_only = true;
  work.candles[0].closed.erase(work.candles[0].closed.begin(), work.candles[0].closed.begin() + 3);
  EXPECT_EQ(word(store.commit(work)), "committed 2");
  EXPECT_EQ(rows(), "A 1h 12:00 1/1 15.00000000, B 1m 12:00 1/1 16.00000000");
  EXPECT_EQ(positions(db), "A/candle_1h 1/1, A/candle_1m 1/3");
  EXPECT_EQ(db.value("SELECT count(*) FROM candle_states"), "2");
}

TEST_F(CandlesTable, RefusedRowsOfStreamsAndOfCandlesAreFoundTogether) {
  db.run("ALTER TABLE candles ADD CHECK (close <> 13)");
  db.run("ALTER TABLE price_snapshots ADD CHECK (price <> 13)");
  auto work = of("A", stream_kind::price, {closed(open_candle(0, "13", 10), 1, 1)});
  work.rows = {row("A", 1, 1, "13", 1), position("A", candle_1m, 1, 1)};
  EXPECT_EQ(word(store.commit(work)), "rows_refused A/23514 A/candle_1m/23514");
}

} // namespace
} // namespace tradepulse
