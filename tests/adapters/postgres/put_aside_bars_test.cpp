// Bars of a table that another program made and that was put aside: it may have no key at all.
#include <gtest/gtest.h>

#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/source_store_postgres.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using namespace test;

class PutAsideBars : public testing::Test {
 protected:
  // `columns` and keys behind those that every table has.
  void table(const std::string& columns) {
    db.run("CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open NUMERIC, high NUMERIC, "
           "low NUMERIC, close NUMERIC" +
           columns + ")");
  }
  // A row of a minute behind two o'clock; `more` are the values of the further columns.
  void row(int minute, int close, const std::string& more = "") {
    db.run("INSERT INTO market_klines VALUES (timestamptz '2024-08-08 14:00Z' + " +
           std::to_string(minute) + " * interval '1 minute', 'A', 1, 9, 1, " +
           std::to_string(close) + more + ")");
  }
  void put_aside() { ASSERT_TRUE(holds(migrated(db, {"market_klines"}), "replaced ")); }

  // "14:00=4 14:01=5 more": starts with their closes.
  std::string read(std::size_t limit = 100, bool newest = false,
                   kline_interval interval = kline_interval::m1) {
    bar_query query{{sym("A")}, stream_kind::kline(interval)};
    query.limit = limit;
    query.newest = newest;
    const auto page = store.read_bars(query);
    if (!page)
      return page.failure().detail;
    std::string out;
    for (const auto& each : (*page)[0].bars)
      out += to_iso8601(each.start).substr(11, 5) + "=" + each.close.to_string() + " ";
    return out + ((*page)[0].more ? "more" : "");
  }

  test_database db;
  history_store_postgres store{db.settings("reader"), shared_watchdog()};
};

TEST_F(PutAsideBars, HaveOfSeveralRowsOfABarThatWithTheGreatestNumber) {
  table(", sequence BIGINT");
  row(0, 2, ", 11");
  row(0, 4, ", 13");
  row(0, 3, ", 12");
  row(0, 8, ", NULL");
  row(1, 5, ", 14");
  row(1, 6, ", NULL");
  put_aside();
  EXPECT_EQ(read(), "14:00=4 14:01=5 ");
  EXPECT_EQ(read(1), "14:00=4 more"); // what is cut off is the next bar
  EXPECT_EQ(read(1, true), "14:01=5 more");
  EXPECT_EQ(read(2, true), "14:00=4 14:01=5 ");
}

TEST_F(PutAsideBars, HaveTheRowThatWasWrittenLastWhereNoneHasANumber) {
  table(", volume NUMERIC");
  for (const int close : {2, 4, 3})
    row(0, close);
  row(1, 7);
  put_aside();
  EXPECT_EQ(read(), "14:00=3 14:01=7 ");
  EXPECT_EQ(read(1), "14:00=3 more");
}

// A row that is no bar does not stand for one that is.
TEST_F(PutAsideBars, HaveTheGreatestNumberOfWhatIsABar) {
  table(", sequence INTEGER");
  row(0, 2, ", 11");
  row(0, -4, ", 13");
  put_aside();
  EXPECT_EQ(read(), "14:00=2 ");
}

class PutAsideBarsWithoutInterval : public PutAsideBars,
                                    public testing::WithParamInterface<const char*> {};

TEST_P(PutAsideBarsWithoutInterval, AreOfAMinute) {
  table(std::string(", interval VARCHAR(8), sequence BIGINT") + GetParam());
  row(0, 2, ", NULL, 11");
  row(0, 3, ", '1m', 12");
  row(1, 4, ", '1m', 13");
  row(1, 5, ", NULL, 14");
  row(1, 6, ", '5m', 15");
  row(2, 7, ", NULL, 16");
  put_aside();
  EXPECT_EQ(read(), "14:00=3 14:01=5 14:02=7 ");
  EXPECT_EQ(read(2), "14:00=3 14:01=5 more");
  EXPECT_EQ(read(2, true), "14:01=5 14:02=7 more");
  EXPECT_EQ(read(9, false, kline_interval::m5), "14:01=6 ");
  // And to whoever asks by upstream's numbers.
  source_store_postgres missed{db.settings("missed"), shared_watchdog()};
  std::string numbers;
  const auto found = missed.read({sym("A"), kline_interval::m1, 0, 99, 9});
  ASSERT_TRUE(found) << found.failure().detail;
  for (const auto& each : found->klines)
    numbers += std::to_string(each.number) + " ";
  EXPECT_EQ(numbers, "11 12 13 14 16 ");
}

INSTANTIATE_TEST_SUITE_P(Keys, PutAsideBarsWithoutInterval,
                         testing::Values("", ", UNIQUE (symbol, interval, time)"));

