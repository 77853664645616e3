// What is read of the journal: positions, values, pages, and leaves that go meanwhile.
#include "adapters/postgres/history_store_postgres.hpp"

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/journal.hpp"

namespace tradepulse {
namespace {

using namespace test;

class HistoryStore : public testing::Test {
 protected:
  HistoryStore() { db.migrate(); }

  history_page page(const history_query& query) {
    auto read = store.read(query);
    EXPECT_TRUE(read) << read.failure().detail;
    return read ? *read : history_page{};
  }
  std::string read(const history_query& query) { return words(page(query)); }

  test_database db;
  history_store_postgres store{db.settings("reader"), shared_watchdog()};
};

TEST_F(HistoryStore, HasEventsBehindAPositionUpToAnother) {
  journal(db, "A", 1, "2024-08-01", 1, 20);
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/1..20");
  EXPECT_EQ(read(behind("A", pos(1, 5))), "1/6..20");
  EXPECT_EQ(read(behind("A", pos(1, 5), 1000, pos(1, 9))), "1/6..9");
  EXPECT_EQ(read(behind("A", pos(1, 19))), "1/20..20");
  EXPECT_EQ(read(behind("A", pos(1, 20))), "");
  EXPECT_EQ(read(behind("A", pos(1, 9'223'372'036'854'775'807))), "");
}

TEST_F(HistoryStore, HasNothingOfAStreamThatWasNeverWritten) {
  const auto empty = page(behind("NOPE", pos(1, 0)));
  EXPECT_EQ(words(empty), "");
  EXPECT_EQ(empty.lowest, pos(0, 0));
  EXPECT_EQ(empty.highest, pos(0, 0));
  EXPECT_EQ(empty.epoch_lowest, sequence{0});
  EXPECT_EQ(empty.committed, pos(0, 0));
}

TEST_F(HistoryStore, KeepsStreamsApart) {
  journal(db, "A", 1, "2024-08-01", 1, 3);
  journal(db, "B", 1, "2024-08-01", 1, 5);
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/1..3");
  EXPECT_EQ(read(behind("B", pos(1, 0))), "1/1..5");
}

TEST_F(HistoryStore, GivesEachValueExactly) {
  journal(db, "A", 3, "2024-08-01", 1, 1);
  db.run("INSERT INTO journal_prices (price, size, event_time, commit_time, kafka_offset, epoch, "
         "seq, source_sequence, stream_id, partition_id, size_rest, flags) VALUES "
         "(9223372036854775807, 999999999999999999, 1722470400001, 1722470400100, 5, 3, 2, "
         "NULL, 1, 1, 99, 1), "
         "(0, NULL, 1722470400002, 1722470400100, 6, 3, 3, -5, 1, 1, NULL, 0), "
         "(1, 0, 1722470400003, 1722470400100, 7, 3, 4, 9223372036854775807, 1, 1, 1, 0)");
  const auto got = page(behind("A", pos(3, 1)));
  ASSERT_EQ(words(got), "3/2..4");
  const auto& burst = prices_of(*got.bursts[0]);
  EXPECT_EQ(burst.symbol(), sym("A"));
  EXPECT_EQ(burst.index(), stream_index{7});
  EXPECT_EQ(burst.oldest_append(), at_ms(1'722'470'400'100));
  const auto& events = burst.events();
  EXPECT_EQ(events[0].price.to_string(), "92233720368.54775807");
  EXPECT_EQ(events[0].volume->to_string(), "999999999999.99999999");
  EXPECT_EQ(events[0].event_time, at_ms(1'722'470'400'001));
  EXPECT_EQ(events[0].source_sequence, std::nullopt);
  EXPECT_TRUE(events[0].late);
  EXPECT_EQ(events[1].price.to_string(), "0");
  EXPECT_EQ(events[1].volume, std::nullopt);
  EXPECT_EQ(events[1].source_sequence, -5);
  EXPECT_FALSE(events[1].late);
  EXPECT_EQ(events[2].volume->to_string(), "0.00000001");
  EXPECT_EQ(events[2].source_sequence, 9'223'372'036'854'775'807);
}

TEST_F(HistoryStore, GoesOnFromDayToDayAndFromEpochToEpoch) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 1, "2024-08-02", 11, 15);
  journal(db, "A", 2, "2024-08-02", 1, 4);
  journal(db, "A", 2, "2024-08-05", 5, 6);
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/1..15 2/1..6");
  EXPECT_EQ(read(behind("A", pos(1, 12))), "1/13..15 2/1..6");
  EXPECT_EQ(read(behind("A", pos(1, 15))), "2/1..6");
  EXPECT_EQ(read(behind("A", pos(2, 4))), "2/5..6");
  EXPECT_EQ(read(behind("A", pos(1, 8), 1000, pos(2, 2))), "1/9..15 2/1..2");
  EXPECT_EQ(read(behind("A", pos(1, 8), 1000, pos(1, 99))), "1/9..15");
}

