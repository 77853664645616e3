#include "tests/actors/distribution/delivery_world.hpp"

namespace tradepulse::delivery_testing {
namespace {

// --- joining ---------------------------------------------------------------------------------
TEST_F(DeliveryTable, AnswersWithThePositionThenTheSnapshotThenWhatFollows) {
  open(alice, 1, {a});
  join(alice, 1, a, stands_at("A", pos(2, 5)));
  deliver(2, 6, 6);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0], R"({"type":"subscribed","id":1,"symbols":["A"],"positions":[)"
                    R"({"symbol":"A","stream":"price","known":true,"epoch":2,"seq":5,)"
                    R"("recovered":false}]})");
  EXPECT_EQ(member(got[1], "snapshot"), "true");
  EXPECT_EQ(integer(got[1], "sequence"), 5);
  EXPECT_EQ(integer(got[2], "sequence"), 6);
}

TEST_F(DeliveryTable, AnswersAGroupOnlyWhenAllItsStreamsHaveSaidWhereTheyStand) {
  open(alice, 1, {a, b});
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  EXPECT_TRUE(at_alice.read().empty());
  join(alice, 1, b, stands_at("B", pos(1, 9)));
  EXPECT_EQ(at_alice.read().size(), 3u);
}

TEST_F(DeliveryTable, AnswersGroupsInTheOrderOfTheRequests) {
  open(alice, 1, {a});
  open(alice, 2, {b});
  join(alice, 2, b, stands_at("B", pos(1, 9)));
  EXPECT_TRUE(at_alice.read().empty());
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(member(got[0], "id"), "1");
  EXPECT_EQ(member(got[2], "id"), "2");
}

TEST_F(DeliveryTable, FoldsWhatHappensBeforeTheAnswerIntoItsSnapshot) {
  open(alice, 1, {a, b});
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  deliver(1, 6, 8); // while B has not answered yet
  join(alice, 1, b, nullptr);
  deliver(1, 9, 9);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(integer(got[0], "seq"), 8);
  EXPECT_EQ(integer(got[1], "sequence"), 8);
  EXPECT_EQ(member(got[1], "price"), "108");
  EXPECT_EQ(integer(got[2], "sequence"), 9);
}

TEST_F(DeliveryTable, FoldsAnEpochThatBeginsBeforeTheAnswer) {
  open(alice, 1, {a, b});
  join(alice, 1, a, stands_at("A", pos(1, 50)));
  deliver(2, 1, 2); // older by time, newer by epoch
  join(alice, 1, b, nullptr);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(integer(got[1], "epoch"), 2);
  EXPECT_EQ(integer(got[1], "sequence"), 2);
  EXPECT_EQ(member(got[1], "price"), "102");
}

TEST_F(DeliveryTable, FoldsTheFirstEventOfAnEpochOverAnOlderSnapshotWhateverItsTime) {
  open(alice, 1, {a, b});
  auto older = samples::snapshot("A", pos(3, 0), 777, 5'000); // of the epoch before
  older.price_seq = sequence{0};
  join(alice, 1, a, std::make_shared<const price_snapshot>(older));
  deliver(3, 1, 1);
  join(alice, 1, b, nullptr);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(member(got[1], "price"), "101");
  EXPECT_EQ(integer(got[1], "sequence"), 1);
}

TEST_F(DeliveryTable, SaysOfAnUnknownSymbolThatItIsUnknownAndBringsItsFirstTick) {
  open(alice, 1, {a});
  join(alice, 1, a, nullptr);
  const auto answer = at_alice.read();
  ASSERT_EQ(answer.size(), 1u); // no snapshot
  EXPECT_EQ(member(answer[0], "known"), "false");
  deliver(1, 1, 2);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u); // no gap either
  EXPECT_EQ(integer(got[0], "sequence"), 1);
}

TEST_F(DeliveryTable, AnswersWhenTheOutboxHasDrainedWhereItWasFullAtTheJoin) {
  open(alice, 1, {a});
  at_alice.out->refuse_next = 1;
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  deliver(1, 6, 7);
  EXPECT_TRUE(at_alice.read().empty());
  table.drained(alice);
  deliver(1, 8, 8);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(integer(got[1], "sequence"), 7);
  EXPECT_EQ(integer(got[2], "sequence"), 8);
}

