// When a row of market_klines that another program wrote gives way to ours.
#include "tests/adapters/postgres/support/kline_rows.hpp"

namespace tradepulse {
namespace {

using test::kline_at;
using ForeignKlines = test::kline_rows_test;

TEST_F(ForeignKlines, GiveWayToAnyMessageByTheEnginesNumbers) {
  db.run(
      "INSERT INTO market_klines (time, symbol, open, high, low, close, volume, sequence) VALUES "
      "('2024-08-08 14:30:00+00', 'BTCUSDT', 5, 5, 5, 5, 5, 4711)");
  EXPECT_EQ(write({kline_at(1)}).written, 1u);
  // It had a number, so it keeps up although it is open. What that program counted by is not known.
  EXPECT_EQ(stored("epoch, engine_seq, close, sequence"), "1 1 1.00000000 1001");
}

// The log is read again from before the message that the other program stored last.
TEST_F(ForeignKlines, StayByUpstreamsNumbersUntilTheirOwnComes) {
  writer = kline_writer(kline_numbers::source);
  db.run(
      "INSERT INTO market_klines (time, symbol, open, high, low, close, volume, sequence) VALUES "
      "('2024-08-08 14:30:00+00', 'BTCUSDT', 5, 5, 5, 5, 5, 1003),"
      "('2024-08-08 14:31:00+00', 'BTCUSDT', 5, 5, 5, 5, 5, NULL)");
  auto unnumbered = kline_at(1);
  unnumbered.number.reset();
  auto next = kline_at(1, 7);
  next.start += std::chrono::minutes(1);
  EXPECT_EQ(write({unnumbered, next}).written, 1u); // the one that has no number gives way to any
  EXPECT_EQ(write({kline_at(1)}).written, 0u);
  EXPECT_EQ(write({kline_at(2)}).written, 0u);
  EXPECT_EQ(stored("epoch IS NULL, close, sequence, closed"), "t 5.00000000 1003; f 7.00000000 f");
  EXPECT_EQ(write({kline_at(3, 3)}).written, 1u);
  EXPECT_EQ(stored("epoch, engine_seq, close, sequence"),
            "1 3 3.00000000 1003; 1 1 7.00000000");
  auto late = kline_at(4, 4); // from then on by position, as always
  late.number = 1002;
  EXPECT_EQ(write({late}).written, 1u);
  EXPECT_EQ(stored("engine_seq, sequence"), "4 1002; 1");
}

TEST_F(ForeignKlines, GiveWayWhereAnyMessageOfACommitHasTheirNumber) {
  writer = kline_writer(kline_numbers::source);
  db.run("INSERT INTO market_klines (time, symbol, open, high, low, close, sequence) VALUES "
         "('2024-08-08 14:30:00+00', 'BTCUSDT', 5, 5, 5, 5, 1003)");
  auto late = kline_at(4, 4);
  late.number = 1002;
  std::vector<kline_row> rows{kline_at(2), late, kline_at(3, 3)};
  keep_newest_of_each(rows);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].number, 1002);
  EXPECT_EQ(rows[0].greatest, 1003);
  EXPECT_EQ(write(rows).written, 1u);
  EXPECT_EQ(stored("engine_seq, close, sequence"), "4 4.00000000 1002");
}

} // namespace
} // namespace tradepulse
