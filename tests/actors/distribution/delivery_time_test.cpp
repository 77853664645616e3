// Clients that come back with a time: the journal names their position, then all is as with one.
#include "tests/actors/distribution/returning_world.hpp"

namespace tradepulse::delivery_testing {
namespace {

const time_ms noon{std::chrono::milliseconds{1'723'118'400'000}};

// What `subscribed` says of the only symbol.
std::string positions_of(const texts& messages) {
  const auto& opened = messages.at(0);
  const auto from = opened.find(R"("epoch")");
  return opened.substr(from, opened.find("}]") - from);
}

struct ReturningByTime : Returning {
  void come_back_at_noon(connection_id who = alice, std::uint64_t group = 1) {
    come_back(who, group, {a}, noon);
  }
};

TEST_F(ReturningByTime, GoesOnFromThePositionThatTheJournalNames) {
  come_back_at_noon();
  ASSERT_EQ(journal.asked.size(), 1u);
  EXPECT_EQ(journal.asked[0].symbol, named("A"));
  EXPECT_EQ(journal.asked[0].time, noon);
  EXPECT_EQ(journal.asked[0].limit, 0u);
  EXPECT_TRUE(questions.empty()); // memory does not know when an event was committed
  EXPECT_EQ(at_alice.read(), texts{});

  journal.name(0, pos(1, 5));
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].what.after, pos(1, 5));
  EXPECT_EQ(questions[0].what.limit, 0u);
  answer(0, 1, 4, 8);
  EXPECT_EQ(positions_of(at_alice.read()),
            R"("epoch":1,"seq":8,"recovered":true,"from":{"epoch":1,"seq":6},)"
            R"("to":{"epoch":1,"seq":8},"lost":0)");
  answer(1, 1, 4, 9);
  deliver(1, 10, 10);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"6", "7", "8", "9", "10"}));
  EXPECT_EQ(journal.asked.size(), 1u);
  EXPECT_EQ(metrics.recovering.value(), 0);
  EXPECT_EQ(metrics.recoveries.value(), 1u);
}

TEST_F(ReturningByTime, ReadsTheJournalFromThere) {
  come_back_at_noon();
  journal.name(0, pos(1, 5));
  answer(0, memory(pos(1, 20), pos(1, 25)));
  answer(1, memory(pos(1, 20), pos(1, 25)));
  ASSERT_EQ(journal.asked.size(), 2u);
  EXPECT_EQ(journal.asked[1].time, std::nullopt);
  EXPECT_EQ(journal.asked[1].after, pos(1, 5));
  EXPECT_EQ(journal.asked[1].through, pos(1, 19));
  journal.answer(1, {burst(0, "A", 1, 1, 19)});
  answer(2, 1, 20, 25);
  const auto got = members(at_alice.read(), "sequence");
  ASSERT_EQ(got.size(), 21u);
  EXPECT_EQ(got[1], "6");
  EXPECT_EQ(got.back(), "25");
}

TEST_F(ReturningByTime, HasMissedNothingWhereTheTimeIsBehindAllThatIsCommitted) {
  come_back_at_noon();
  journal.name(0, pos(1, 25));
  answer(0, memory(pos(1, 20), pos(1, 25)));
  answer(1, memory(pos(1, 20), pos(1, 25)));
  deliver(1, 26, 26);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(positions_of(got), R"("epoch":1,"seq":25,"recovered":true,"from":{"epoch":1,"seq":26},)"
                               R"("to":{"epoch":1,"seq":25},"lost":0)");
  EXPECT_EQ(member(got[1], "sequence"), "26");
}

// What waits for its commit will have been committed later.
TEST_F(ReturningByTime, GetsWhatIsNotCommittedYet) {
  come_back_at_noon();
  journal.name(0, pos(0, 0)); // of the stream nothing is
  answer(0, 1, 1, 3);
  answer(1, 1, 1, 3);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"-", "1", "2", "3"}));
}

TEST_F(ReturningByTime, DoesNotKnowWhatItLostWhereTheTimeIsOlderThanAllThatIsKept) {
  come_back_at_noon();
  journal.name(0, pos(1, 10), true);
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].what.after, pos(0, 0)); // memory may have more than the journal
  answer(0, memory(pos(1, 20), pos(1, 25)));
  EXPECT_EQ(positions_of(at_alice.read()),
            R"("epoch":1,"seq":25,"recovered":true,"from":{"epoch":1,"seq":11},)"
            R"("to":{"epoch":1,"seq":25},"lost":null)");
  EXPECT_EQ(questions[1].what.after, pos(1, 10));
  answer(1, memory(pos(1, 20), pos(1, 25)));
  journal.answer(1, {burst(0, "A", 1, 11, 19)});
  answer(2, 1, 20, 25);
  EXPECT_EQ(members(at_alice.read(), "type"), texts(15, "price_update")); // and no gap
}

