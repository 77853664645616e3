// Klines by upstream's numbers: from other programs' tables, and from these and the journal.
#include "tests/adapters/postgres/support/source_store.hpp"

namespace tradepulse {
namespace {

using namespace test;

using AdoptedNumbers = source_store_test;

constexpr auto foreign_klines = R"(
  DROP TABLE market_klines CASCADE; DELETE FROM adopted_names WHERE name = 'market_klines';
  CREATE TABLE market_klines (time TIMESTAMPTZ, symbol VARCHAR(20), open FLOAT8, high FLOAT8,
    low FLOAT8, close FLOAT8, volume FLOAT8, sequence BIGINT, PRIMARY KEY (time, symbol));
  INSERT INTO market_klines VALUES
    ('2023-11-01 00:00:00+00', 'A', 1, 2, 0.5, 30, 7.5, 3),
    ('2023-11-01 00:01:00+00', 'A', 1, 2, 0.5, 50, NULL, 5),
    ('2023-11-01 00:02:00+00', 'A', 1, 2, 0.5, 50.5, 1, 5),
    ('2023-11-01 00:03:00+00', 'A', 1, 2, 0.5, 60, 1, NULL),
    ('2023-11-01 00:03:00+00', 'B', 1, 2, 0.5, 70, 1, 4))";

TEST_F(AdoptedNumbers, HasWhatAnotherProgramHasStored) {
  db.run(foreign_klines);
  ASSERT_TRUE(holds(migrated(db), "adopted market_klines: 5 rows kept"));
  const auto page = read(0, 9);
  EXPECT_EQ(words(page), "3=30 5=50.5 "); // of the newer kline
  EXPECT_EQ(page.klines[0].event_time, at_ms(1'698'796'800'000));
  ASSERT_TRUE(page.klines[0].value);
  EXPECT_EQ(page.klines[0].value->start, at_ms(1'698'796'800'000));
  EXPECT_EQ(page.klines[0].value->end, at_ms(1'698'796'860'000)); // start + interval
  EXPECT_EQ(page.klines[0].value->low, money("0.5"));
  EXPECT_EQ(page.klines[0].value->volume, amount("7.5"));
  EXPECT_EQ(words(read(3, 4)), "below above ");
  EXPECT_EQ(words(read(5, 9)), "below ");
  EXPECT_EQ(words(read(0, 9, 1)), "3=30 more ");
  EXPECT_EQ(words(read(0, 9, 100, kline_interval::m5)), "unknown ");
}

TEST_F(AdoptedNumbers, UnitesWhatWasStoredBeforeWithWhatCameBehind) {
  db.run(foreign_klines);
  ASSERT_TRUE(holds(migrated(db), "adopted market_klines"));
  commit(0, {message(5, 55), message(6, 60), message(8, 80)}); // 5 again: ours is newer
  EXPECT_EQ(words(read(0, 9)), "3=30 5=55 6=60 8=80 ");
  EXPECT_EQ(words(read(0, 9, 2)), "3=30 5=55 more ");
  EXPECT_EQ(words(read(2, 5)), "3=30 5=55 above ");
  EXPECT_EQ(db.value("SELECT count(*) FROM market_klines WHERE epoch IS NOT NULL"), "3");
}

// As they may stand in a table that was put aside; in an adopted one volumes may.
constexpr auto no_klines = R"(
  DROP TABLE market_klines CASCADE; DELETE FROM adopted_names WHERE name = 'market_klines';
  CREATE TABLE market_klines (time TIMESTAMPTZ, symbol VARCHAR(20), open NUMERIC, high NUMERIC,
    low NUMERIC, close NUMERIC, volume NUMERIC, sequence BIGINT);
  INSERT INTO market_klines SELECT timestamptz '2023-11-01 00:00Z' + n * interval '1 minute', 'A',
    1, 9, 0.5, n, 1, n FROM generate_series(1, 20) n;
  UPDATE market_klines SET volume = 'NaN' WHERE sequence = 3;
  UPDATE market_klines SET volume = '-Infinity' WHERE sequence = 5;
  UPDATE market_klines SET volume = 1e28 WHERE sequence = 6;
  UPDATE market_klines SET open = NULL WHERE sequence = 8;
  UPDATE market_klines SET high = NULL, low = NULL WHERE sequence = 9;
  UPDATE market_klines SET time = NULL WHERE sequence = 11;
  UPDATE market_klines SET time = 'infinity' WHERE sequence = 12;
  UPDATE market_klines SET close = 'NaN' WHERE sequence = 13;
  UPDATE market_klines SET low = -1 WHERE sequence = 14;
  UPDATE market_klines SET high = 92233720368.547758075 WHERE sequence = 15;
  UPDATE market_klines SET high = 92233720368.547758074, volume = NULL WHERE sequence = 16;
  INSERT INTO market_klines VALUES (NULL, 'A', 1, 9, 0.5, 7, 1, 17),
    ('2023-11-01 00:30Z', 'A', 1, 9, NULL, 9, 1, 18))";

