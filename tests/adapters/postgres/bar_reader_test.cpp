// Bars as they are stored: pages, what other programs have left, and by which plans they are found.
#include <gtest/gtest.h>

#include "adapters/postgres/bar_reader.hpp"
#include "adapters/postgres/bar_statements.hpp"
#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/journal_page.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t two_o_clock = 1'723'125'600'000; // 2024-08-08 14:00 UTC
constexpr std::int64_t minute = 60'000;

time_ms minutes_behind(std::int64_t n) {
  return at_ms(two_o_clock + n * minute);
}

// "14:00 1/5 open 14:01 2/1 closed 14:02 -/- ?": start, position, closed.
std::string words(const std::vector<bar>& bars) {
  std::string out;
  for (const auto& each : bars) {
    out += out.empty() ? "" : ", ";
    out += to_iso8601(each.start).substr(11, 5) + " ";
    out += each.position ? std::to_string(each.position->epoch.value()) + "/" +
                               std::to_string(each.position->seq.value())
                         : "-/-";
    out += each.closed ? (*each.closed ? " closed" : " open") : " ?";
  }
  return out;
}

class BarReader : public testing::Test {
 protected:
  bar_page page(const bar_query& query) {
    auto read = store.read_bars(query);
    EXPECT_TRUE(read) << read.failure().detail;
    return read ? *read : bar_page(query.symbols.size());
  }
  std::string read(const bar_query& query) {
    const auto got = page(query);
    return words(got[0].bars) + (got[0].more ? " more" : "");
  }
  static bar_query of(std::string_view name, stream_kind kind = kline_1m) {
    return bar_query{{sym(name)}, kind};
  }
  // Klines of minutes from..to behind two o'clock, the number of each 100 + its minute.
  void klines(const std::string& name, int from, int to, const std::string& table = "market_klines",
              const std::string& interval = "1m") {
    db.run("INSERT INTO " + table +
           " (time, symbol, interval, open, high, low, close, volume, epoch, engine_seq, closed) "
           "SELECT timestamptz '2024-08-08 14:00Z' + n * interval '1 minute', '" +
           name + "', '" + interval +
           "', 1, 4, 0.5, 2.50000001, 7.10, 1, 100 + n, true "
           "FROM generate_series(" +
           std::to_string(from) + ", " + std::to_string(to) + ") n");
  }

  // The plan of a statement in a session like a reader's.
  std::string plan(const std::string& statement, const std::string& arguments) {
    const auto text = connection_string(settings_of_journal_readers(db.settings("plans")));
    pqxx::connection connection(text.value());
    pqxx::nontransaction transaction(connection);
    transaction.exec("PREPARE asked AS " + statement);
    std::string out;
    for (const auto& row :
         transaction.exec("EXPLAIN (COSTS OFF) EXECUTE asked (" + arguments + ")"))
      out += row[0].as<std::string>() + "\n";
    return out;
  }

  test_database db;
  history_store_postgres store{db.settings("reader"), shared_watchdog()};
};

TEST_F(BarReader, GivesTheOldestOrTheNewestOfATimeInAscendingOrder) {
  migrated(db);
  klines("A", 0, 9);
  EXPECT_EQ(read(of("A")).substr(0, 45), "14:00 1/100 closed, 14:01 1/101 closed, 14:02");
  auto query = of("A");
  query.limit = 2;
  EXPECT_EQ(read(query), "14:00 1/100 closed, 14:01 1/101 closed more");
  query.newest = true;
  EXPECT_EQ(read(query), "14:08 1/108 closed, 14:09 1/109 closed more");
  query.until = minutes_behind(2);
  EXPECT_EQ(read(query), "14:00 1/100 closed, 14:01 1/101 closed");
  query.newest = false;
  query.from = minutes_behind(1); // inclusive; `until` is not
  EXPECT_EQ(read(query), "14:01 1/101 closed");
  query.from = query.until;
  EXPECT_EQ(read(query), "");
}

TEST_F(BarReader, GivesEachValueExactly) {
  migrated(db);
  klines("A", 0, 0);
  const auto got = page(of("A"))[0].bars.at(0);
  EXPECT_EQ(got.start, minutes_behind(0));
  EXPECT_EQ(got.end, minutes_behind(1));
  EXPECT_EQ(got.open.to_string(), "1");
  EXPECT_EQ(got.high.to_string(), "4");
  EXPECT_EQ(got.low.to_string(), "0.5");
  EXPECT_EQ(got.close.to_string(), "2.50000001");
  EXPECT_EQ(got.volume, "7.1");
  EXPECT_EQ(got.quote_volume, std::nullopt);
  EXPECT_EQ(got.closed, true);
  EXPECT_EQ(got.position, (stream_position{epoch{1}, sequence{100}}));
  EXPECT_EQ(got.revision, std::nullopt);
}

