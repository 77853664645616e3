// How far a partition's log has come in event time, beside its offset.
#include <gtest/gtest.h>

#include "adapters/postgres/postgres_admin.hpp"
#include "tests/adapters/postgres/support/candles.hpp"

namespace tradepulse {
namespace {

using namespace test;

class CandlesWatermark : public testing::Test {
 protected:
  CandlesWatermark() {
    db.migrate();
    own(store, part0);
  }

  test_database db;
  range_store_postgres store{db.settings("node-1"), shared_watchdog()};
  range_store_postgres other{db.settings("node-2"), shared_watchdog()};
};

TEST_F(CandlesWatermark, TheWatermarkStandsBesideTheOffset) {
  EXPECT_EQ(other.claim(part1, "node-2").value().watermark, std::nullopt);
  auto work = range(part0, 1, 0, 5, {});
  work.watermark = at_ms(candles_begin);
  ASSERT_EQ(word(store.commit(work)), "committed 0");
  EXPECT_EQ(db.value("SELECT watermark FROM ingest_offsets WHERE partition = 0"), "1699963200000");
  ASSERT_EQ(word(store.commit(range(part0, 1, 5, 6, {}))), "committed 0"); // keeps it
  EXPECT_EQ(other.claim(part0, "node-2").value().watermark, at_ms(candles_begin));
  const auto move = [&](bool new_epoch) {
    return other
        .reposition({.source = part0,
                     .gen = generation{2},
                     .next = next_offset{0},
                     .new_epoch = new_epoch,
                     .cluster_id = "cluster-1"})
        .value()
        .watermark;
  };
  EXPECT_EQ(move(false), at_ms(candles_begin));
  EXPECT_EQ(move(true), std::nullopt);
  EXPECT_EQ(other.claim(part0, "node-2").value().watermark, std::nullopt);
}

TEST_F(CandlesWatermark, AnOperatorsMoveForgetsTheWatermark) {
  auto work = range(part0, 1, 0, 5, {});
  work.watermark = at_ms(candles_begin);
  ASSERT_EQ(word(store.commit(work)), "committed 0");
  postgres_admin admin(db.settings("admin"), shared_watchdog());
  ASSERT_TRUE(admin.set_offset(part0, next_offset{0}, true));
  EXPECT_EQ(db.value("SELECT watermark FROM ingest_offsets"), "NULL");
}

} // namespace
} // namespace tradepulse
