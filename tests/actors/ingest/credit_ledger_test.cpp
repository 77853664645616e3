#include "actors/ingest/credit_ledger.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

const topic_partition first{"ticks", 0};
const topic_partition second{"ticks", 1};

struct CreditLedger : testing::Test {
  std::shared_ptr<credit_ledger> make(std::size_t events, std::size_t bytes, std::size_t batch) {
    return credit_ledger::make({events, bytes, batch}, [this] { ++woken; });
  }
  int woken = 0;
};

TEST_F(CreditLedger, GivesAWholeBatchToAPartitionThatHoldsNothing) {
  auto ledger = make(1'000, 1'000'000, 100);
  EXPECT_EQ(ledger->allowance(first), 100u);
}

TEST_F(CreditLedger, HoldsAPartitionToItsShareOfTheBudget) {
  auto ledger = make(1'000, 1'000'000, 100);
  ledger->set_partitions(4); // 250 each
  auto held = ledger->take(first, 200, 10);
  EXPECT_EQ(ledger->allowance(first), 50u);
  auto more = ledger->take(first, 50, 10);
  EXPECT_EQ(ledger->allowance(first), 0u);
  EXPECT_EQ(ledger->allowance(second), 100u); // one that waits stops alone
}

TEST_F(CreditLedger, LetsAPartitionHoldOneBatchWhereTheShareIsSmaller) {
  auto ledger = make(1'000, 1'000'000, 100);
  ledger->set_partitions(50); // a share of 20
  EXPECT_EQ(ledger->allowance(first), 100u);
  auto held = ledger->take(first, 60, 10);
  EXPECT_EQ(ledger->allowance(first), 40u); // up to the batch
  auto rest = ledger->take(first, 40, 10);
  EXPECT_EQ(ledger->allowance(first), 0u); // and not beyond it
}

TEST_F(CreditLedger, NeverStarvesAPartitionEvenWhenOthersHoldTheWholeBudget) {
  auto ledger = make(100, 1'000, 100);
  ledger->set_partitions(2);
  auto all = ledger->take(first, 100, 1'000);
  EXPECT_TRUE(ledger->exhausted_for());
  EXPECT_EQ(ledger->allowance(second), 100u);
}

TEST_F(CreditLedger, StopsAPartitionThatHoldsItsShareOfTheBytes) {
  auto ledger = make(1'000, 1'000, 100);
  ledger->set_partitions(2); // 500 bytes each
  auto held = ledger->take(first, 1, 499);
  EXPECT_EQ(ledger->allowance(first), 100u);
  auto more = ledger->take(first, 1, 1);
  EXPECT_EQ(ledger->allowance(first), 0u);
  EXPECT_EQ(ledger->allowance(second), 100u);
}

TEST_F(CreditLedger, NeverAllowsMoreThanIsLeftOfTheProcess) {
  auto ledger = make(1'000, 1'000'000, 400);
  auto a = ledger->take(first, 100, 1);
  auto b = ledger->take(second, 850, 1);
  EXPECT_EQ(ledger->allowance(first), 50u);
}

TEST_F(CreditLedger, CountsWhatIsHeldAndTakesItBackWithTheLease) {
  auto ledger = make(1'000, 1'000'000, 100);
  auto a = ledger->take(first, 30, 300);
  auto b = ledger->take(second, 20, 200);
  EXPECT_EQ(ledger->in_use().events, 50u);
  EXPECT_EQ(ledger->in_use().bytes, 500u);
  EXPECT_EQ(ledger->in_use(first).bytes, 300u);
  a.reset();
  EXPECT_EQ(ledger->in_use().events, 20u);
  EXPECT_EQ(ledger->in_use(first).events, 0u);
  b.reset();
  EXPECT_EQ(ledger->in_use().bytes, 0u);
}

TEST_F(CreditLedger, GivesTheLeaseBackOnlyWhenItsLastHolderLetsGo) {
  auto ledger = make(1'000, 1'000'000, 100);
  auto a = ledger->take(first, 30, 300);
  auto also = a;
  a.reset();
  EXPECT_EQ(ledger->in_use().events, 30u);
  also.reset();
  EXPECT_EQ(ledger->in_use().events, 0u);
}

TEST_F(CreditLedger, WakesTheReaderOnceAfterSomebodyWasRefused) {
  auto ledger = make(100, 1'000'000, 100);
  auto a = ledger->take(first, 60, 1);
  auto b = ledger->take(first, 40, 1);
  EXPECT_EQ(ledger->allowance(first), 0u);
  a.reset();
  EXPECT_EQ(woken, 1);
  b.reset();
  EXPECT_EQ(woken, 1); // nobody has been refused since
}

TEST_F(CreditLedger, WakesNobodyWhereNobodyWaited) {
  auto ledger = make(100, 1'000'000, 100);
  auto a = ledger->take(first, 60, 1);
  EXPECT_EQ(ledger->allowance(first), 40u);
  a.reset();
  EXPECT_EQ(woken, 0);
}

TEST_F(CreditLedger, WakesTheReaderWhenAPartitionLeavesAndTheSharesOfTheOthersGrow) {
  auto ledger = make(1'000, 1'000'000, 100);
  ledger->set_partitions(10); // 100 each
  auto held = ledger->take(first, 100, 1);
  EXPECT_EQ(ledger->allowance(first), 0u);
  ledger->set_partitions(2);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(ledger->allowance(first), 100u);
}

TEST_F(CreditLedger, WakesNobodyWhenSharesShrink) {
  auto ledger = make(1'000, 1'000'000, 100);
  ledger->set_partitions(10);
  auto held = ledger->take(first, 100, 1);
  EXPECT_EQ(ledger->allowance(first), 0u);
  ledger->set_partitions(20);
  EXPECT_EQ(woken, 0);
}

TEST_F(CreditLedger, IsExhaustedByEventsOrByBytesAlone) {
  auto ledger = make(100, 1'000, 100);
  EXPECT_FALSE(ledger->exhausted_for());
  auto by_events = ledger->take(first, 100, 1);
  EXPECT_TRUE(ledger->exhausted_for());
  by_events.reset();
  EXPECT_FALSE(ledger->exhausted_for());
  auto by_bytes = ledger->take(first, 1, 1'000);
  EXPECT_TRUE(ledger->exhausted_for());
}

TEST_F(CreditLedger, IsExhaustedWhenEveryPartitionStandsAtItsShare) {
  auto ledger = make(1'000, 1'000'000, 100);
  ledger->set_partitions(3); // 333 each
  auto a = ledger->take(first, 333, 1);
  auto b = ledger->take(second, 333, 1);
  EXPECT_FALSE(ledger->exhausted_for()); // the third one can read
  auto c = ledger->take({"ticks", 2}, 333, 1);
  EXPECT_TRUE(ledger->exhausted_for());
}

TEST_F(CreditLedger, KnowsHalfOfWhatOnePartitionMayHold) {
  auto ledger = make(1'000, 4'000, 100);
  ledger->set_partitions(4);
  EXPECT_EQ(ledger->half_share().events, 125u);
  EXPECT_EQ(ledger->half_share().bytes, 500u);
  ledger->set_partitions(100); // one batch is always possible
  EXPECT_EQ(ledger->half_share().events, 50u);
}

} // namespace
} // namespace tradepulse
