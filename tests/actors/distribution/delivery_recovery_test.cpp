#include "tests/actors/distribution/returning_world.hpp"

namespace tradepulse::delivery_testing {
namespace {

using namespace std::chrono_literals;

TEST_F(Returning, GetsWhatMemoryHasAndGoesOnLive) {
  come_back(alice, 1, {a}, pos(1, 5));
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].what.after, pos(1, 5));
  EXPECT_EQ(questions[0].what.limit, 0u);
  EXPECT_EQ(at_alice.read(), texts{});

  answer(0, 1, 4, 8);
  EXPECT_EQ(at_alice.read(),
            (texts{R"({"type":"subscribed","id":1,"symbols":["A"],"positions":[{"symbol":"A",)"
                   R"("stream":"price","known":true,"epoch":1,"seq":8,"recovered":true,)"
                   R"("from":{"epoch":1,"seq":6},"to":{"epoch":1,"seq":8},"lost":0}]})"}));
  ASSERT_EQ(questions.size(), 2u);
  EXPECT_EQ(questions[1].what.limit, 1'000u);

  deliver(1, 9, 9); // before the answer: it is in it
  answer(1, 1, 4, 9);
  deliver(1, 10, 11);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"6", "7", "8", "9", "10", "11"}));
  EXPECT_TRUE(journal.asked.empty());
  EXPECT_EQ(metrics.recovering.value(), 0);
  EXPECT_EQ(metrics.recovered_events.value(), 4u);
}

TEST_F(Returning, GetsNoSnapshotWhereNothingWasMissed) {
  come_back(alice, 1, {a}, pos(1, 8));
  answer(0, memory(pos(1, 9), pos(1, 8)));
  answer(1, memory(pos(1, 9), pos(1, 8)));
  deliver(1, 9, 9);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_NE(got[0].find(R"("recovered":true,"from":{"epoch":1,"seq":9},"to":{"epoch":1,"seq":8},)"
                        R"("lost":0)"),
            std::string::npos);
  EXPECT_EQ(member(got[1], "sequence"), "9");
}

TEST_F(Returning, ReadsTheJournalUpToWhereMemoryBegins) {
  come_back(alice, 1, {a}, pos(1, 5));
  answer(0, memory(pos(1, 20), pos(1, 25)));
  EXPECT_EQ(member(at_alice.read().at(0), "lost"), "null"); // the journal was not asked yet
  answer(1, memory(pos(1, 20), pos(1, 25)));
  ASSERT_EQ(journal.asked.size(), 1u);
  EXPECT_EQ(journal.asked[0].symbol, named("A"));
  EXPECT_EQ(journal.asked[0].after, pos(1, 5));
  EXPECT_EQ(journal.asked[0].through, pos(1, 19));
  EXPECT_EQ(journal.asked[0].limit, 1'000u);
  EXPECT_EQ(journal.asked[0].committed, pos(1, 19)); // a database that lacks it is another one
  deliver(1, 26, 26); // not for a client that catches up
  EXPECT_EQ(at_alice.read(), texts{});

  journal.answer(0, {burst(0, "A", 1, 1, 12), burst(0, "A", 1, 13, 19)});
  ASSERT_EQ(questions.size(), 3u);
  EXPECT_EQ(questions[2].what.after, pos(1, 19));
  answer(2, 1, 20, 26);
  deliver(1, 27, 27);
  const auto got = members(at_alice.read(), "sequence");
  ASSERT_EQ(got.size(), 22u);
  EXPECT_EQ(got.front(), "6");
  EXPECT_EQ(got.back(), "27");
  EXPECT_TRUE(at_alice.owner->diverted.empty());
}

TEST_F(Returning, AsksMemoryAgainAfterEachPage) {
  ask_the_journal();
  journal.answer(0, {burst(0, "A", 1, 6, 9)}, true);
  answer(2, memory(pos(1, 20), pos(1, 25)));
  ASSERT_EQ(journal.asked.size(), 2u);
  EXPECT_EQ(journal.asked[1].after, pos(1, 9));
  EXPECT_EQ(journal.asked[1].through, pos(1, 19));
}

TEST_F(Returning, NamesWhatTheJournalNoLongerHas) {
  ask_the_journal();
  journal.answer(0, {burst(0, "A", 1, 8, 17)});
  answer(2, 1, 20, 25);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 18u);
  EXPECT_EQ(got[0], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":6,"to":7,)"
                    R"("reason":"expired"})");
  EXPECT_EQ(got[11], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":18,"to":19,)"
                     R"("reason":"expired"})");
  EXPECT_EQ(metrics.gaps.value(), 2u);
}

