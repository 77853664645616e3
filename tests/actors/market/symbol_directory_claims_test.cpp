#include "actors/market/symbol_directory.hpp"

#include <chrono>
#include <memory>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <gtest/gtest.h>

#include "actors/market/symbol_state.hpp"

#include "actors/message_types.hpp"
#include "protocol/stored_stream.hpp"
#include "tests/actors/support/samples.hpp"

// Whether memory knows how far a stream is numbered, of which another process may have had events.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::named;
using samples::pos;

const topic_partition ours{"ticks", 0};
const topic_partition theirs{"ticks", 1};
const stream_key stream{named("A"), stream_kind::price};

stored_stream row(stream_position at) {
  stored_stream out;
  out.symbol = stream.symbol;
  out.home = theirs;
  out.position = at;
  out.snapshot = price_snapshot{{out.symbol, at, out.kind}, samples::costs(1), {},
                                samples::at(0),             at.seq,            {}};
  return out;
}

struct DirectoryOfTwoProcesses : testing::Test {
  DirectoryOfTwoProcesses() {
    directory.set_listed_partitions(2);
    directory.hold(ours);
  }
  bool can_number() const { return directory.can_number(stream, ours); }

  symbol_directory directory{10, 0, 1s};
};

TEST_F(DirectoryOfTwoProcesses, DoesNotKnowAStreamThatItHasNotSeenOrThatIsNotHeld) {
  EXPECT_FALSE(can_number());
  directory.preload({row(pos(1, 5))});
  EXPECT_FALSE(can_number());
  EXPECT_TRUE(directory.can_number(stream, theirs)); // by the claim of its home
}

TEST_F(DirectoryOfTwoProcesses, KnowsTheStreamsOfAPartitionFromItsClaimToItsEnd) {
  directory.preload({row(pos(1, 5))});
  directory.hold(theirs);
  EXPECT_TRUE(can_number());
  directory.let_go(theirs);
  EXPECT_FALSE(can_number());
  directory.hold(theirs);
  directory.set_assignment({ours});
  EXPECT_FALSE(can_number());
}

TEST_F(DirectoryOfTwoProcesses, UsesAnAnswerUnlessAClaimHasBroughtAsMuchMeanwhile) {
  EXPECT_TRUE(directory.can_use(row(pos(1, 5)), ours)); // of what it has never seen
  directory.preload({row(pos(1, 6))});
  EXPECT_FALSE(directory.can_use(row(pos(1, 5)), ours));
  EXPECT_TRUE(directory.can_use(row(pos(1, 6)), ours));
  EXPECT_TRUE(directory.can_use(row(pos(2, 1)), ours));
  directory.hold(theirs);
  EXPECT_FALSE(directory.can_use(row(pos(2, 1)), ours));
}

// --- claims of two homes ---

struct deterministic : caf::actor_system_config {
  deterministic() { set("scheduler.policy", caf::atom("testing")); }
};

struct DirectoryOfAMovedStream : testing::Test {
  DirectoryOfAMovedStream() : scheduler(dynamic_cast<decltype(scheduler)>(system.scheduler())) {
    directory.connect(
        [this](symbol_entry&, std::shared_ptr<symbol_state>) { return actor = recorder(); }, {});
    directory.preload({row(pos(1, 5))});
  }
  ~DirectoryOfAMovedStream() override {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    scheduler.run();
    directory.disconnect();
  }
  symbol_actor recorder() {
    return system.spawn([this](symbol_actor::pointer) -> symbol_actor::behavior_type {
      return {[](const symbol_work&) {},
              [this](const restore_stream& what) { restored.push_back(what.stored.position); },
              [](const candle_work&) {},
              [](const candles_loaded&) {},
              [](const candles_idle&) {},
              [](const epoch_committed&) {},
              [](const recall_events&) {},
              [](const passivate_symbol&) {}};
    });
  }
  static stored_stream moved(stream_position at) {
    auto out = row(at);
    out.home = ours;
    return out;
  }
  // What claims have told its actor.
  using positions = std::vector<stream_position>;
  const positions& told() {
    scheduler.run();
    return restored;
  }

  deterministic config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler;
  symbol_directory directory{10, 0, 1s};
  symbol_actor actor;
  positions restored;
};

// The old home's row was read before the move was committed, and comes behind the new one's: while
// the actor has not had its turn, only the directory knows.
TEST_F(DirectoryOfAMovedStream, DropsAClaimThatReadItsRowBefore) {
  directory.actor_for(stream, ours);
  directory.restore(ours, moved(pos(2, 1)));
  directory.restore(theirs, row(pos(1, 5)));
  EXPECT_EQ(told(), (positions{pos(2, 1)}));
  EXPECT_EQ(directory.home_of(stream), ours);
  // That of its home is believed: a server may have taken over that lacks the move.
  directory.restore(ours, row(pos(1, 5)));
  EXPECT_EQ(told(), (positions{pos(2, 1), pos(1, 5)}));
  EXPECT_EQ(directory.home_of(stream), theirs);
}

// Both are claimed by a process that has heard of the old home alone, which asks for its row. The
// new one's claim has brought it, and reads on, before that is answered.
TEST_F(DirectoryOfAMovedStream, DropsARowThatTheClaimOfItsHomeHasBrought) {
  directory.restore(ours, moved(pos(2, 2)));
  directory.hold(ours);
  directory.actor_for(stream, ours); // 2/3 is on its way
  directory.restore(theirs, moved(pos(2, 2)));
  EXPECT_EQ(told(), positions{});
  directory.restore(ours, moved(pos(2, 2))); // claimed again
  EXPECT_EQ(told(), (positions{pos(2, 2)}));
}

// The claim of the partition that is about to move it has to take that back.
TEST_F(DirectoryOfAMovedStream, TakesARowOfItsHomeWhereAMoveIsOnItsWay) {
  directory.hold(theirs);
  directory.actor_for(stream, ours);
  directory.restore(ours, row(pos(1, 5)));
  EXPECT_EQ(told(), (positions{pos(1, 5)}));
}

TEST_F(DirectoryOfAMovedStream, HasNoMoreEventsOfAnotherPartitionThanItsActorHad) {
  ASSERT_TRUE(directory.actor_for(stream, ours));
  ASSERT_TRUE(directory.forget_actor(stream, actor->id())); // and with it what was on its way
  directory.hold(theirs);
  directory.restore(theirs, row(pos(1, 5)), {});
  EXPECT_TRUE(directory.active_at(ours).empty());
  ASSERT_TRUE(directory.actor_for(stream, theirs)); // what is read again
  directory.restore(ours, row(pos(1, 5)), {});      // asked for before
  scheduler.run();
  EXPECT_TRUE(restored.empty());
}

} // namespace
} // namespace tradepulse