TEST_F(ReturningByTime, BeginsWithWhatMemoryHasWhereThatIsMoreThanIsKept) {
  come_back_at_noon();
  journal.name(0, pos(1, 10), true);
  answer(0, 1, 4, 12);
  EXPECT_EQ(positions_of(at_alice.read()),
            R"("epoch":1,"seq":12,"recovered":true,"from":{"epoch":1,"seq":4},)"
            R"("to":{"epoch":1,"seq":12},"lost":null)");
  EXPECT_EQ(questions.at(1).what.after, pos(1, 3));
  answer(1, 1, 4, 12);
  EXPECT_EQ(members(at_alice.read(), "sequence").front(), "4");
}

// Another process had committed it; here it comes as what was moved does, or in the next epoch.
TEST_F(ReturningByTime, IsNotRefusedForAPositionThatItDidNotName) {
  come_back_at_noon();
  journal.name(0, pos(1, 30));
  answer(0, memory(pos(1, 20), pos(1, 25)));
  answer(1, memory(pos(1, 20), pos(1, 25)));
  deliver(1, 26, 26);
  const auto got = at_alice.read();
  EXPECT_EQ(members(got, "type"), (texts{"subscribed", "price_update"}));
  EXPECT_EQ(positions_of(got), R"("epoch":1,"seq":25,"recovered":true,"from":{"epoch":1,"seq":26},)"
                               R"("to":{"epoch":1,"seq":25},"lost":0)");
}

TEST_F(ReturningByTime, MayBeAheadOfAProcessThatReadsAgain) {
  come_back_at_noon();
  journal.name(0, pos(1, 30));
  auto behind = memory(pos(1, 26), pos(1, 25));
  behind.settled = behind.final_below = false;
  answer(0, behind);
  answer(1, behind);
  deliver(1, 26, 31);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"-", "31"}));
}

// --- while the journal has not answered --------------------------------------------------------

TEST_F(ReturningByTime, AsksMemoryOnlyWhenItsPositionIsKnown) {
  come_back_at_noon();
  table.settled({});
  table.back({a});
  table.moved({a, stands_at("A", pos(1, 90))});
  deliver(1, 91, 92);
  EXPECT_TRUE(questions.empty());
  EXPECT_EQ(journal.asked.size(), 1u);
  EXPECT_EQ(at_alice.read(), texts{});
  journal.name(0, pos(1, 88));
  answer(0, 1, 80, 92);
  table.settled({});
  answer(1, 1, 80, 92);
  EXPECT_EQ(members(at_alice.read(), "sequence").front(), "-");
}

TEST_F(ReturningByTime, MayLeaveOrSubscribeAgainMeanwhile) {
  come_back_at_noon();
  table.leave({alice, {a}});
  EXPECT_EQ(metrics.recovering.value(), 0);
  journal.name(0, pos(1, 5));
  EXPECT_TRUE(questions.empty());
  EXPECT_EQ(members(at_alice.read(), "type"), (texts{"subscribed"})); // of nothing any more

  come_back_at_noon(alice, 2);
  come_back(alice, 3, {a}, pos(1, 7));
  journal.name(1, pos(1, 5));
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].what.after, pos(1, 7));
  table.detach(alice);
  EXPECT_EQ(metrics.recovering.value(), 0);
}

TEST_F(ReturningByTime, IsToldWithItsTimeWhenTheJournalDoesNotAnswer) {
  come_back_at_noon();
  journal.fail(0, {errc::database_unavailable, "no answer"});
  ASSERT_EQ(at_alice.owner->failed.size(), 1u);
  EXPECT_EQ(at_alice.owner->failed[0].reached, since_point{noon});
  EXPECT_EQ(metrics.failed_recoveries.value(), 1u);
  EXPECT_TRUE(questions.empty());
}

TEST_F(ReturningByTime, IsToldWithItsPositionOnceThatIsKnown) {
  come_back_at_noon();
  journal.name(0, pos(1, 5));
  answer(0, memory(pos(1, 20), pos(1, 25)));
  answer(1, memory(pos(1, 20), pos(1, 25)));
  journal.fail(1, {errc::database_unavailable, "no answer"});
  EXPECT_EQ(at_alice.owner->failed.at(0).reached, since_point{pos(1, 5)});
}

} // namespace
} // namespace tradepulse::delivery_testing