TEST_F(Returning, IsShownWhereTheStreamStandsWhenNothingCanBeHad) {
  come_back(alice, 1, {a}, pos(1, 5));
  answer(0, memory(pos(1, 26), pos(1, 25)));
  answer(1, memory(pos(1, 26), pos(1, 25)));
  at_alice.read();
  journal.answer(0, {});
  EXPECT_EQ(questions.at(2).what.after, pos(1, 25));
  answer(2, memory(pos(1, 26), pos(1, 25)));
  deliver(1, 26, 26);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":6,"to":25,)"
                    R"("reason":"expired"})");
  EXPECT_NE(got[1].find(R"("snapshot":true)"), std::string::npos);
  EXPECT_EQ(member(got[1], "sequence"), "25");
  EXPECT_EQ(member(got[2], "sequence"), "26");
}

TEST_F(Returning, WaitsForWhatWillBeReadAgain) {
  come_back(alice, 1, {a}, pos(1, 5));
  auto between_claims = memory(pos(1, 26), pos(1, 25));
  between_claims.settled = between_claims.final_below = false;
  answer(0, between_claims);
  answer(1, between_claims);
  at_alice.read();
  EXPECT_EQ(journal.asked.at(0).committed, std::nullopt);
  journal.answer(0, {burst(0, "A", 1, 6, 10)});
  answer(2, between_claims);
  journal.answer(1, {});
  EXPECT_EQ(members(at_alice.read(), "type").size(), 5u); // 6 to 10, and no gap
  EXPECT_EQ(questions.size(), 3u);
  table.settled({});
  ASSERT_EQ(questions.size(), 4u);
  answer(3, 1, 11, 25);
  EXPECT_EQ(members(at_alice.read(), "sequence").back(), "25");
}

TEST_F(Returning, IsToldOfTheEndOfItsEpoch) {
  come_back(alice, 1, {a}, pos(1, 5));
  answer(0, memory(pos(2, 1), pos(2, 2)));
  EXPECT_EQ(member(at_alice.read().at(0), "lost"), "null");
  answer(1, memory(pos(2, 1), pos(2, 2)));
  EXPECT_EQ(journal.asked.at(0).through, pos(2, 0)); // what is left of its own
  journal.answer(0, {burst(0, "A", 1, 6, 7)});
  answer(2, 2, 1, 2);
  const auto got = at_alice.read();
  EXPECT_EQ(members(got, "sequence"), (texts{"6", "7", "-", "1", "2"}));
  EXPECT_EQ(got.at(2), R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":8,)"
                       R"("to":null,"reason":"new_epoch"})");
}

// --- the outbox ------------------------------------------------------------------------------

TEST_F(Returning, KeepsAPageUntilTheOutboxTakesItAndAsksNothingMeanwhile) {
  ask_the_journal();
  at_alice.out->refuse_next = 1;
  journal.answer(0, {burst(0, "A", 1, 6, 19)});
  EXPECT_EQ(questions.size(), 2u);
  deliver(1, 26, 40);
  EXPECT_TRUE(at_alice.owner->diverted.empty()); // neither kept nor merged
  EXPECT_EQ(at_alice.read(), texts{});
  table.drained(alice);
  EXPECT_EQ(members(at_alice.read(), "sequence").size(), 14u);
  EXPECT_EQ(questions.size(), 3u);
}

TEST_F(Returning, IsNotLiveBehindAPageThatWasRefused) {
  come_back(alice, 1, {a}, pos(1, 5));
  answer(0, 1, 4, 8);
  at_alice.read();
  at_alice.out->refuse_next = 1;
  answer(1, 1, 6, 8);
  deliver(1, 9, 9);
  table.drained(alice);
  ASSERT_EQ(questions.size(), 3u);
  EXPECT_EQ(questions[2].what.after, pos(1, 8));
  answer(2, 1, 9, 9);
  deliver(1, 10, 10);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"6", "7", "8", "9", "10"}));
}