TEST_F(BarReader, SaysWhatIsCommittedAndWhetherThereIsAnyBar) {
  migrated(db);
  klines("A", 0, 0);
  db.run("INSERT INTO stream_positions (symbol, stream, epoch, last_sequence) VALUES "
         "('A', 'kline_1m', 2, 7), ('A', 'kline_5m', 3, 9)");
  auto query = of("A");
  EXPECT_EQ(page(query)[0].committed, (stream_position{epoch{2}, sequence{7}}));
  query.from = minutes_behind(5);
  EXPECT_TRUE(page(query)[0].any);
  query.kind = stream_kind::kline(kline_interval::m5);
  EXPECT_FALSE(page(query)[0].any);
  EXPECT_FALSE(page(of("B"))[0].any);
  EXPECT_EQ(page(of("B"))[0].committed, stream_position{});
}

TEST_F(BarReader, AnswersForManySymbolsInTheirOrder) {
  migrated(db);
  klines("A", 0, 3);
  klines("BTC/USD", 0, 1);
  bar_query query{{sym("BTC/USD"), sym("NOPE"), sym("A")}, kline_1m};
  query.limit = 1;
  query.newest = true;
  const auto got = page(query);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].symbol, sym("BTC/USD"));
  EXPECT_EQ(words(got[0].bars), "14:01 1/101 closed");
  EXPECT_EQ(words(got[1].bars), "");
  EXPECT_EQ(words(got[2].bars), "14:03 1/103 closed");
  EXPECT_TRUE(got[2].more);
}

// Rows of another program have no epoch, and it does not say whether they are closed.
TEST_F(BarReader, GivesAdoptedHistoryToo) {
  db.run("CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open DOUBLE PRECISION, "
         "high DOUBLE PRECISION, low DOUBLE PRECISION, close DOUBLE PRECISION, volume DOUBLE "
         "PRECISION, PRIMARY KEY (time, symbol))");
  db.run("INSERT INTO market_klines VALUES ('2024-08-08 14:00Z', 'A', 1.1, 2, 1, 1.3, 0.1)");
  migrated(db);
  klines("A", 1, 1);
  klines("A", 0, 0, "market_klines_waiting", "5m"); // the key lets in one interval alone
  EXPECT_EQ(read(of("A")), "14:00 -/- ?, 14:01 1/101 closed");
  EXPECT_EQ(page(of("A"))[0].bars[0].close.to_string(), "1.3");
  EXPECT_EQ(read(of("A", stream_kind::kline(kline_interval::m5))), "14:00 1/100 closed");
}

TEST_F(BarReader, UnitesOursWithWhatWasPutAsideWhereOursCounts) {
  db.run("CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open NUMERIC, high NUMERIC, "
         "low NUMERIC, close NUMERIC, volume NUMERIC, PRIMARY KEY (symbol, time))");
  db.run("INSERT INTO market_klines SELECT timestamptz '2024-08-08 14:00Z' + n * interval "
         "'1 minute', 'A', 9, 9, 9, 9, 'NaN' FROM generate_series(-1, 2) n");
  migrated(db, {"market_klines"});
  klines("A", 1, 4, "market_klines_tradepulse");
  EXPECT_EQ(read(of("A")), "13:59 -/- ?, 14:00 -/- ?, 14:01 1/101 closed, 14:02 1/102 closed, "
                           "14:03 1/103 closed, 14:04 1/104 closed");
  EXPECT_EQ(page(of("A"))[0].bars[0].volume, std::nullopt);
  auto query = of("A");
  query.limit = 2;
  EXPECT_EQ(read(query), "13:59 -/- ?, 14:00 -/- ? more");
  query.newest = true;
  query.until = minutes_behind(2);
  EXPECT_EQ(read(query), "14:00 -/- ?, 14:01 1/101 closed more");
}

TEST_F(BarReader, LeavesOutWhatAPriceCannotHold) {
  migrated(db);
  klines("A", 0, 2);
  db.run("UPDATE market_klines SET low = -1, epoch = NULL WHERE time = '2024-08-08 14:00Z'");
  db.run("UPDATE market_klines SET high = 92233720369, epoch = NULL "
         "WHERE time = '2024-08-08 14:01Z'");
  EXPECT_EQ(read(of("A")), "14:02 1/102 closed");
}

