// What was put aside (adopt.replace), and what an operator has dropped or renamed since.
#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using namespace test;

const std::vector<std::string> all_names{"market_klines", "klines", "sequence_tracker",
                                         "stock_trades_realtime", "stock_bars_staging"};

constexpr auto theirs = R"(
  CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open FLOAT8, high FLOAT8, low FLOAT8,
    close FLOAT8, volume FLOAT8, sequence BIGINT);
  CREATE TABLE klines (LIKE market_klines);
  CREATE TABLE sequence_tracker (id INTEGER PRIMARY KEY, last_sequence BIGINT);
  CREATE SCHEMA market_data_oltp;
  CREATE TABLE market_data_oltp.stock_trades_realtime (symbol TEXT, price NUMERIC, size INTEGER,
    timestamp TIMESTAMPTZ);
  CREATE TABLE market_data_oltp.stock_bars_staging (symbol TEXT, open FLOAT8, high FLOAT8,
    low FLOAT8, close FLOAT8, volume FLOAT8, timestamp TIMESTAMPTZ);
  INSERT INTO market_klines VALUES ('2024-08-08 14:30Z', 'A', 1, 1, 1, 1, 1, 7);
  INSERT INTO klines VALUES ('2024-08-08 14:31Z', 'A', 2, 2, 2, 2, 2, 8);
  INSERT INTO sequence_tracker VALUES (1, 9);
  INSERT INTO market_data_oltp.stock_trades_realtime VALUES ('A', 3, 3, '2024-08-08 14:32Z');
  INSERT INTO market_data_oltp.stock_bars_staging
    VALUES ('A', 4, 4, 4, 4, 4, '2024-08-08 14:33Z'))";

constexpr auto ours = R"(
  INSERT INTO market_klines_tradepulse (time, symbol, open, high, low, close)
    VALUES ('2024-08-08 14:40Z', 'A', 5, 5, 5, 5))";

// How many rows each view has: market_klines, klines, the two of stocks, adopted_klines.
std::string rows(test_database& db) {
  return db.value("SELECT concat_ws(' ', (SELECT count(*) FROM market_klines), "
                  "(SELECT count(*) FROM klines), "
                  "(SELECT count(*) FROM market_data_oltp.stock_trades_realtime), "
                  "(SELECT count(*) FROM market_data_oltp.stock_bars_staging), "
                  "(SELECT count(*) FROM adopted_klines))");
}

TEST(APutAsideTable, IsLeftOutOfTheViewsOnceItIsDropped) {
  test_database db;
  db.run(theirs);
  migrated(db, all_names);
  db.run(ours);
  EXPECT_EQ(rows(db), "2 3 1 3 2");
  db.run("DROP TABLE market_klines_before_tradepulse CASCADE");
  EXPECT_EQ(migrated(db, all_names),
            "replaced market_klines: market_klines_before_tradepulse is gone: the view that has "
            "the name shows ours alone\n");
  EXPECT_EQ(rows(db), "1 2 1 2 1");
  EXPECT_EQ(migrated(db, all_names), "");
  db.run("DROP TABLE klines_before_tradepulse, sequence_tracker_before_tradepulse, "
         "market_data_oltp.stock_trades_realtime_before_tradepulse, "
         "market_data_oltp.stock_bars_staging_before_tradepulse CASCADE");
  EXPECT_TRUE(holds(migrated(db), "replaced stock_trades_realtime: market_data_oltp.stock_trades_"
                                  "realtime_before_tradepulse is gone: "));
  EXPECT_EQ(rows(db), "1 1 0 1 0");
  EXPECT_EQ(migrated(db), "");
  EXPECT_EQ(db.value("SELECT get_next_sequence()"), "10");
  EXPECT_TRUE(holds(refusal(db, "DELETE FROM klines"), "klines is a view of TradePulse"));
}

// And is in them again where it has its name again: a way to look at ours alone.
TEST(APutAsideTable, IsLeftOutOfTheViewsOnceItIsRenamed) {
  test_database db;
  db.run(theirs);
  migrated(db, all_names);
  db.run(ours);
  db.run("CREATE VIEW others AS SELECT count(*) FROM klines; GRANT SELECT ON klines TO PUBLIC");
  for (const std::string name :
       {"market_klines", "klines", "market_data_oltp.stock_trades_realtime",
        "market_data_oltp.stock_bars_staging"}) {
    const auto bare = name.substr(name.find('.') + 1);
    db.run("ALTER TABLE " + name + "_before_tradepulse RENAME TO " + bare + "_away");
  }
  EXPECT_TRUE(holds(migrated(db), "replaced klines: klines_before_tradepulse is gone"));
  EXPECT_EQ(rows(db), "1 1 0 1 0");
  db.run("DROP TABLE klines_away"); // nothing depends on it any more
  db.run("ALTER TABLE market_klines_away RENAME TO market_klines_before_tradepulse");
  EXPECT_EQ(migrated(db),
            "replaced market_klines: what stood there is market_klines_before_tradepulse now, and "
            "a view of both has the name; INSERT into it is refused\n");
  EXPECT_EQ(rows(db), "2 2 0 2 1");
  EXPECT_EQ(db.value("SELECT has_table_privilege('public', 'klines', 'SELECT')"), "t");
}

TEST(APutAsideTable, MayBeGoneBeforeTheUpgrade) {
  test_database db;
  db.run(theirs);
  auto before = source_migrations();
  before.resize(19);
  ASSERT_TRUE(migrate(db.settings(), before, {.adopt_replace = all_names}));
  db.run(ours);
  db.run("DROP TABLE market_klines_before_tradepulse, klines_before_tradepulse CASCADE");
  EXPECT_TRUE(holds(migrated(db), "replaced market_klines: market_klines_before_tradepulse is "
                                  "gone"));
  EXPECT_EQ(rows(db), "1 1 1 2 0");
}

} // namespace
} // namespace tradepulse
