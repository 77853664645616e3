#include "tests/actors/distribution/delivery_world.hpp"

namespace tradepulse::delivery_testing {
namespace {

// --- a slow reader ---------------------------------------------------------------------------
TEST_F(DeliveryTable, DivertsASlowReaderAndNobodyElseNotices) {
  subscribe(alice, pos(1, 5));
  subscribe(bob, pos(1, 5));
  at_alice.out->refuse_next = 1;
  deliver(1, 5, 7);
  ASSERT_EQ(at_alice.owner->diverted.size(), 1u);
  EXPECT_EQ(at_alice.owner->diverted[0].first, 1u); // 5 was delivered before
  EXPECT_EQ(at_alice.owner->diverted[0].before, pos(1, 5));
  EXPECT_TRUE(at_alice.owner->diverted[0].outbox_full);
  EXPECT_EQ(at_bob.read().size(), 2u);
  EXPECT_TRUE(at_bob.owner->diverted.empty());
}

TEST_F(DeliveryTable, PassesToTheOwnerWhatFollowsUntilItHandsBack) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 1;
  deliver(1, 6, 7);
  deliver(1, 8, 8);
  EXPECT_TRUE(at_alice.read().empty()); // although there is room again
  ASSERT_EQ(at_alice.owner->diverted.size(), 2u);
  EXPECT_FALSE(at_alice.owner->diverted[1].outbox_full);
  table.take_back({alice, {item(pos(1, 8), 6)}});
  ASSERT_EQ(at_alice.owner->handed.size(), 1u);
  EXPECT_TRUE(at_alice.owner->handed[0].refused.empty());
  deliver(1, 9, 9);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(integer(got[0], "first_seq"), 6);
  EXPECT_EQ(integer(got[0], "sequence"), 8);
  EXPECT_EQ(integer(got[1], "sequence"), 9);
}

TEST_F(DeliveryTable, StaysDivertedWhereTheOwnerHasGotMoreThanItHandsBack) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 1;
  deliver(1, 6, 7);
  deliver(1, 8, 8);
  table.take_back({alice, {item(pos(1, 7), 6)}}); // 8 is still with the owner
  deliver(1, 9, 9);
  EXPECT_EQ(at_alice.read().size(), 1u);
  ASSERT_EQ(at_alice.owner->diverted.size(), 3u);
  EXPECT_EQ(at_alice.owner->diverted[2].before, pos(1, 7));
}

TEST_F(DeliveryTable, GivesARefusedHandBackBackToItsOwner) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 2;
  deliver(1, 6, 7);
  table.take_back({alice, {item(pos(1, 7), 6)}});
  ASSERT_EQ(at_alice.owner->handed.size(), 1u);
  EXPECT_EQ(at_alice.owner->handed[0].refused.size(), 1u);
  EXPECT_TRUE(at_alice.read().empty());
  deliver(1, 8, 8);
  EXPECT_EQ(at_alice.owner->diverted.size(), 2u);
}

TEST_F(DeliveryTable, GivesBackOnlyWhatIsStillMeantWhereAHandBackIsRefused) {
  open(alice, 1, {a, b});
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  join(alice, 1, b, stands_at("B", pos(1, 5)));
  at_alice.out->refuse_next = 2;
  deliver(1, 6, 7);
  table.deliver(burst(1, "B", 1, 6, 6));
  open(alice, 2, {a});
  auto of_b = item(pos(1, 6), 6);
  of_b.index = b;
  at_alice.out->refuse_next = 1;
  table.take_back({alice, {item(pos(1, 7), 6), of_b}});
  ASSERT_EQ(at_alice.owner->handed.size(), 1u);
  ASSERT_EQ(at_alice.owner->handed[0].refused.size(), 1u);
  EXPECT_EQ(at_alice.owner->handed[0].refused[0].index, b);
}

TEST_F(DeliveryTable, HandsNothingToTheOwnerTwice) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 1;
  deliver(1, 6, 7);
  deliver(1, 6, 7); // read again
  EXPECT_EQ(at_alice.owner->diverted.size(), 1u);
}

TEST_F(DeliveryTable, DoesNotWriteAHandBackOfASubscriptionThatWasLeft) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 1;
  deliver(1, 6, 7);
  table.leave({alice, {a}});
  table.take_back({alice, {item(pos(1, 7), 6)}});
  EXPECT_TRUE(at_alice.read().empty());
  EXPECT_TRUE(at_alice.owner->handed.at(0).refused.empty());
}