// An epoch of another home may have entered an earlier day than the last one of the epoch before.
TEST_F(HistoryStore, FollowsEpochsAlsoWhereTheirDaysOverlap) {
  journal(db, "A", 1, "2024-08-03", 1, 5);
  journal(db, "A", 2, "2024-08-01", 1, 2);
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/1..5 2/1..2");
  EXPECT_EQ(page(behind("A", pos(1, 0))).highest, pos(2, 2));
}

TEST_F(HistoryStore, SaysWhetherThereIsMore) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 1, "2024-08-02", 11, 12);
  EXPECT_EQ(read(behind("A", pos(1, 0), 4)), "1/1..4 more");
  EXPECT_EQ(read(behind("A", pos(1, 0), 10)), "1/1..10 more"); // what is more is in the next leaf
  EXPECT_EQ(read(behind("A", pos(1, 0), 11)), "1/1..11 more");
  EXPECT_EQ(read(behind("A", pos(1, 0), 12)), "1/1..12");
  EXPECT_EQ(read(behind("A", pos(1, 0), 4, pos(1, 4))), "1/1..4");
  EXPECT_EQ(read(behind("A", pos(1, 0), 4, pos(1, 5))), "1/1..4 more");
}

TEST_F(HistoryStore, SaysWhatIsKeptAndWhatIsCommitted) {
  journal(db, "A", 1, "2024-08-01", 5, 10);
  journal(db, "A", 2, "2024-08-02", 1, 4);
  journal(db, "A", 2, "2024-08-03", 5, 9);
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp, epoch, last_sequence) "
         "VALUES ('A', 1, 1, 2, 11)");
  auto got = page(behind("A", pos(1, 0), 2));
  EXPECT_EQ(got.lowest, pos(1, 5));
  EXPECT_EQ(got.highest, pos(2, 9));
  EXPECT_EQ(got.epoch_lowest, sequence{5});
  EXPECT_EQ(got.epoch_highest, sequence{10});
  EXPECT_EQ(got.committed, pos(2, 11));
  got = page(behind("A", pos(2, 0)));
  EXPECT_EQ(got.lowest, pos(1, 5));
  EXPECT_EQ(got.epoch_lowest, sequence{1});
  EXPECT_EQ(got.epoch_highest, sequence{9});
  db.run("INSERT INTO stream_positions (symbol, stream, epoch, last_sequence) "
         "VALUES ('A', 'price', 3, 0)");
  EXPECT_EQ(page(behind("A", pos(3, 0))).committed, pos(3, 0));
  EXPECT_EQ(page(behind("A", pos(3, 0))).epoch_highest, sequence{0});
}

TEST_F(HistoryStore, ShowsAHoleAsTwoBursts) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  db.run("DELETE FROM journal_prices WHERE seq BETWEEN 4 AND 6");
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/1..3 1/7..10");
  EXPECT_EQ(read(behind("A", pos(1, 0), 5)), "1/1..3 1/7..8 more");
}

