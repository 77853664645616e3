#include "tests/actors/distribution/returning_world.hpp"

// Clients that come back give way to those who are live: a turn has two steps here.
namespace tradepulse::delivery_testing {
namespace {

struct ReturningByTurns : Returning {
  ReturningByTurns() : Returning(8, 16, &journal, 2) {}

  void take_turns(int count) {
    for (int i = 0; i < count; ++i)
      table.recalled(recovery_desk::turn_mark());
  }
  // Both have been told where they stand, and wait for pages of the journal: A and B, each of them.
  void read_the_journal() {
    come_back(alice, 1, {a, b}, pos(1, 5));
    come_back(bob, 1, {a, b}, pos(1, 5));
    take_turns(2);
    for (std::size_t i = 0; i < 4; ++i)
      answer(i, memory(pos(1, 20), pos(1, 25)));
    take_turns(2);
    for (std::size_t i = 4; i < 8; ++i)
      answer(i, memory(pos(1, 20), pos(1, 25)));
    at_alice.read();
    at_bob.read();
    turns_asked = 0;
  }
};

TEST_F(ReturningByTurns, AskAFewQuestionsATurn) {
  come_back(alice, 1, {a, b}, pos(1, 5));
  come_back(bob, 1, {a, b}, pos(1, 5));
  EXPECT_EQ(questions.size(), 0u);
  EXPECT_EQ(turns_asked, 1); // for all of them
  take_turns(1);
  EXPECT_EQ(questions.size(), 2u);
  EXPECT_EQ(turns_asked, 2);
  take_turns(1);
  EXPECT_EQ(questions.size(), 4u);
  EXPECT_EQ(turns_asked, 2); // nothing is left
}

TEST_F(ReturningByTurns, GetAFewPagesATurn) {
  read_the_journal();
  ASSERT_EQ(journal.asked.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& asked = journal.asked[i];
    journal.answer(i, {burst(asked.index.value(), asked.symbol.str(), 1, 6, 19)});
  }
  const auto got = [this] { return at_alice.read().size() + at_bob.read().size(); };
  EXPECT_EQ(got(), 0u);
  EXPECT_EQ(turns_asked, 1);
  take_turns(1);
  EXPECT_EQ(got(), 28u); // two pages
  EXPECT_EQ(questions.size(), 8u);
  take_turns(1);
  EXPECT_EQ(got(), 28u);
  take_turns(2); // what they ask next
  EXPECT_EQ(questions.size(), 12u);
}

TEST_F(ReturningByTurns, AreNotAskedForWhenTheyHaveLeft) {
  come_back(alice, 1, {a, b}, pos(1, 5));
  come_back(bob, 1, {a}, pos(1, 5));
  table.leave({alice, {a}});
  table.detach(bob);
  take_turns(2);
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].index, b);
}

TEST_F(ReturningByTurns, AskOnceWhereTheirPartitionComesBackMeanwhile) {
  come_back(alice, 1, {a}, pos(1, 5));
  table.settled({}); // asks again
  take_turns(1);
  EXPECT_EQ(questions.size(), 1u);
}

} // namespace
} // namespace tradepulse::delivery_testing