TEST_F(DeliveryTable, DoesNotWriteAHandBackThatIsNotAboveTheSubscriptionsPosition) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 1;
  deliver(1, 6, 7);
  open(alice, 2, {a}); // begins anew at 9 and is slow again
  join(alice, 2, a, stands_at("A", pos(1, 9)));
  at_alice.out->drained();
  at_alice.out->refuse_next = 1;
  deliver(1, 10, 10);
  table.take_back({alice, {item(pos(1, 7), 6)}}); // of the subscription before
  EXPECT_TRUE(at_alice.read().empty());
  table.take_back({alice, {item(pos(1, 10), 10, 2)}});
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(integer(got[0], "sequence"), 10);
}

TEST_F(DeliveryTable, DoesNotWriteAHandBackOfTheSubscriptionBeforeWhereverThatEnds) {
  subscribe(alice, pos(1, 5));
  at_alice.out->refuse_next = 1;
  deliver(1, 6, 9);
  EXPECT_EQ(at_alice.owner->diverted.at(0).group, 1u);
  open(alice, 2, {a}); // begins anew, further back, and is slow again
  join(alice, 2, a, stands_at("A", pos(1, 6)));
  at_alice.out->drained();
  at_alice.out->refuse_next = 1;
  deliver(1, 7, 7);
  EXPECT_EQ(at_alice.owner->diverted.at(1).group, 2u);
  table.take_back({alice, {item(pos(1, 9), 6)}});
  EXPECT_TRUE(at_alice.read().empty());
  table.moved({a, stands_at("A", pos(1, 8))});
  EXPECT_EQ(at_alice.owner->moves.at(0).group, 2u);
}

// --- answers ---------------------------------------------------------------------------------
TEST_F(DeliveryTable, KeepsAnAnswerThatDidNotFitAndWhatCameBehindItInOrder) {
  at_alice.out->refuse_next = 1;
  say(alice, "1");
  say(alice, "22"); // would fit
  say(bob, "3");
  EXPECT_TRUE(at_alice.read().empty());
  EXPECT_EQ(at_bob.read(), std::vector<std::string>{"3"});
  at_alice.out->refuse_next = 1; // full again
  table.drained(alice);
  say(alice, "4");
  EXPECT_TRUE(at_alice.read().empty());
  table.drained(alice);
  EXPECT_EQ(at_alice.read(), (std::vector<std::string>{"1", "22", "4"}));
}

TEST_F(DeliveryTable, KeepsAnAnswerBehindAJoinThatIsUnderWay) {
  open(alice, 1, {a});
  say(alice, "2");
  EXPECT_TRUE(at_alice.read().empty());
  join(alice, 1, a, stands_at("A", pos(1, 5)));
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(member(got[0], "type"), "subscribed");
  EXPECT_EQ(got[2], "2");
}

TEST_F(DeliveryTable, TellsTheOwnerHowMuchWaitsBehindTheOldestAnswer) {
  at_alice.out->refuse_next = 1;
  say(alice, std::string(5'000, 'x'));
  EXPECT_TRUE(at_alice.owner->waiting.empty()); // one may be of any length
  say(alice, std::string(300, 'y'));
  ASSERT_EQ(at_alice.owner->waiting.size(), 1u);
  EXPECT_GT(at_alice.owner->waiting[0].waiting_bytes, 300u);
  EXPECT_LT(at_alice.owner->waiting[0].waiting_bytes, 500u);
  say(alice, std::string(300, 'z'));
  ASSERT_EQ(at_alice.owner->waiting.size(), 2u);
  EXPECT_GT(at_alice.owner->waiting[1].waiting_bytes, 600u);
  table.drained(alice);
  EXPECT_EQ(at_alice.read().size(), 3u);
  say(alice, "again");
  EXPECT_EQ(at_alice.owner->waiting.size(), 2u);
}

TEST_F(DeliveryTable, CountsRequestsThatWaitAsWell) {
  open(alice, 1, {a});
  EXPECT_TRUE(at_alice.owner->waiting.empty());
  open(alice, 2, {a, b});
  EXPECT_EQ(at_alice.owner->waiting.size(), 1u);
}

} // namespace
} // namespace tradepulse::delivery_testing