TEST_F(HistoryStore, BeginsWithTheFirstEventWhereThoseBeforeAreNotKept) {
  journal(db, "A", 2, "2024-08-01", 100, 110);
  journal(db, "A", 2, "2024-08-02", 111, 120);
  EXPECT_EQ(read(behind("A", pos(1, 0))), "2/100..120");
  EXPECT_EQ(read(behind("A", pos(2, 3), 15)), "2/100..114 more");
}

// More leaves than one look-up answers.
TEST_F(HistoryStore, ReadsThroughManyLeaves) {
  for (int day = 10; day < 31; ++day)
    journal(db, "A", 1, "2024-08-" + std::to_string(day), day * 2 - 19, day * 2 - 18);
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/1..42");
  EXPECT_EQ(read(behind("A", pos(1, 17), 20)), "1/18..37 more");
  db.run("DELETE FROM journal_leaves WHERE leaf = '2024-08-10'");
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/3..42"); // from below the first
}

TEST_F(HistoryStore, SeesALeafThatRetentionTookAway) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 1, "2024-08-02", 11, 20);
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/1..20");
  db.run("DELETE FROM journal_leaves WHERE leaf = '2024-08-01'");
  db.run("ALTER TABLE journal_prices DETACH PARTITION journal_prices_20240801 CONCURRENTLY");
  db.run("DROP TABLE journal_prices_20240801");
  const auto got = page(behind("A", pos(1, 0)));
  EXPECT_EQ(words(got), "1/11..20");
  EXPECT_EQ(got.lowest, pos(1, 11));
}

TEST_F(HistoryStore, NamesALeafThatIsListedAndDoesNotExist) {
  journal(db, "A", 1, "2024-08-01", 1, 10);
  journal(db, "A", 1, "2024-08-02", 11, 20);
  db.run("DROP TABLE journal_prices_20240801");
  const auto failed = store.read(behind("A", pos(1, 0)));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.failure().code, errc::database_refused);
  EXPECT_EQ(failed.failure().detail, "the journal of A: journal_leaves names "
                                     "journal_prices_20240801, which does not exist");
  EXPECT_EQ(read(behind("A", pos(1, 15))), "1/16..20"); // by the same connection
}

TEST_F(HistoryStore, ComesBackAfterALostConnection) {
  journal(db, "A", 1, "2024-08-01", 1, 3);
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/1..3");
  db.run("SELECT pg_terminate_backend(" + db.backend_of("reader") + ", 20000)");
  const auto failed = store.read(behind("A", pos(1, 0)));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.failure().code, errc::database_unavailable);
  EXPECT_EQ(read(behind("A", pos(1, 0))), "1/1..3");
}

TEST_F(HistoryStore, TakesNoAnswerOfADatabaseThatLacksWhatWasCommitted) {
  journal(db, "A", 1, "2024-08-01", 1, 3);
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp, epoch, last_sequence) "
         "VALUES ('A', 1, 1, 1, 3)");
  auto query = behind("A", pos(1, 0));
  query.committed = pos(1, 3);
  EXPECT_EQ(read(query), "1/1..3");
  const auto first = db.backend_of("reader");
  query.committed = pos(1, 4);
  const auto failed = store.read(query);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.failure().code, errc::database_unavailable);
  EXPECT_EQ(failed.failure().detail,
            "the database that answers has A up to {1, 3}, and {1, 4} was committed: it is not the "
            "one that is written to (a primary that was replaced must not come back)");
  db.run("UPDATE price_snapshots SET last_sequence = 4");
  EXPECT_EQ(read(query), "1/1..3");
  EXPECT_NE(db.backend_of("reader"), first); // it may be another server's by now
}

TEST_F(HistoryStore, TellsWhatTheDatabaseRefuses) {
  db.run("DROP TABLE journal_leaves CASCADE");
  const auto failed = store.read(behind("A", pos(1, 0)));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.failure().code, errc::database_refused);
  EXPECT_NE(failed.failure().detail.find("42P01"), std::string::npos);
}

} // namespace
} // namespace tradepulse
