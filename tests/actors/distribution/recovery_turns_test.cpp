// Clients that come back take turns, and those who are live do not wait for them.
#include <algorithm>
#include <deque>

#include "tests/actors/distribution/returning_world.hpp"

namespace tradepulse::delivery_testing {
namespace {

struct RecoveryTurns : Returning {
  RecoveryTurns()
      : in_turns(
            metrics, [] {}, taking_turns()) {
    in_turns.attach(alice, at_alice.out, at_alice.owner, false);
    in_turns.attach(bob, at_bob.out, at_bob.owner, false);
  }
  recovery_options taking_turns() {
    auto out = options(8, 16, &journal);
    out.post_behind = [this](std::function<void()> piece) { behind.push_back(std::move(piece)); };
    out.recall = [this](const stream_key&, stream_index index, recall_events what) {
      if (what.connection == broken)
        throw std::runtime_error("as the test wants it");
      questions.push_back({index, what});
    };
    return out;
  }
  // With so many streams, whose indexes begin there.
  void come_back_with(connection_id who, std::uint32_t first, std::uint32_t count) {
    open_group request{who, 1, "1", {}};
    for (std::uint32_t i = first; i < first + count; ++i)
      request.members.push_back(
          {stream_index{i}, named("S" + std::to_string(i)), since_point{pos(1, 5)}});
    in_turns.open(request);
  }
  void one_piece() {
    const auto piece = std::move(behind.front());
    behind.pop_front();
    piece();
  }
  std::size_t asked_by(connection_id who) const {
    return static_cast<std::size_t>(std::ranges::count(
        questions, who, [](const question& each) { return each.what.connection; }));
  }
  // As Returning::answer.
  void answer_in_turns(std::size_t i, recalled_events what) {
    const auto& asked = questions.at(i);
    in_turns.recalled(
        {asked.what.connection, asked.what.group, asked.what.ask, asked.index, std::move(what)});
  }

  // Of Alice, behind 1/5; it waits for its turn.
  void a_page_is_there() {
    in_turns.open({alice, 1, "1", {{a, named("A"), since_point{pos(1, 5)}}}});
    one_piece();
    answer_in_turns(0, memory(pos(1, 8), pos(1, 8)));
    one_piece();
    at_alice.read();
    answer_in_turns(1, memory(pos(1, 8), pos(1, 8)));
    journal.answer(0, {burst(0, "A", 1, 6, 7)});
  }

  connection_id broken; // whose questions throw
  std::deque<std::function<void()>> behind;
  delivery_table in_turns;
};

TEST_F(RecoveryTurns, LetTheEventsOfThoseWhoAreLiveBetweenTheirPieces) {
  in_turns.open({bob, 1, "1", {{a, named("A")}}});
  in_turns.joined({bob, 1, a, stands_at("A", pos(1, 5)), false});
  at_bob.read();
  come_back_with(alice, 10, 100);
  EXPECT_EQ(questions.size(), 0U);
  ASSERT_EQ(behind.size(), 1U);
  one_piece();
  EXPECT_EQ(questions.size(), 64U);
  in_turns.deliver(burst(0, "A", 1, 6, 6));
  EXPECT_EQ(members(at_bob.read(), "sequence"), texts{"6"});
  ASSERT_EQ(behind.size(), 1U);
  one_piece();
  EXPECT_EQ(questions.size(), 100U);
  EXPECT_EQ(behind.size(), 0U);
}

TEST_F(RecoveryTurns, GoFromClientToClient) {
  come_back_with(alice, 10, 80);
  come_back_with(bob, 10, 80);
  one_piece();
  EXPECT_EQ(asked_by(alice), 64U);
  EXPECT_EQ(asked_by(bob), 0U);
  one_piece();
  EXPECT_EQ(asked_by(alice), 64U);
  EXPECT_EQ(asked_by(bob), 64U);
  one_piece();
  EXPECT_EQ(questions.size(), 160U);
}

TEST_F(RecoveryTurns, AreNobodysWhoHasLeft) {
  come_back_with(alice, 10, 2);
  in_turns.leave({alice, {stream_index{10}}});
  come_back_with(bob, 10, 1);
  in_turns.detach(bob);
  one_piece();
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(questions[0].index, stream_index{11});
  EXPECT_EQ(behind.size(), 0U);
}

// The events behind it may already be on their way: who waited for a turn would miss them.
TEST_F(RecoveryTurns, AreNotWaitedForByWhoIsLiveBehindAnAnswer) {
  in_turns.open({alice, 1, "1", {{a, named("A"), since_point{pos(1, 5)}}}});
  one_piece();
  answer_in_turns(0, memory(pos(1, 6), pos(1, 5)));
  one_piece();
  at_alice.read();
  answer_in_turns(1, memory(pos(1, 6), pos(1, 5)));
  in_turns.deliver(burst(0, "A", 1, 6, 6));
  EXPECT_EQ(members(at_alice.read(), "sequence"), texts{"6"});
}

TEST_F(RecoveryTurns, BringThePagesOfTheJournal) {
  a_page_is_there();
  EXPECT_EQ(at_alice.read(), texts{});
  one_piece();
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"6", "7"}));
}

// In a turn it would come behind what is handed back meanwhile, which may fill the outbox again.
TEST_F(RecoveryTurns, AreNotWaitedForByAPageThatItsOutboxHasRefused) {
  a_page_is_there();
  at_alice.out->refuse_next = 1;
  one_piece();
  EXPECT_EQ(at_alice.read(), texts{});
  in_turns.drained(alice);
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"6", "7"}));
}

TEST_F(RecoveryTurns, AreTakenByTheOthersWhereOneThrows) {
  broken = alice;
  come_back_with(alice, 10, 2);
  come_back_with(bob, 10, 2);
  one_piece();
  EXPECT_EQ(asked_by(bob), 2U);
}

} // namespace
} // namespace tradepulse::delivery_testing
