#include "tests/actors/distribution/delivery_world.hpp"

namespace tradepulse::delivery_testing {
namespace {

// --- the partition moves ---------------------------------------------------------------------
TEST_F(DeliveryTable, TellsAMoveToSubscriptionsBelowItAndToNoOther) {
  subscribe(alice, pos(1, 5));
  subscribe(bob, pos(1, 9));
  table.moved({a, stands_at("A", pos(1, 9))});
  ASSERT_EQ(at_alice.owner->moves.size(), 1u);
  EXPECT_EQ(at_alice.owner->moves[0].before, pos(1, 5));
  EXPECT_TRUE(at_bob.owner->moves.empty());
  deliver(1, 10, 10); // behind the owner's gap and snapshot
  EXPECT_TRUE(at_alice.read().empty());
  EXPECT_EQ(at_alice.owner->diverted.size(), 1u);
  EXPECT_EQ(at_bob.read().size(), 1u);
}

TEST_F(DeliveryTable, JoinsAtTheMoveWhereTheAnswerWasStillDue) {
  open(alice, 1, {a, b});
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  table.moved({a, stands_at("A", pos(1, 9))});
  join(alice, 1, b, nullptr);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(integer(got[0], "seq"), 9);
  EXPECT_TRUE(at_alice.owner->moves.empty());
}

TEST_F(DeliveryTable, TellsOneErrorWhenAPartitionGoesAwayAndKeepsTheSubscription) {
  subscribe(alice, pos(1, 5));
  table.away({a, named("A")});
  auto got = at_alice.read();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(integer(got[0], "code"), 1006);
  EXPECT_EQ(member(got[0], "symbol"), "A");
  deliver(1, 6, 6);
  got = at_alice.read();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(integer(got[0], "sequence"), 6);
}

TEST_F(DeliveryTable, SendsTheSnapshotOfAJoinWhenItsPartitionIsBack) {
  open(alice, 1, {a});
  join(alice, 1, a, stands_at("A", pos(1, 5)), true);
  at_alice.out->drained();
  table.back({a});
  auto got = at_alice.read();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(member(got[0], "snapshot"), "true");
  EXPECT_EQ(integer(got[0], "sequence"), 5);
  table.back({a});
  EXPECT_TRUE(at_alice.read().empty());
  deliver(1, 6, 6);
  EXPECT_EQ(at_alice.read().size(), 1u);
}

TEST_F(DeliveryTable, SendsNoSnapshotAtAReturnToASubscriptionThatHasOne) {
  subscribe(alice, pos(1, 5));
  table.away({a, named("A")});
  at_alice.out->drained();
  table.back({a});
  EXPECT_TRUE(at_alice.read().empty());
}

TEST_F(DeliveryTable, SendsNoSnapshotBehindAnUpdateThatCameFirst) {
  open(alice, 1, {a});
  join(alice, 1, a, stands_at("A", pos(1, 5)), true);
  deliver(1, 6, 6);
  at_alice.out->drained();
  table.back({a});
  EXPECT_TRUE(at_alice.read().empty());
}

TEST_F(DeliveryTable, AnswersWithTheSnapshotWhereThePartitionIsBackBefore) {
  open(alice, 1, {a, b});
  join(alice, 1, a, stands_at("A", pos(1, 5)), true);
  table.back({a});
  join(alice, 1, b, nullptr);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(member(got[1], "snapshot"), "true");
}

TEST_F(DeliveryTable, AnswersWithAnErrorWhereThePartitionWentAwayBeforeTheJoinWasTold) {
  open(alice, 1, {a});
  table.away({a, named("A")}); // has overtaken the symbol's answer
  join(alice, 1, a, stands_at("A", pos(1, 5)), false);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(integer(got[1], "code"), 1006);
}

TEST_F(DeliveryTable, KeepsTheSnapshotOfAReturnUntilTheOutboxHasDrained) {
  open(alice, 1, {a});
  join(alice, 1, a, stands_at("A", pos(1, 5)), true);
  at_alice.out->drained();
  at_alice.out->refuse_next = 1;
  table.back({a});
  EXPECT_TRUE(at_alice.read().empty());
  table.drained(alice);
  deliver(1, 6, 6);
  auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(member(got[0], "snapshot"), "true");
  EXPECT_EQ(integer(got[1], "sequence"), 6);
}

TEST_F(DeliveryTable, DropsTheSnapshotOfAReturnWhereAnUpdateHasOvertakenIt) {
  open(alice, 1, {a});
  join(alice, 1, a, stands_at("A", pos(1, 5)), true);
  at_alice.out->drained();
  at_alice.out->refuse_next = 1;
  table.back({a});
  deliver(1, 6, 6); // smaller: it fits
  table.drained(alice);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(integer(got[0], "sequence"), 6);
}

TEST_F(DeliveryTable, KeepsTheErrorOfAPartitionThatWentAwayUntilTheOutboxHasDrained) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 1;
  table.away({a, named("A")});
  say(alice, "an answer");
  EXPECT_EQ(at_alice.read(), std::vector<std::string>{"an answer"}); // not one of the requests
  EXPECT_TRUE(at_alice.owner->waiting.empty());
  table.drained(alice);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(integer(got[0], "code"), 1006);
  table.drained(alice);
  EXPECT_TRUE(at_alice.read().empty());
}

TEST_F(DeliveryTable, SaysNothingOfAPartitionThatWasBackBeforeTheClientCouldHear) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 1;
  table.away({a, named("A")});
  table.back({a});
  table.drained(alice);
  EXPECT_TRUE(at_alice.read().empty());
}

TEST_F(DeliveryTable, SaysNothingOfAPartitionToASubscriptionThatWasLeftOrBeganAnew) {
  open(alice, 1, {a, b});
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  join(alice, 1, b, stands_at("B", pos(1, 5)));
  at_alice.out->drained();
  at_alice.out->refuse_next = 2;
  table.away({a, named("A")});
  table.away({b, named("B")});
  table.leave({alice, {a}});
  open(alice, 2, {b});
  at_alice.out->refuse_next = 0;
  table.drained(alice);
  EXPECT_TRUE(at_alice.read().empty());
}

TEST_F(DeliveryTable, AnnouncesWhatIsMissingBeforeABurstThatDoesNotFollowItsPosition) {
  open(alice, 1, {a});
  join(alice, 1, a, nullptr); // its row was refused so far: only the position is stored
  at_alice.out->drained();
  deliver(1, 5, 5);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(member(got[0], "type"), "gap");
  EXPECT_EQ(integer(got[0], "epoch"), 1);
  EXPECT_EQ(integer(got[0], "from"), 1);
  EXPECT_EQ(integer(got[0], "to"), 4);
  EXPECT_EQ(integer(got[1], "sequence"), 5);
}

} // namespace
} // namespace tradepulse::delivery_testing