TEST_F(Returning, LeavesOtherSubscriptionsOfTheConnectionLive) {
  open_group request{alice, 7, "7", {{b, named("B")}}};
  table.open(request);
  table.joined({alice, 7, b, stands_at("B", pos(1, 1)), false});
  ask_the_journal();
  at_alice.read();
  table.deliver(burst(1, "B", 1, 2, 3));
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"2", "3"}));
}

// --- leaving, coming again -------------------------------------------------------------------

TEST_F(Returning, IsForgottenWhenItLeavesInAnyPhase) {
  for (std::size_t phase = 0; phase < 4; ++phase) {
    questions.clear();
    const auto reads = journal.asked.size();
    come_back(alice, 1, {a}, pos(1, 5));
    if (phase > 0)
      answer(0, memory(pos(1, 20), pos(1, 25)));
    if (phase > 1)
      answer(1, memory(pos(1, 20), pos(1, 25)));
    if (phase > 2) {
      at_alice.out->refuse_next = 1;
      journal.answer(reads, {burst(0, "A", 1, 6, 19)});
    }
    table.leave({alice, {a}});
    EXPECT_EQ(metrics.recovering.value(), 0);
    const auto before = questions.size();
    if (phase < 2)
      answer(phase, memory(pos(1, 20), pos(1, 25)));
    else if (phase == 2)
      journal.answer(reads, {burst(0, "A", 1, 6, 19)});
    table.drained(alice);
    deliver(1, 26, 26);
    EXPECT_EQ(questions.size(), before) << phase;
    for (const auto& each : at_alice.read())
      EXPECT_EQ(member(each, "type"), "subscribed") << phase;
  }
}

TEST_F(Returning, BeginsAnewWhenItSubscribesAgain) {
  ask_the_journal();
  come_back(alice, 2, {a}, pos(1, 24));
  journal.answer(0, {burst(0, "A", 1, 6, 19)}); // of the subscription before
  EXPECT_EQ(at_alice.read(), texts{});
  answer(2, 1, 20, 25);
  answer(3, 1, 25, 25);
  const auto got = at_alice.read();
  EXPECT_EQ(members(got, "sequence"), (texts{"-", "25"}));
  EXPECT_EQ(metrics.recovering.value(), 0);
}

TEST_F(Returning, MayHangUpWhileAnAnswerIsUnderWay) {
  ask_the_journal();
  come_back(bob, 1, {a}, pos(1, 5));
  table.detach(alice);
  table.detach(bob);
  answer(2, memory(pos(1, 20), pos(1, 25)));
  journal.answer(0, {burst(0, "A", 1, 6, 19)});
  EXPECT_EQ(metrics.recovering.value(), 0);
  EXPECT_EQ(questions.size(), 3u);
}

TEST_F(Returning, IsToldWhenTheJournalDoesNotAnswer) {
  ask_the_journal();
  journal.answer(0, {burst(0, "A", 1, 6, 9)}, true);
  answer(2, memory(pos(1, 20), pos(1, 25)));
  journal.fail(1, {errc::database_unavailable, "no answer"});
  ASSERT_EQ(at_alice.owner->failed.size(), 1u);
  EXPECT_EQ(at_alice.owner->failed[0].stream, stream_key(named("A")));
  EXPECT_EQ(at_alice.owner->failed[0].reached, since_point{pos(1, 9)});
}

// --- the partition ---------------------------------------------------------------------------

TEST_F(Returning, ReadsOnWhenItsStreamWasMovedByAnotherOwner) {
  ask_the_journal();
  table.moved({a, stands_at("A", pos(1, 90))});
  EXPECT_TRUE(at_alice.owner->moves.empty());
  journal.answer(0, {burst(0, "A", 1, 6, 19)});
  answer(2, memory(pos(1, 91), pos(1, 90)));
  EXPECT_EQ(journal.asked.at(1).after, pos(1, 19));
  EXPECT_EQ(journal.asked.at(1).through, pos(1, 90));
}

