// Klines by upstream's numbers: from the journal, from other programs' tables, and from both.
#include "adapters/postgres/source_store_postgres.hpp"

#include <gtest/gtest.h>

#include "adapters/postgres/source_statements.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t noon = 1'699'963'200'000; // 2023-11-14

class SourceStore : public testing::Test {
 protected:
  SourceStore() {
    migrated(db);
    gen = own(writer, part0);
  }

  // A message about the minute `close`, which is its close; without a number where that is 0.
  static logged_kline message(std::int64_t number, std::int64_t close, std::int64_t event_ms = 0) {
    auto out = kline(0, 60'000 * close, std::to_string(close), "1.5", true);
    if (number != 0)
      out.source_sequence = number;
    if (event_ms != 0)
      out.event_time = at_ms(event_ms);
    return out;
  }
  // On the day so many behind the first one, as the next ones of the stream.
  void commit(std::int64_t day, std::vector<logged_kline> messages, std::int64_t in_epoch = 1) {
    if (in_epoch != epoch_)
      next_ = 1;
    epoch_ = in_epoch;
    const auto count = static_cast<std::int64_t>(messages.size());
    const auto work =
        journalled(range(part0, gen.value(), offset_, offset_ + 1,
                         {position("A", kline_1m, in_epoch, next_ + count - 1, 1)}),
                   {events.run("A", in_epoch, next_, std::move(messages))}, noon + day * day_ms);
    ASSERT_EQ(word(writer.commit(work)), "committed 1");
    ++offset_;
    next_ += count;
  }
  source_page read(std::int64_t after, std::int64_t through, std::size_t limit = 100,
                   kline_interval interval = kline_interval::m1) {
    auto page = store.read({sym("A"), interval, after, through, limit});
    if (!page)
      throw std::runtime_error(page.failure().detail);
    return *page;
  }
  // "5=50 7=70 more below above": numbers with their closes.
  static std::string words(const source_page& page) {
    std::string out;
    for (const auto& each : page.klines)
      out += std::to_string(each.number) + "=" +
             (each.value ? each.value->close.to_string() : "unusable") + " ";
    for (const auto& [is, word] : {std::pair{page.more, "more "},
                                   {page.below, "below "},
                                   {page.above, "above "},
                                   {!page.known, "unknown "}})
      out += is ? word : "";
    return out;
  }
  postgres_settings through(const wire_proxy& proxy) const {
    auto settings = db.settings("counted");
    settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
    return settings;
  }

  test_database db;
  range_store_postgres writer{
      db.settings("writer"), shared_watchdog(), journal_kinds::all(), {kline_numbers::source}};
  source_store_postgres store{db.settings("reader"), shared_watchdog()};
  generation gen{1};
  kept_kinds events;
  std::int64_t offset_ = 0, next_ = 1, epoch_ = 1;
};

// ---- the journal ---------------------------------------------------------------------------

TEST_F(SourceStore, HasNothingOfWhatWasNeverStored) {
  EXPECT_EQ(words(read(0, 9)), "unknown ");
  commit(0, {message(5, 50)});
  EXPECT_EQ(words(read(0, 9, 100, kline_interval::m5)), "unknown ");
}

TEST_F(SourceStore, HasTheMessagesOfTheRangeInTheOrderOfTheirNumbers) {
  commit(0, {message(5, 50), message(0, 1), message(7, 70)});
  commit(1, {message(6, 60), message(9, 90)});
  EXPECT_EQ(words(read(0, 100)), "5=50 6=60 7=70 9=90 ");
  EXPECT_EQ(words(read(5, 7)), "6=60 7=70 below above "); // exclusive, inclusive
  EXPECT_EQ(words(read(7, 8)), "below above ");
  EXPECT_EQ(words(read(9, 100)), "below ");
  EXPECT_EQ(words(read(0, 4)), "above ");
  EXPECT_EQ(words(read(0, 9'223'372'036'854'775'807)), "5=50 6=60 7=70 9=90 ");
}

TEST_F(SourceStore, SaysWhatAMessageSaid) {
  commit(0, {message(5, 50, 3'000'777)});
  const auto page = read(4, 5);
  ASSERT_EQ(page.klines.size(), 1U);
  EXPECT_EQ(page.klines[0].event_time, at_ms(3'000'777));
  ASSERT_TRUE(page.klines[0].value);
  EXPECT_EQ(page.klines[0].value->start, at_ms(3'000'000));
  EXPECT_EQ(page.klines[0].value->end, at_ms(3'059'999)); // upstream's own
  EXPECT_EQ(page.klines[0].value->volume, amount("1.5"));
  EXPECT_EQ(page.committed, (stream_position{epoch{1}, sequence{1}}));
}

TEST_F(SourceStore, StopsAtTheLimitAndSaysWhetherThereIsMore) {
  commit(0, {message(5, 50), message(7, 70), message(9, 90)});
  commit(1, {message(6, 60), message(8, 80)});
  commit(2, {message(4, 40)});
  EXPECT_EQ(words(read(0, 100, 2)), "4=40 5=50 more ");
  EXPECT_EQ(words(read(5, 100, 2)), "6=60 7=70 more below ");
  EXPECT_EQ(words(read(7, 100, 2)), "8=80 9=90 below ");
  EXPECT_EQ(words(read(3, 9, 6)), "4=40 5=50 6=60 7=70 8=80 9=90 ");
}

TEST_F(SourceStore, OfMessagesWithOneNumberHasTheNewest) {
  commit(0, {message(5, 50, 1'000), message(5, 51, 1'000), message(6, 60, 2'000)}); // the later one
  commit(1, {message(6, 61, 1'500)}); // a late one is older, though it came later
  EXPECT_EQ(words(read(0, 9)), "5=51 6=60 ");
  commit(2, {message(6, 62, 500)}, 2); // a later epoch is newer whatever its times
  EXPECT_EQ(words(read(0, 9)), "5=51 6=62 ");
  EXPECT_EQ(words(read(0, 9, 1)), "5=51 more ");
}

TEST_F(SourceStore, SaysWhetherAnythingWasTakenAway) {
  commit(0, {message(5, 50)});
  commit(1, {message(6, 60)});
  EXPECT_TRUE(read(0, 9).all_kept);
  db.run(
      "DELETE FROM journal_leaves WHERE leaf = '2023-11-14'; DROP TABLE journal_klines_20231114");
  const auto page = read(0, 9);
  EXPECT_EQ(words(page), "6=60 ");
  EXPECT_FALSE(page.all_kept);
}

TEST_F(SourceStore, SaysWithWhichNumberWhatIsKeptBegins) {
  commit(0, {message(5, 50)});
  commit(1, {message(0, 1), message(60, 60), message(59, 59)});
  commit(2, {message(2, 20)}, 2); // upstream has begun anew
  EXPECT_FALSE(read(0, 9).first_kept); // all is kept
  db.run(
      "DELETE FROM journal_leaves WHERE leaf = '2023-11-14'; DROP TABLE journal_klines_20231114");
  EXPECT_EQ(read(0, 9).first_kept, 60);
  EXPECT_EQ(read(60, 99).first_kept, 60);
  db.run("DELETE FROM journal_leaves; DROP TABLE journal_klines_20231115, "
         "journal_klines_20231116");
  const auto page = read(0, 9);
  EXPECT_FALSE(page.first_kept);
  EXPECT_FALSE(page.all_kept);
}

TEST_F(SourceStore, ReadsWhatCameSince) {
  commit(0, {message(5, 50)});
  commit(1, {message(6, 60)});
  EXPECT_EQ(words(read(0, 9)), "5=50 6=60 ");
  commit(1, {message(7, 70)});
  EXPECT_EQ(words(read(0, 9)), "5=50 6=60 7=70 ");
  commit(2, {message(3, 30)});
  EXPECT_EQ(words(read(0, 9)), "3=30 5=50 6=60 7=70 ");
  EXPECT_EQ(read(0, 9).committed, (stream_position{epoch{1}, sequence{4}}));
}

TEST_F(SourceStore, ReadsThroughTheJournalWhereOnlyThatIsGranted) {
  commit(0, {message(5, 50)});
  commit(1, {message(6, 60)});
  const std::string role = "tp_source_" + db.name();
  db.run("CREATE ROLE " + role +
         " LOGIN PASSWORD 'x'; GRANT SELECT ON journal_streams, "
         "journal_leaves, stream_positions, journal_klines, adopted_klines TO " +
         role);
  auto settings = db.settings("reader");
  settings.url += " user=" + role + " password=x";
  source_store_postgres reader(settings, shared_watchdog());
  const auto page = reader.read({sym("A"), kline_interval::m1, 0, 9, 100});
  EXPECT_EQ(page ? words(*page) : page.failure().detail, "5=50 6=60 ");
  db.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

// ---- other programs' tables ----------------------------------------------------------------

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

TEST_F(SourceStore, HasWhatAnotherProgramHasStored) {
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

TEST_F(SourceStore, UnitesWhatWasStoredBeforeWithWhatCameBehind) {
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

TEST_F(SourceStore, TellsTheNumberOfARowThatIsNoKline) {
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

TEST_F(SourceStore, HasOursInThePlaceOfARowThatIsNoKline) {
  db.run(no_klines);
  ASSERT_TRUE(holds(migrated(db, {"market_klines"}), "replaced market_klines"));
  commit(0, {message(3, 30), message(8, 80)});
  EXPECT_EQ(words(read(2, 8, 4)), "3=30 4=4 5=unusable 6=unusable more below above ");
  EXPECT_EQ(words(read(6, 8)), "7=7 8=80 below above ");
}

TEST_F(SourceStore, TellsAVolumeThatIsNoNumberOfAnAdoptedTable) {
  db.run(foreign_klines);
  ASSERT_TRUE(holds(migrated(db), "adopted market_klines"));
  db.run("UPDATE market_klines SET volume = 'NaN' WHERE sequence = 3"); // its program goes on
  EXPECT_EQ(words(read(0, 9, 1)), "3=unusable more ");
  EXPECT_EQ(words(read(0, 9)), "3=unusable 5=50.5 ");
}

// It stored the last of several messages of a kline; the log has them all, and is read from its
// beginning.
TEST_F(SourceStore, HasWhatAnotherProgramHasStoredUntilTheLogHasComeSoFar) {
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
  CREATE TABLE market_klines (time TIMESTAMPTZ, symbol VARCHAR(20), interval VARCHAR(5), open FLOAT8,
    high FLOAT8, low FLOAT8, close FLOAT8, volume FLOAT8, sequence INTEGER);
  INSERT INTO market_klines VALUES
    ('2023-11-01 00:00Z', 'A', '1m', 1, 2, 0.5, 30, 7.5, 3),
    ('2023-11-01 00:01Z', 'A', '1m', 1, 2, 0.5, 50, 1, 4),
    ('2023-11-01 00:01Z', 'A', NULL, 1, 2, 'NaN', 50, 1, 5),
    (NULL, 'A', NULL, 1, 2, 0.5, 60, 1, 6), (NULL, 'A', '1m', 1, 2, 0.5, 60, 1, 3),
    ('2023-11-01 00:01Z', 'A', '1m', 1, 2, 0.5, 70, 1, 7),
    ('2023-11-01 00:05Z', 'A', '5m', 1, 2, 0.5, NULL, 1, 8),
    (NULL, 'A', '1m', 1, 2, 0.5, 60, 1, NULL))";

// 5 and 6 are no klines, and of 4 and 7, which are one kline, the newer stays.
TEST_F(SourceStore, TellsTheNumbersOfRowsThatAnAdoptionHasRejected) {
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

TEST(SourceStoreMigration, LooksAtRejectedRowsAgain) {
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
TEST(SourceStoreMigration, LooksAtAdoptedRowsAgain) {
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

// ---- how it is found -----------------------------------------------------------------------

TEST_F(SourceStore, IsFoundByIndexesAlone) {
  std::vector<logged_kline> many;
  for (std::int64_t i = 1; i <= 500; ++i)
    many.push_back(message(1'000 + i, i));
  commit(0, many);
  const std::vector<std::string> leaf{"20231114"};
  const auto plan = [&](std::string statement, std::initializer_list<const char*> arguments) {
    std::string n = "$1";
    for (const auto* each : arguments) {
      for (std::size_t at = statement.find(n); at != std::string::npos; at = statement.find(n))
        statement.replace(at, n.size(), each);
      ++n[1];
    }
    db.run("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; "
           "SET enable_hashjoin = off; SET enable_mergejoin = off");
    std::string out;
    for (const auto& row : db.run("EXPLAIN (COSTS OFF) " + statement))
      out += std::string(row[0].c_str()) + "\n";
    return out;
  };
  const auto klines = plan(sql::source_klines_of_leaves(leaf, sql::leaf_access::by_name),
                           {"1", "0", "9223372036854775807", "10"});
  EXPECT_TRUE(holds(klines, "Presorted Key: ")) << klines;
  EXPECT_TRUE(holds(klines, "Index Scan using journal_klines_20231114_source")) << klines;
  EXPECT_FALSE(holds(klines, "Seq Scan")) << klines;
  const auto ranges = plan(sql::source_range_of_leaves(leaf, sql::leaf_access::by_name), {"1"});
  EXPECT_TRUE(holds(ranges, "using journal_klines_20231114_source")) << ranges;
  EXPECT_TRUE(holds(ranges, "Backward using journal_klines_20231114_source")) << ranges;
  EXPECT_FALSE(holds(ranges, "Sort")) << ranges;
  const auto first =
      plan(sql::source_first_of_leaf("20231114", sql::leaf_access::by_name), {"1", "1"});
  EXPECT_TRUE(holds(first, "Index Scan using journal_klines_20231114_")) << first;
  EXPECT_FALSE(holds(first, "Sort")) << first;
  const auto adopted =
      plan(sql::adopted_klines(), {"'A'", "'1m'", "0", "9223372036854775807", "100"});
  EXPECT_TRUE(holds(adopted, "Presorted Key: ")) << adopted;
  EXPECT_TRUE(holds(adopted, "using idx_market_klines_symbol_sequence")) << adopted;
}

TEST_F(SourceStore, LooksIntoALeafThatIsFullOnceAndReadsTheLeavesOfTheRange) {
  for (std::int64_t day = 0; day < 40; ++day)
    commit(day, {message(100 + day, 1 + day)});
  wire_proxy proxy(db.host(), db.port());
  source_store_postgres counted(through(proxy), shared_watchdog());
  auto trips = [&](std::int64_t after, std::int64_t through) {
    const auto before = proxy.round_trips();
    const auto page = counted.read({sym("A"), kline_interval::m1, after, through, 100});
    EXPECT_TRUE(page && page->klines.size() == static_cast<std::size_t>(through - after));
    return proxy.round_trips() - before;
  };
  trips(100, 101); // connects, looks into all 40
  // Places, the newest leaf, the leaves of the range, other programs' rows.
  EXPECT_EQ(trips(100, 101), 4U);
  EXPECT_EQ(trips(110, 126), 5U); // 16 leaves, 8 at a time
}

} // namespace
} // namespace tradepulse
