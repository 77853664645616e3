#include "actors/distribution/delivery_table.hpp"

#include <gtest/gtest.h>

#include "protocol/websocket_frame.hpp"
#include "tests/actors/support/scripted_outbox.hpp"
#include "tests/actors/support/streams.hpp"

namespace tradepulse {
namespace {

using samples::burst;
using samples::integer;
using samples::member;
using samples::named;
using samples::payloads_of;
using samples::pos;

constexpr connection_id alice{1};
constexpr connection_id bob{2};
constexpr stream_index a{0};
constexpr stream_index b{1};

struct recorded_owner : connection_owner {
  void tell(events_diverted what) override { diverted.push_back(std::move(what)); }
  void tell(move_diverted what) override { moves.push_back(std::move(what)); }
  void tell(handed_back what) override { handed.push_back(std::move(what)); }
  void tell(control_refused what) override { waiting.push_back(what); }
  std::vector<events_diverted> diverted;
  std::vector<move_diverted> moves;
  std::vector<handed_back> handed;
  std::vector<control_refused> waiting;
};

struct client {
  std::shared_ptr<samples::scripted_outbox> out = std::make_shared<samples::scripted_outbox>();
  std::shared_ptr<recorded_owner> owner = std::make_shared<recorded_owner>();
  std::vector<std::string> read() { return payloads_of(out->drained()); }
};

std::shared_ptr<const price_snapshot> stands_at(std::string_view name, stream_position at) {
  return std::make_shared<const price_snapshot>(
      samples::snapshot(name, at, 100 + at.seq.value(), at.seq.value()));
}

struct DeliveryTable : testing::Test {
  DeliveryTable() : metrics(registry), table(metrics, [this] { ++flushes_asked; }) {
    table.attach(alice, at_alice.out, at_alice.owner, false);
    table.attach(bob, at_bob.out, at_bob.owner, false);
  }
  void open(connection_id who, std::uint64_t group, std::vector<stream_index> streams) {
    open_group request{who, group, std::to_string(group), {}};
    for (auto index : streams)
      request.members.push_back({index, named(index == a ? "A" : "B")});
    table.open(request);
  }
  void join(connection_id who, std::uint64_t group, stream_index index,
            std::shared_ptr<const price_snapshot> at, bool away = false) {
    table.joined({who, group, index, std::move(at), away});
  }
  void say(connection_id who, const std::string& text) {
    auto frame = std::make_shared<std::string>();
    websocket::append_text_frame(*frame, [&](std::string& out) { out += text; });
    table.control({who, frame});
  }
  // Subscribed to A at `at`, everything read.
  void subscribe(connection_id who, stream_position at) {
    open(who, 1, {a});
    join(who, 1, a, stands_at("A", at));
    at_alice.out->drained();
    at_bob.out->drained();
  }
  void deliver(std::int64_t e, std::int64_t first, std::int64_t last) {
    table.deliver(burst(0, "A", e, first, last));
  }
  static handed_item item(stream_position through, std::int64_t first) {
    merged_update update;
    update.symbol = named("A");
    update.epoch = through.epoch;
    update.first_seq = sequence{first};
    update.last_seq = update.price_seq = through.seq;
    update.count = static_cast<std::uint64_t>(through.seq.value() - first + 1);
    return {a, {}, update, through};
  }

  metrics::registry registry;
  engine_metrics metrics;
  client at_alice;
  client at_bob;
  int flushes_asked = 0;
  delivery_table table;
};

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
  table.take_back({alice, {item(pos(1, 10), 10)}});
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(integer(got[0], "sequence"), 10);
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
} // namespace tradepulse