TEST_F(Returning, WaitsWhileItsPartitionIsAway) {
  come_back(alice, 1, {a}, pos(1, 5));
  auto away = memory(pos(1, 26), pos(1, 25));
  away.away = true;
  away.settled = away.final_below = false;
  answer(0, away);
  answer(1, away);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(member(got[0], "lost"), "null");
  EXPECT_EQ(member(got[1], "code"), "1006"); // not_owner
  table.back({a});
  answer(2, 1, 6, 25);
  EXPECT_EQ(members(at_alice.read(), "sequence").back(), "25");
}

TEST_F(Returning, AsksAgainWhatWasLostWithASymbolsActor) {
  come_back(alice, 1, {a}, pos(1, 5));
  table.settled({}); // its claim came to an end
  ASSERT_EQ(questions.size(), 2u);
  EXPECT_EQ(questions[1].what.limit, 0u);
  answer(0, 1, 6, 7); // it was not lost
  EXPECT_EQ(at_alice.read(), texts{});
  answer(1, 1, 6, 8);
  table.settled({});
  ASSERT_EQ(questions.size(), 4u);
  answer(2, 1, 6, 8);
  EXPECT_EQ(at_alice.read().size(), 1u); // `subscribed`
  answer(3, 1, 6, 8);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"6", "7", "8"}));
}

TEST_F(Returning, MayBeAheadUntilThePartitionHasReadAgain) {
  come_back(alice, 1, {a}, pos(1, 30));
  auto behind = memory(pos(1, 26), pos(1, 25));
  behind.settled = behind.final_below = false;
  answer(0, behind);
  answer(1, behind);
  const auto opened = at_alice.read();
  ASSERT_EQ(opened.size(), 1u);
  EXPECT_NE(opened[0].find(R"("epoch":1,"seq":30,"recovered":true,"from":{"epoch":1,"seq":31},)"
                           R"("to":{"epoch":1,"seq":30},"lost":0)"),
            std::string::npos);
  deliver(1, 26, 29);
  EXPECT_EQ(at_alice.read(), texts{}); // it has them
  deliver(1, 30, 31);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"31"}));
}

// A claim brings what another process has stored behind that position: it is in the journal.
TEST_F(Returning, CatchesUpFromAheadWhereTheStreamHasGoneOnElsewhere) {
  come_back(alice, 1, {a}, pos(1, 30));
  auto behind = memory(pos(1, 26), pos(1, 25));
  behind.settled = behind.final_below = false;
  answer(0, behind);
  answer(1, behind);
  at_alice.read();
  table.moved({a, stands_at("A", pos(1, 34))});
  EXPECT_EQ(at_alice.read(), texts{}); // nothing is lost
  ASSERT_EQ(questions.size(), 3u);
  answer(2, memory(pos(1, 35), pos(1, 34)));
  journal.answer(0, {burst(0, "A", 1, 31, 34)});
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"31", "32", "33", "34"}));
}

// What this process had published is read again by another one: up to there nothing comes live.
TEST_F(Returning, CatchesUpFromBelowWhatWasPublishedWhereAnotherProcessHasReadItAgain) {
  come_back(alice, 1, {a}, pos(1, 5));
  auto behind = memory(pos(1, 6), pos(1, 6));
  behind.highest = pos(1, 8);
  behind.settled = behind.final_below = false;
  answer(0, behind);
  behind.burst = burst(0, "A", 1, 6, 6);
  answer(1, behind);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"-", "6"}));
  table.recall({a});
  ASSERT_EQ(questions.size(), 3u);
  answer(2, memory(pos(1, 9), pos(1, 8)));
  journal.answer(0, {burst(0, "A", 1, 7, 8)});
  answer(3, memory(pos(1, 9), pos(1, 8)));
  deliver(1, 9, 9);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"7", "8", "9"}));
  table.recall({a}); // it stands where the stream does
  EXPECT_EQ(questions.size(), 4u);
}

