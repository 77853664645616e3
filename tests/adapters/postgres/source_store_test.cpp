// Klines by upstream's numbers: from the journal, and how they are found.
#include "adapters/postgres/source_statements.hpp"
#include "tests/adapters/postgres/support/source_store.hpp"

namespace tradepulse {
namespace {

using namespace test;

using SourceStore = source_store_test;

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