TEST_F(AdoptedNumbers, TellsTheNumberOfARowThatIsNoKline) {
  db.run(no_klines);
  ASSERT_TRUE(holds(migrated(db, {"market_klines"}), "replaced market_klines"));
  EXPECT_EQ(words(read(0, 20, 5)), "1=1 2=2 3=unusable 4=4 5=unusable more ");
  EXPECT_EQ(words(read(5, 20, 5)),
            "6=unusable 7=7 8=unusable 9=unusable 10=10 more below ");
  EXPECT_EQ(words(read(10, 20, 6)), "11=unusable 12=unusable 13=unusable 14=unusable "
                                    "15=unusable 16=16 more below ");
  // Of several rows of a number one that is a kline.
  EXPECT_EQ(words(read(16, 20)), "17=17 18=18 19=19 20=20 below ");
  EXPECT_EQ(read(15, 16).klines[0].value->high, money("92233720368.54775807"));
}

TEST_F(AdoptedNumbers, HasOursInThePlaceOfARowThatIsNoKline) {
  db.run(no_klines);
  ASSERT_TRUE(holds(migrated(db, {"market_klines"}), "replaced market_klines"));
  commit(0, {message(3, 30), message(8, 80)});
  EXPECT_EQ(words(read(2, 8, 4)), "3=30 4=4 5=unusable 6=unusable more below above ");
  EXPECT_EQ(words(read(6, 8)), "7=7 8=80 below above ");
}

TEST_F(AdoptedNumbers, TellsAVolumeThatIsNoNumberOfAnAdoptedTable) {
  db.run(foreign_klines);
  ASSERT_TRUE(holds(migrated(db), "adopted market_klines"));
  db.run("UPDATE market_klines SET volume = 'NaN' WHERE sequence = 3"); // its program goes on
  EXPECT_EQ(words(read(0, 9, 1)), "3=unusable more ");
  EXPECT_EQ(words(read(0, 9)), "3=unusable 5=50.5 ");
}

// It stored the last of several messages of a kline; the log has them all, and is read from its
// beginning.
TEST_F(AdoptedNumbers, HasWhatAnotherProgramHasStoredUntilTheLogHasComeSoFar) {
  db.run(foreign_klines);
  ASSERT_TRUE(holds(migrated(db), "adopted market_klines"));
  db.run("INSERT INTO market_klines (time, symbol, open, high, low, close, volume, sequence) "
         "VALUES ('1970-01-01 00:50Z', 'A', 1, 9, 0.5, 56, 8, 560)");
  const auto row = [this] {
    return db.value("SELECT concat_ws(' ', epoch, round(close), sequence, closed) FROM "
                    "market_klines WHERE time = '1970-01-01 00:50Z'");
  };
  const auto of_that_kline = [](std::int64_t number, const char* close, bool closed) {
    auto out = kline(0, 3'000'000, close, "1.5", closed);
    out.source_sequence = number;
    return out;
  };
  commit(0, {of_that_kline(506, "51", false)});
  EXPECT_EQ(row(), "56 560");
  EXPECT_EQ(words(read(555, 600)), "560=56 below ");
  commit(0, {of_that_kline(557, "52", false), of_that_kline(559, "53", false)});
  EXPECT_EQ(row(), "56 560");
  EXPECT_EQ(words(read(555, 600)), "557=52 559=53 560=56 below ");
  commit(0, {of_that_kline(560, "56", true)});
  EXPECT_EQ(row(), "1 56 560 t");
  EXPECT_EQ(words(read(555, 600)), "557=52 559=53 560=56 below ");
}