// The same, while its socket takes nothing: what its owner has comes first, and then what it lacks.
TEST_F(Returning, CatchesUpFromBelowOnceItIsHandedBack) {
  come_back(alice, 1, {a}, pos(1, 5));
  auto behind = memory(pos(1, 6), pos(1, 5));
  behind.highest = pos(1, 8);
  behind.settled = behind.final_below = false;
  answer(0, behind);
  answer(1, behind);
  at_alice.read();
  at_alice.out->refuse_next = 1;
  deliver(1, 6, 6);
  table.recall({a});
  deliver(1, 9, 9); // else its owner would say that 7 and 8 are missed
  ASSERT_EQ(at_alice.owner->diverted.size(), 1u);
  EXPECT_EQ(questions.size(), 2u);
  table.take_back({alice, {DeliveryTable::item(pos(1, 6), 6)}});
  ASSERT_EQ(questions.size(), 3u);
  answer(2, 1, 7, 9);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"6", "7", "8", "9"}));
  deliver(1, 10, 10);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"10"}));
}

TEST_F(Returning, AsksAgainWithAClaimThatHasFoundMoreThanWasKnown) {
  come_back(alice, 1, {a}, pos(1, 3));
  auto unsure = memory(pos(1, 9), pos(1, 8));
  unsure.settled = unsure.final_below = false;
  answer(0, unsure);
  answer(1, unsure);
  journal.answer(0, {}); // the commit was lost, or will be known
  EXPECT_EQ(questions.size(), 2u);
  table.moved({a, stands_at("A", pos(1, 10))});
  EXPECT_EQ(questions.size(), 3u);
}

TEST_F(Returning, IsToldWhenItsPositionNeverWas) {
  come_back(alice, 1, {a}, pos(1, 30));
  auto behind = memory(pos(1, 26), pos(1, 25));
  behind.settled = behind.final_below = false;
  answer(0, behind);
  answer(1, behind);
  at_alice.read();
  deliver(1, 26, 26);
  table.settled({});
  ASSERT_EQ(questions.size(), 3u);
  answer(2, memory(pos(1, 27), pos(1, 26)));
  deliver(1, 27, 27);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0], R"({"type":"error","code":1101,"message":"since {1, 30} is above the highest )"
                    R"(position {1, 26}; the subscription goes on from there","retryable":false,)"
                    R"("symbol":"A"})");
  EXPECT_EQ(member(got[1], "sequence"), "26");
  EXPECT_NE(got[1].find(R"("snapshot":true)"), std::string::npos);
  EXPECT_EQ(member(got[2], "sequence"), "27");
}

TEST_F(Returning, IsRefusedAtOnceWhereThePartitionHasReadAll) {
  come_back(alice, 1, {a}, pos(2, 1));
  answer(0, memory(pos(1, 26), pos(1, 25)));
  answer(1, memory(pos(1, 26), pos(1, 25)));
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_NE(got[0].find(R"("epoch":1,"seq":25,"recovered":false})"), std::string::npos);
  EXPECT_EQ(members(got, "type"), (texts{"subscribed", "error", "price_update"}));
}

// The stream may pass a position that never was before the next question is answered.
TEST_F(Returning, IsRefusedAlsoWhereTheStreamHasPassedItsPositionMeanwhile) {
  come_back(alice, 1, {a}, pos(1, 30));
  answer(0, memory(pos(1, 26), pos(1, 25)));
  ASSERT_EQ(questions.size(), 2u);
  EXPECT_EQ(questions[1].what.after, pos(1, 25));
  answer(1, 1, 26, 31);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 9u);
  EXPECT_NE(got[1].find(R"(since {1, 30} is above the highest position {1, 25})"),
            std::string::npos);
  EXPECT_EQ(members({got.begin() + 2, got.end()}, "sequence"),
            (texts{"25", "26", "27", "28", "29", "30", "31"}));
}

struct ReturningWithoutAJournal : Returning {
  ReturningWithoutAJournal() : Returning(8, 16, nullptr) {}
};

TEST_F(ReturningWithoutAJournal, IsNotPromisedWhatMayLeaveTheRingBeforeItIsWritten) {
  come_back(alice, 1, {a}, pos(1, 5));
  answer(0, 1, 6, 8);
  EXPECT_EQ(member(at_alice.read().at(0), "lost"), "null");
  answer(1, memory(pos(1, 20), pos(1, 25)));
  answer(2, 1, 20, 25);
  const auto got = at_alice.read();
  EXPECT_EQ(member(got.at(0), "type"), "gap");
  EXPECT_EQ(member(got.at(0), "to"), "19");
}

