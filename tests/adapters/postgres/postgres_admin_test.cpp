#include "adapters/postgres/postgres_admin.hpp"

#include <gtest/gtest.h>

#include "tests/adapters/postgres/support/rows.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"

namespace tradepulse {
namespace {

using namespace test;

class PostgresAdmin : public testing::Test {
 protected:
  PostgresAdmin() { db.migrate(); }

  test_database db;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
  postgres_admin admin{db.settings("admin"), shared_watchdog()};
};

TEST_F(PostgresAdmin, CountsRowsAndBytes) {
  auto empty = admin.statistics();
  ASSERT_TRUE(empty) << empty.failure().detail;
  EXPECT_EQ(empty->snapshot_rows, 0U);
  EXPECT_FALSE(empty->newest_update.has_value());
  db.run("INSERT INTO price_snapshots (symbol, price, timestamp, updated_at) VALUES "
         "('A', 1, 1, '2024-08-08T23:54:16.543Z'), ('B', 1, 1, '2024-08-08T23:54:15Z')");
  auto filled = admin.statistics();
  EXPECT_EQ(filled.value().snapshot_rows, 2U);
  EXPECT_EQ(filled->newest_update, at_ms(1'723'161'256'543));
  EXPECT_GT(filled->database_bytes, filled->snapshot_table_bytes);
  EXPECT_GT(filled->snapshot_table_bytes, 0U);
  EXPECT_FALSE(filled->server_version.empty());
}

TEST_F(PostgresAdmin, ListsPartitionsInOrder) {
  EXPECT_TRUE(admin.partitions().value().empty());
  own(store, {"b", 10}, 7);
  own(store, {"b", 9}, 8);
  ASSERT_TRUE(store.claim({"a", 0}, "node-1"));
  const auto rows = admin.partitions().value();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].source, (topic_partition{"a", 0}));
  EXPECT_FALSE(rows[0].next.has_value());
  EXPECT_EQ(rows[1].source, (topic_partition{"b", 9}));
  EXPECT_EQ(rows[1].next, next_offset{8});
  EXPECT_EQ(rows[2].source, (topic_partition{"b", 10}));
  EXPECT_EQ(rows[2].owner, "node-1");
}

TEST_F(PostgresAdmin, MovesAPartitionThatWasGivenUp) {
  own(store, part0, 100);
  auto work = range(part0, 1, 100, 200, {row("A", 4, 9, "1", 1)});
  work.last_applied = applied_record{record_offset{199}, 5};
  ASSERT_EQ(word(store.commit(work)), "committed 1");
  ASSERT_TRUE(store.release(part0, generation{1}));
  auto moved = admin.set_offset(part0, next_offset{3}, false);
  ASSERT_TRUE(moved) << moved.failure().detail;
  EXPECT_EQ(moved->gen, generation{2});
  EXPECT_EQ(moved->next, next_offset{3});
  EXPECT_EQ(moved->epoch_floor, epoch{5});
  EXPECT_EQ(moved->cluster_id, "");
  EXPECT_FALSE(moved->last_applied.has_value());
  EXPECT_FALSE(moved->owner.has_value());
  auto claimed = store.claim(part0, "node-1");
  EXPECT_EQ(claimed.value().next, next_offset{3});
  EXPECT_EQ(claimed->gen, generation{3});
}

TEST_F(PostgresAdmin, DoesNotMoveAPartitionUnderItsOwnerUnlessForced) {
  own(store, part0, 100);
  auto refused = admin.set_offset(part0, next_offset{3}, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, errc::forbidden);
  EXPECT_EQ(refused.failure().detail,
            "price-ticks/0 is held by \"node-1\" (generation 1): stop it, or use --force");
  EXPECT_EQ(db.value("SELECT next_offset FROM ingest_offsets"), "100");
  auto forced = admin.set_offset(part0, next_offset{3}, true);
  ASSERT_TRUE(forced) << forced.failure().detail;
  EXPECT_EQ(word(store.commit(range(part0, 1, 100, 101, {}))), "fenced");
}

TEST_F(PostgresAdmin, DoesNotMoveAPartitionThatWasNeverClaimed) {
  auto refused = admin.set_offset({"typo", 0}, next_offset{3}, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, errc::not_found);
  EXPECT_EQ(db.value("SELECT count(*) FROM ingest_offsets"), "0");
}

TEST_F(PostgresAdmin, RefusesANegativeOffset) {
  own(store, part0);
  EXPECT_EQ(admin.set_offset(part0, next_offset{-1}, true).failure().code, errc::out_of_range);
}

TEST_F(PostgresAdmin, ClearsTheMarkUnorderedAndMakesTheOwnersClaimAgain) {
  own(store, part0);
  own(store, part1);
  auto first = row("S", 2, 1, "1", 10);
  first.stream.flags = stream_flags::unordered;
  auto second = row("T", 2, 1, "1", 10, part1);
  second.stream.flags = stream_flags::unordered;
  ASSERT_EQ(word(store.commit(range(part0, 1, 0, 1, {first}))), "committed 1");
  ASSERT_EQ(word(store.commit(range(part1, 1, 0, 1, {second}))), "committed 1");

  EXPECT_EQ(admin.clear_unordered(sym("S")).value(), 1U);
  EXPECT_EQ(word(store.commit(range(part0, 1, 1, 2, {first}))), "fenced");
  EXPECT_EQ(word(store.commit(range(part1, 1, 1, 2, {second}))), "committed 1");
  auto claimed = store.claim(part0, "node-1");
  EXPECT_EQ(claimed.value().streams[0].position, (stream_position{epoch{2}, sequence{1}}));
  EXPECT_EQ(claimed->streams[0].flags, stream_flags::none);

  EXPECT_EQ(admin.clear_unordered(std::nullopt).value(), 1U);
  EXPECT_EQ(db.value("SELECT count(*) FROM stream_sources"), "0");
  EXPECT_EQ(admin.clear_unordered(std::nullopt).value(), 0U);
}

} // namespace
} // namespace tradepulse