TEST_F(DeliveryTable, BeginsAnewWhereAStreamIsSubscribedAgain) {
  subscribe(alice, pos(1, 5));
  deliver(1, 6, 6);
  open(alice, 2, {a});
  deliver(1, 7, 7); // belongs to neither: the new one has not joined yet
  join(alice, 2, a, stands_at("A", pos(1, 7)));
  deliver(1, 8, 8);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(integer(got[0], "sequence"), 6);
  EXPECT_EQ(integer(got[1], "seq"), 7);
  EXPECT_EQ(member(got[2], "snapshot"), "true");
  EXPECT_EQ(integer(got[3], "sequence"), 8);
}

TEST_F(DeliveryTable, LeavesOutOfItsAnswerWhatWasLeftMeanwhile) {
  open(alice, 1, {a, b});
  table.leave({alice, {a}});
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  join(alice, 1, b, stands_at("B", pos(1, 9)));
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_NE(got[0].find(R"("symbols":["B"])"), std::string::npos) << got[0];
}

TEST_F(DeliveryTable, AnswersAJoinWithAnErrorWhereThePartitionIsAway) {
  open(alice, 1, {a});
  join(alice, 1, a, stands_at("A", pos(1, 5)), true);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(member(got[0], "type"), "subscribed"); // it keeps its subscription
  EXPECT_EQ(integer(got[1], "code"), 1006);
  EXPECT_EQ(member(got[1], "retryable"), "true");
}

// --- events ----------------------------------------------------------------------------------
TEST_F(DeliveryTable, SendsEachEventOnceHoweverOftenItComes) {
  subscribe(alice, pos(1, 5));
  deliver(1, 4, 5); // read again after a claim
  deliver(1, 5, 7);
  deliver(1, 5, 7);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(integer(got[0], "sequence"), 6);
  EXPECT_EQ(integer(got[1], "sequence"), 7);
}

TEST_F(DeliveryTable, DropsWhatBelongsToAnEpochThatIsOver) {
  subscribe(alice, pos(2, 1));
  deliver(1, 90, 90);
  EXPECT_TRUE(at_alice.read().empty());
}

TEST_F(DeliveryTable, AnnouncesANewEpochBeforeItsFirstEvent) {
  subscribe(alice, pos(1, 5));
  deliver(2, 1, 1);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":6,)"
                    R"("to":null,"reason":"new_epoch"})");
  EXPECT_EQ(integer(got[1], "sequence"), 1);
}

TEST_F(DeliveryTable, CountsTheGapMessagesThatWereSent) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 1;
  deliver(2, 3, 3); // the end of an epoch, and two numbers of the next
  EXPECT_EQ(metrics.gaps.value(), 0u);
  auto merged = item(pos(2, 3), 3);
  merged.gaps = 2; // as its owner has written them
  table.take_back({alice, {merged}});
  EXPECT_EQ(metrics.gaps.value(), 2u);
  deliver(3, 2, 2);
  EXPECT_EQ(metrics.gaps.value(), 4u);
  deliver(3, 3, 3);
  EXPECT_EQ(metrics.gaps.value(), 4u);
}

TEST_F(DeliveryTable, SendsNothingAfterALeave) {
  subscribe(alice, pos(1, 5));
  subscribe(bob, pos(1, 5));
  table.leave({alice, {a}});
  deliver(1, 6, 6);
  EXPECT_TRUE(at_alice.read().empty());
  EXPECT_EQ(at_bob.read().size(), 1u);
}

TEST_F(DeliveryTable, SendsNothingToAConnectionThatIsGone) {
  subscribe(alice, pos(1, 5));
  subscribe(bob, pos(1, 5));
  table.detach(alice);
  deliver(1, 6, 6);
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  table.drained(alice);
  table.take_back({alice, {item(pos(1, 6), 6)}});
  EXPECT_TRUE(at_alice.read().empty());
  EXPECT_EQ(at_bob.read().size(), 1u);
  EXPECT_EQ(table.connections(), 1u);
}

TEST_F(DeliveryTable, WritesOnceAPassWhateverWasPushedInIt) {
  subscribe(alice, pos(1, 5));
  table.flush();
  flushes_asked = 0;
  at_alice.out->flushes = 0;
  deliver(1, 6, 6);
  deliver(1, 7, 7);
  EXPECT_EQ(flushes_asked, 1);
  table.flush();
  EXPECT_EQ(at_alice.out->flushes, 1);
  EXPECT_EQ(at_bob.out->flushes, 0);
}

} // namespace
} // namespace tradepulse::delivery_testing