TEST_F(PutAsideBars, MayComeFromAView) {
  table(", sequence BIGINT");
  row(0, 2, ", 11");
  row(0, 4, ", 13");
  row(1, 5, ", NULL");
  row(1, 6, ", NULL");
  db.run("ALTER TABLE market_klines RENAME TO theirs; "
         "CREATE VIEW market_klines AS SELECT * FROM theirs");
  put_aside();
  EXPECT_EQ(read(), "14:00=4 14:01=6 ");
}

// No `migrate` has run since.
TEST_F(PutAsideBars, AreNotThereOnceTheirTableIsGone) {
  table(", volume NUMERIC");
  row(0, 2);
  put_aside();
  db.run("INSERT INTO market_klines_tradepulse (time, symbol, open, high, low, close) "
         "VALUES ('2024-08-08 14:01Z', 'A', 1, 9, 1, 7)");
  EXPECT_EQ(read(), "14:00=2 14:01=7 ");
  db.run("ALTER TABLE market_klines_before_tradepulse RENAME TO theirs");
  EXPECT_EQ(read(), "14:01=7 ");
  db.run("DROP TABLE theirs CASCADE");
  history_store_postgres other{db.settings("other"), shared_watchdog()};
  const auto page = other.read_bars({{sym("A")}, kline_1m});
  ASSERT_TRUE(page) << page.failure().detail;
  EXPECT_EQ((*page)[0].bars.size(), 1U);
}

TEST_F(PutAsideBars, AreNotThereOnceAnAdoptedTableIsGone) {
  db.run("CREATE TABLE klines (time TIMESTAMPTZ, symbol TEXT, open NUMERIC, high NUMERIC, "
         "low NUMERIC, close NUMERIC);"
         "INSERT INTO klines VALUES ('2024-08-08 14:00Z', 'A', 1, 9, 1, 2)");
  ASSERT_TRUE(holds(migrated(db), "adopted klines"));
  EXPECT_EQ(read(), "14:00=2 ");
  db.run("ALTER TABLE klines RENAME TO theirs");
  EXPECT_EQ(read(), "");
}

// --- how they are found ---

struct found_by {
  const char* columns;
  const char* index;
  const char* interval; // an expression over the row's minute n
};

class WhereBarsLie : public PutAsideBars, public testing::WithParamInterface<found_by> {};

// Ten bars of two rows each, of 10,000 and as many of another symbol.
TEST_P(WhereBarsLie, IsFoundByTheTablesIndexInItsOrder) {
  const auto& [columns, index, interval] = GetParam();
  table(std::string(", sequence BIGINT") + columns);
  db.run("INSERT INTO market_klines SELECT timestamptz '2024-08-08 14:00Z' + n * interval "
         "'1 minute', symbol, 1, 9, 1, 1, n" +
         std::string(interval) +
         " FROM generate_series(1, 10000) n, (VALUES ('A'), ('B')) s(symbol), (VALUES (1), (2)) "
         "twice; CREATE INDEX given ON market_klines " +
         index + "; ANALYZE market_klines");
  put_aside();
  for (const bool newest : {false, true}) {
    db.run("SELECT pg_stat_force_next_flush()");
    db.run("SELECT pg_stat_reset()");
    {
      history_store_postgres other(db.settings("counted"), shared_watchdog());
      bar_query query{{sym("A")}, kline_1m};
      query.limit = 10;
      query.newest = newest;
      const auto page = other.read_bars(query);
      ASSERT_TRUE(page) << page.failure().detail;
      EXPECT_EQ((*page)[0].bars.size(), 10U);
      EXPECT_TRUE((*page)[0].more);
    }
    const std::string of_theirs = " FROM pg_stat_user_tables WHERE relname = "
                                  "'market_klines_before_tradepulse'";
    EXPECT_TRUE(eventually([&] {
      return db.backend_of("counted") == "no row" &&
             db.value("SELECT idx_scan > 0" + of_theirs) == "t";
    }));
    EXPECT_EQ(db.value("SELECT seq_scan" + of_theirs), "0");
    EXPECT_LE(std::stoi(db.value("SELECT idx_tup_fetch" + of_theirs)), 100);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Indexes, WhereBarsLie,
    testing::Values(found_by{"", "(symbol, time)", ""},
                    found_by{", interval TEXT NOT NULL", "(symbol, interval, time)", ", '1m'"},
                    found_by{", interval TEXT", "(symbol, time)", ", '1m'"},
                    found_by{", interval TEXT", "(symbol, time)", ", NULL"},
                    found_by{", interval VARCHAR(8)", "(symbol, interval, time)", ", '1m'"},
                    found_by{", interval TEXT", "(symbol, interval, time)", ", NULL"},
                    found_by{", interval TEXT", "(symbol, interval, time DESC)",
                             ", CASE WHEN twice.column1 = 1 THEN '1m' END"}));

} // namespace
} // namespace tradepulse