// Else a page could end where no question goes on.
TEST_F(BarReader, LeavesOutWhatNoQuestionCanName) {
  migrated(db);
  klines("A", 0, 0);
  for (const char* time : {"-infinity", "0044-03-15Z BC", "0001-12-31 23:59:59Z BC",
                           "10000-01-01Z", "infinity"})
    db.run("INSERT INTO market_klines (time, symbol, open, high, low, close) VALUES ('" +
           std::string(time) + "', 'A', 1, 1, 1, 1)");
  EXPECT_EQ(read(of("A")), "14:00 1/100 closed");
  for (const char* time : {"0001-01-01Z", "1962-01-02Z", "9999-12-31 23:59Z"})
    db.run("INSERT INTO market_klines (time, symbol, open, high, low, close) VALUES ('" +
           std::string(time) + "', 'A', 1, 1, 1, 1)");
  const auto bars = page(of("A"))[0].bars;
  ASSERT_EQ(bars.size(), 4U);
  EXPECT_EQ(bars[0].start, earliest_asked_time);
  EXPECT_EQ(bars[1].start, at_ms(-252'374'400'000));
  EXPECT_EQ(bars[3].end, latest_asked_time);
  auto query = of("A");
  query.until = latest_asked_time + std::chrono::milliseconds{1}; // as Binance's end is
  query.from = latest_asked_time;
  EXPECT_EQ(read(query), "");
}

// Theirs may be without a price, and at no time: none of that makes a page short.
TEST_F(BarReader, LeavesOutWhatIsNoBarBeforeItCounts) {
  db.run("CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open NUMERIC, high NUMERIC, "
         "low NUMERIC, close NUMERIC, volume NUMERIC)");
  db.run("INSERT INTO market_klines SELECT timestamptz '2024-08-08 14:00Z' + n * interval "
         "'1 minute', 'A', 9, nullif(9, (n = 1)::int * 9), 9, 9, 1 FROM generate_series(0, 3) n");
  db.run("INSERT INTO market_klines VALUES ('-infinity', 'A', 9, 9, 9, 9, 1), "
         "('2024-08-08 14:04Z', 'A', NULL, NULL, NULL, NULL, NULL)");
  migrated(db, {"market_klines"});
  EXPECT_EQ(read(of("A")), "14:00 -/- ?, 14:02 -/- ?, 14:03 -/- ?");
  auto query = of("A");
  query.limit = 2;
  EXPECT_EQ(read(query), "14:00 -/- ?, 14:02 -/- ? more");
  query.newest = true;
  EXPECT_EQ(read(query), "14:02 -/- ?, 14:03 -/- ? more");
}

TEST_F(BarReader, FindsTheTableWhereMigrateHasMovedItMeanwhile) {
  migrated(db);
  klines("A", 0, 0);
  EXPECT_EQ(read(of("A")), "14:00 1/100 closed");
  db.run("ALTER TABLE market_klines RENAME TO market_klines_tradepulse");
  db.run("UPDATE adopted_names SET state = 'replaced' WHERE name = 'market_klines'");
  db.run("CREATE TABLE market_klines_before_tradepulse (LIKE market_klines_tradepulse)");
  EXPECT_EQ(read(of("A")), "14:00 1/100 closed");
}

// A page costs its rows: found by the key, in its order, and no sort.
TEST_F(BarReader, ReadsATableByItsKeyInTheKeysOrder) {
  migrated(db);
  const std::string by_key =
      "Nested Loop\n"
      "  ->  Function Scan on unnest s\n"
      "  ->  Limit\n"
      "        ->  Index Scan using market_klines_pkey on market_klines b\n"
      "              Index Cond: (((symbol)::text = s.symbol) AND (\"interval\" = $2) AND "
      "(\"time\" >= $3) AND (\"time\" < $4))\n";
  const std::string asked = "'{A}', '1m', '-infinity', 'infinity', 100";
  const auto up = plan(sql::bars_in({"market_klines", sql::our_klines()}, false), asked);
  EXPECT_EQ(up.substr(0, up.find("              Filter")), by_key);
  const auto down = plan(sql::bars_in({"market_klines", sql::our_klines()}, true), asked);
  EXPECT_TRUE(holds(down, "Index Scan Backward using market_klines_pkey")) << down;
  EXPECT_FALSE(holds(down, "Sort")) << down;
  EXPECT_FALSE(holds(down, "Seq Scan")) << down;
}

TEST_F(BarReader, TouchesTheKeyOfTheTableAlone) {
  migrated(db);
  klines("A", 0, 999);
  klines("B", 0, 999);
  db.run("SELECT pg_stat_force_next_flush()");
  db.run("SELECT pg_stat_reset()");
  {
    history_store_postgres other(db.settings("counted"), shared_watchdog());
    auto query = of("A");
    query.limit = 10;
    query.newest = true;
    EXPECT_TRUE(other.read_bars(query));
  }
  EXPECT_TRUE(eventually([this] {
    return db.backend_of("counted") == "no row" &&
           db.value("SELECT idx_scan > 0 FROM pg_stat_user_tables "
                    "WHERE relname = 'market_klines'") == "t";
  }));
  EXPECT_EQ(db.value("SELECT concat_ws(' ', seq_scan, idx_scan, idx_tup_fetch) FROM "
                     "pg_stat_user_tables WHERE relname = 'market_klines'"),
            "0 1 11"); // the bars, and one that says that there are more
}

class KlineDetails : public BarReader {
 protected:
  // The message with the number 100 + n, committed on a day.
  void message(int n, const std::string& day, int in_epoch = 1) {
    db.run("SELECT journal_leaf('journal_klines', DATE '" + day + "')");
    db.run("INSERT INTO journal_streams (symbol, stream) VALUES ('A', 'kline_1m') "
           "ON CONFLICT DO NOTHING");
    db.run("INSERT INTO journal_partitions (topic, partition) VALUES ('t', 0) "
           "ON CONFLICT DO NOTHING");
    const auto number = std::to_string(100 + n);
    const auto e = std::to_string(in_epoch);
    db.run("INSERT INTO journal_leaves SELECT stream_id, " + e + ", '" + day + "', " + number +
           " FROM journal_streams ON CONFLICT DO NOTHING");
    db.run(
        "INSERT INTO journal_klines SELECT 0, 0, 1, 1, 1, 1, 0, extract(epoch FROM timestamptz '" +
        day + " 00:00Z')::bigint * 1000, 0, " + number + ", NULL, " + std::to_string(n) +
        ", 10, 19, stream_id, " + e + ", 1, 0, true, 1, 2, 0.50, 3.75 FROM journal_streams");
  }
};

TEST_F(KlineDetails, ComeFromTheMessageThatMadeTheRow) {
  migrated(db);
  klines("A", 0, 4);
  message(0, "2024-08-08");
  message(1, "2024-08-08");
  message(2, "2024-08-09");
  message(3, "2024-08-09", 2); // of another epoch: not the one of the row
  auto query = of("A");
  EXPECT_EQ(page(query)[0].bars[1].trades, std::nullopt);
  query.details = true;
  const auto bars = page(query)[0].bars;
  EXPECT_EQ(bars[0].trades, 0);
  EXPECT_EQ(bars[1].trades, 1);
  EXPECT_EQ(bars[1].first_trade_id, 10);
  EXPECT_EQ(bars[1].last_trade_id, 19);
  EXPECT_EQ(bars[1].taker_buy_volume, "0.5");
  EXPECT_EQ(bars[1].taker_buy_quote_volume, "3.75");
  EXPECT_EQ(bars[2].trades, 2);
  EXPECT_EQ(bars[3].trades, std::nullopt);
  EXPECT_EQ(bars[4].trades, std::nullopt); // no message of that number is kept
}

TEST_F(KlineDetails, AreMissingWhereTheirLeafIsGone) {
  migrated(db);
  klines("A", 0, 1);
  message(0, "2024-08-08");
  message(1, "2024-08-09");
  db.run("DROP TABLE journal_klines_20240808");
  auto query = of("A");
  query.details = true;
  const auto bars = page(query)[0].bars;
  EXPECT_EQ(bars[0].trades, std::nullopt);
  EXPECT_EQ(bars[1].trades, 1);
}

TEST_F(KlineDetails, AreFoundByTheIndexOfTheirLeaf) {
  migrated(db);
  message(0, "2024-08-08");
  EXPECT_EQ(plan(sql::kline_details("20240808"), "1, 1, '{100,101}'"),
            "Nested Loop\n"
            "  ->  Function Scan on unnest n\n"
            "  ->  Limit\n"
            "        ->  Index Scan using journal_klines_20240808_position on "
            "journal_klines_20240808\n"
            "              Index Cond: ((stream_id = $1) AND (epoch = $2) AND (seq = n.n))\n");
  const auto leaves = plan(sql::leaves_of_epochs(), "'A', 'kline_1m', 1, 2");
  EXPECT_TRUE(holds(leaves, "Index Scan using journal_leaves_pkey")) << leaves;
  EXPECT_FALSE(holds(leaves, "Seq Scan")) << leaves;
}

} // namespace
} // namespace tradepulse