constexpr auto some_to_reject = R"(
  DROP TABLE market_klines CASCADE; DELETE FROM adopted_names WHERE name = 'market_klines';
  CREATE TABLE market_klines (time TIMESTAMPTZ, symbol VARCHAR(20), interval VARCHAR(5),
    open FLOAT8, high FLOAT8, low FLOAT8, close FLOAT8, volume FLOAT8, sequence INTEGER);
  INSERT INTO market_klines VALUES
    ('2023-11-01 00:00Z', 'A', '1m', 1, 2, 0.5, 30, 7.5, 3),
    ('2023-11-01 00:01Z', 'A', '1m', 1, 2, 0.5, 50, 1, 4),
    ('2023-11-01 00:01Z', 'A', NULL, 1, 2, 'NaN', 50, 1, 5),
    (NULL, 'A', NULL, 1, 2, 0.5, 60, 1, 6), (NULL, 'A', '1m', 1, 2, 0.5, 60, 1, 3),
    ('2023-11-01 00:01Z', 'A', '1m', 1, 2, 0.5, 70, 1, 7),
    ('2023-11-01 00:05Z', 'A', '5m', 1, 2, 0.5, NULL, 1, 8),
    (NULL, 'A', '1m', 1, 2, 0.5, 60, 1, NULL))";

// 5 and 6 are no klines, and of 4 and 7, which are one kline, the newer stays.
TEST_F(AdoptedNumbers, TellsTheNumbersOfRowsThatAnAdoptionHasRejected) {
  db.run(some_to_reject);
  ASSERT_TRUE(holds(migrated(db), "2 rows kept, 0 values rounded to 8 decimals, 6 rows that "
                                  "cannot be stored are in market_klines_rejected"));
  EXPECT_EQ(words(read(0, 9)), "3=30 4=unusable 5=unusable 6=unusable 7=70 ");
  EXPECT_EQ(words(read(4, 6)), "5=unusable 6=unusable below above ");
  EXPECT_EQ(words(read(0, 9, 100, kline_interval::m5)), "8=unusable ");
  commit(0, {message(5, 55)});
  EXPECT_EQ(words(read(4, 6)), "5=55 6=unusable below above ");
  db.run("SET enable_seqscan = off; SET enable_bitmapscan = off");
  std::string plan;
  for (const auto& row : db.run("EXPLAIN SELECT sequence FROM adopted_klines WHERE symbol = 'A' "
                                "AND interval = '1m' AND sequence > 3 AND sequence <= 9"))
    plan += std::string(row[0].c_str()) + "\n";
  EXPECT_TRUE(holds(plan, "using idx_market_klines_rejected_symbol_sequence")) << plan;
}

TEST(AdoptedNumbersMigration, LooksAtRejectedRowsAgain) {
  test_database db;
  auto before = source_migrations();
  before.resize(19);
  ASSERT_TRUE(migrate(db.settings(), before));
  db.run(some_to_reject);
  ASSERT_TRUE(migrate(db.settings(), before));
  const std::string shown = "SELECT string_agg(sequence || CASE WHEN usable THEN '' ELSE '!' END, "
                            "' ' ORDER BY sequence, usable) FROM adopted_klines";
  EXPECT_EQ(db.value(shown), "3 7");
  EXPECT_EQ(migrated(db), "");
  EXPECT_EQ(db.value(shown), "3! 3 4! 5! 6! 7 8!");
}

// A database of before: the view that `migrate` had made showed klines alone.
TEST(AdoptedNumbersMigration, LooksAtAdoptedRowsAgain) {
  test_database db;
  auto before = source_migrations();
  before.resize(17);
  ASSERT_TRUE(migrate(db.settings(), before));
  db.run(no_klines);
  const migration_options replace{.adopt_replace = {"market_klines"}};
  ASSERT_TRUE(migrate(db.settings(), before, replace));
  const std::string shown = "SELECT string_agg(sequence::text, ' ' ORDER BY sequence) "
                            "FROM adopted_klines WHERE sequence BETWEEN 7 AND 11";
  EXPECT_EQ(db.value(shown), "7 8 9 10 11");
  EXPECT_EQ(migrated(db), "");
  EXPECT_EQ(db.value(shown + " AND usable"), "7 10");
}

} // namespace
} // namespace tradepulse