TEST_F(ReturningWithoutAJournal, IsPromisedWhereNothingIsDue) {
  come_back(alice, 1, {a}, pos(1, 8));
  answer(0, memory(pos(1, 6), pos(1, 8)));
  EXPECT_EQ(member(at_alice.read().at(0), "lost"), "0");
}

// --- many at once ----------------------------------------------------------------------------

struct ReturningInTurn : Returning {
  ReturningInTurn() : Returning(1, 1) {}
};

TEST_F(ReturningInTurn, OneSubscriptionOfAConnectionAsksAtATime) {
  come_back(alice, 1, {a, b}, pos(1, 5));
  answer(0, 1, 6, 8);
  answer(1, 1, 6, 8);
  ASSERT_EQ(questions.size(), 3u); // both asked where they stand, one goes on
  EXPECT_EQ(questions[2].index, a);
  answer(2, 1, 6, 8);
  ASSERT_EQ(questions.size(), 4u);
  EXPECT_EQ(questions[3].index, b);
}

// A partition settles while its answer is on the way, and another stands before it in the line.
TEST_F(ReturningInTurn, TakesNoAnswerToAnEarlierQuestionWhileItStandsInLine) {
  come_back(alice, 1, {a, b}, pos(1, 5));
  answer(0, 1, 6, 8);
  answer(1, 1, 6, 8);
  at_alice.read();
  table.settled({});
  for (std::size_t i = 2; i < questions.size(); ++i)
    answer(i, 1, 6, 8);
  auto got = members(at_alice.read(), "sequence");
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, (texts{"6", "6", "7", "7", "8", "8"}));
  EXPECT_EQ(metrics.recovering.value(), 0);
}

TEST_F(ReturningInTurn, OneStreamIsReadAtATimeByAllWhoWantIt) {
  ask_the_journal(); // A, for alice
  come_back(bob, 1, {a}, pos(1, 7));
  answer(2, memory(pos(1, 20), pos(1, 25)));
  answer(3, memory(pos(1, 20), pos(1, 25)));
  ASSERT_EQ(journal.asked.size(), 2u); // the same stream: at once
  client carol;
  table.attach(connection_id{3}, carol.out, carol.owner, false);
  come_back(connection_id{3}, 1, {b}, pos(1, 5));
  answer(4, memory(pos(1, 20), pos(1, 25)));
  answer(5, memory(pos(1, 20), pos(1, 25)));
  EXPECT_EQ(journal.asked.size(), 2u); // another one: it waits
  journal.answer(0, {burst(0, "A", 1, 6, 19)});
  EXPECT_EQ(journal.asked.size(), 2u);
  journal.answer(1, {burst(0, "A", 1, 6, 19)});
  ASSERT_EQ(journal.asked.size(), 3u);
  EXPECT_EQ(journal.asked[2].symbol, named("B"));
}

// Else each that waits in line would have all the patience for itself.
TEST_F(ReturningInTurn, TheJournalIsToldSinceWhenOneWaitsForIt) {
  const std::chrono::steady_clock::time_point start{};
  clock = start + 10s;
  ask_the_journal();
  clock = start + 12s;
  come_back(bob, 1, {b}, pos(1, 5));
  answer(2, memory(pos(1, 20), pos(1, 25)));
  answer(3, memory(pos(1, 20), pos(1, 25)));
  clock = start + 40s;
  journal.fail(0, {errc::database_unavailable, "no answer"});
  ASSERT_EQ(journal.asked.size(), 2u);
  EXPECT_EQ(journal.asked[0].waits_since, start + 10s);
  EXPECT_EQ(journal.asked[1].symbol, named("B"));
  EXPECT_EQ(journal.asked[1].waits_since, start + 12s);
}

TEST_F(ReturningInTurn, TheNextPageBeginsToWaitWhenItIsAskedFor) {
  const std::chrono::steady_clock::time_point start{};
  clock = start + 10s;
  ask_the_journal();
  clock = start + 30s;
  journal.answer(0, {burst(0, "A", 1, 6, 9)}, true);
  answer(2, memory(pos(1, 20), pos(1, 25)));
  EXPECT_EQ(journal.asked.at(1).waits_since, start + 30s);
}

} // namespace
} // namespace tradepulse::delivery_testing
