#include <gtest/gtest.h>

#include "tests/actors/distribution/connection_world.hpp"

namespace tradepulse {
namespace {

using samples::burst;
using samples::connection_world;
using samples::member;
using samples::named;
using samples::pos;

using texts = std::vector<std::string>;

const topic_partition home{"p", 0};
const topic_partition other{"p", 1};

time_ms at_ms(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}

texts members(const texts& messages, std::string_view key) {
  texts out;
  for (const auto& each : messages)
    out.push_back(member(each, key).value_or("-"));
  return out;
}

// A client that comes back with `since`, through its connection actor, the directory, the symbol's
// actor and the delivery table.
struct ReturningClient : testing::Test {
  connection_world world; // without a journal; rings of 16
};

TEST_F(ReturningClient, IsServedByASymbolAtWork) {
  world.record("A", 0, 10);
  auto& client = world.connect();
  world.come_back(client, "A", pos(1, 7));
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 4u);
  EXPECT_NE(got[0].find(R"("recovered":true,"from":{"epoch":1,"seq":8},"to":{"epoch":1,"seq":10})"),
            std::string::npos);
  EXPECT_EQ(members(got, "sequence"), (texts{"-", "8", "9", "10"}));
  world.record("A", 10, 2);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"11", "12"}));
  EXPECT_EQ(world.interest("A"), 1u);
}

TEST_F(ReturningClient, IsServedByAnIdleSymbolWithoutMakingAnActor) {
  world.known("A", pos(2, 5));
  auto& client = world.connect();
  world.come_back(client, "A", pos(2, 5));
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed"})); // nothing was missed
  EXPECT_EQ(world.directory.actors(), 0u);
  world.record("A", 0, 1);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"6"}));
}

TEST_F(ReturningClient, IsToldOfWhatOnlyAJournalWouldHave) {
  world.known("A", pos(2, 5)); // after a restart: the ring is empty
  auto& client = world.connect();
  world.come_back(client, "A", pos(2, 1));
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_NE(got[0].find(R"("lost":4)"), std::string::npos);
  EXPECT_EQ(got[1], R"({"type":"gap","symbol":"A","stream":"price","epoch":2,"from":2,"to":5,)"
                    R"("reason":"expired"})");
  EXPECT_EQ(member(got[2], "snapshot"), "true");
  world.record("A", 0, 1);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"6"}));
}

// Without a journal nobody knows when an event was committed: all that memory has, rather than a
// hole.
TEST_F(ReturningClient, GetsAllThatMemoryHasOfATimeWithoutAJournal) {
  world.record("A", 0, 20);
  auto& client = world.connect();
  world.come_back(client, "A", at_ms(4'102'444'799'999));
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 17u);
  EXPECT_NE(got[0].find(R"("from":{"epoch":1,"seq":5},"to":{"epoch":1,"seq":20},"lost":null)"),
            std::string::npos)
      << got[0];
  EXPECT_EQ(member(got[1], "sequence"), "5");
  world.record("A", 20, 1);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"21"}));
}

// Not promised: without a journal the ring may lose it before it is written.
TEST_F(ReturningClient, GetsTheFirstEventOfAllWhereMemoryHasIt) {
  world.record("A", 0, 10);
  auto& client = world.connect();
  world.come_back(client, "A", at_ms(946'684'800'000));
  const auto got = world.read(client);
  EXPECT_NE(got[0].find(R"("from":{"epoch":1,"seq":1},"to":{"epoch":1,"seq":10},"lost":null)"),
            std::string::npos)
      << got[0];
  EXPECT_EQ(got.size(), 11u);
}

TEST_F(ReturningClient, DoesNotKnowWhatItLostSinceATimeWhereNothingIsInMemory) {
  world.known("A", pos(2, 5)); // after a restart: the ring is empty
  auto& client = world.connect();
  world.come_back(client, "A", at_ms(946'684'800'000));
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got[0].find(R"("from":{"epoch":2,"seq":6},"to":{"epoch":2,"seq":5},"lost":null)"),
            std::string::npos)
      << got[0];
  world.record("A", 0, 1);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"6"}));
}

TEST_F(ReturningClient, WaitsSinceATimeForTheFirstTickOfASymbolThatNobodyHasSeen) {
  auto& client = world.connect();
  world.come_back(client, "NEW", at_ms(1'723'161'256'543));
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got[0].find(R"("known":false)"), std::string::npos);
  EXPECT_NE(got[0].find(R"("lost":0)"), std::string::npos);
  world.record("NEW", 0, 2);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"1", "2"}));
}

TEST_F(ReturningClient, WaitsForTheFirstTickOfASymbolThatNobodyHasSeen) {
  auto& client = world.connect();
  world.come_back(client, "NEW", pos(0, 0));
  EXPECT_NE(world.read(client).at(0).find(R"("known":false)"), std::string::npos);
  world.record("NEW", 0, 2);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"1", "2"}));
}

TEST_F(ReturningClient, IsBelievedWhileASymbolNobodyHasSeenMayLiveElsewhere) {
  world.directory.set_assignment({home});
  world.directory.set_listed_partitions(2); // the other one is another process's
  world.directory.settle(home, generation{1});
  auto& client = world.connect();
  world.come_back(client, "NEW", pos(1, 7));
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed"}));
  world.directory.settle(home, generation{2});
  EXPECT_EQ(world.read(client), texts{});
  world.record("NEW", 0, 8); // it was of this one, and is read again
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"8"}));
}

TEST_F(ReturningClient, IsNotBelievedOnceAllPartitionsHaveBeenReadAgain) {
  world.directory.set_assignment({home});
  world.directory.settle(home, generation{1});
  auto& client = world.connect();
  world.come_back(client, "NEW", pos(1, 7)); // nobody knows yet how many there are
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed"}));
  world.directory.set_listed_partitions(1);
  const auto got = world.read(client);
  EXPECT_EQ(members(got, "code"), (texts{"1101"}));
}

// A server that is no more had the move that began the client's epoch: it will be read again, from
// whatever partition.
struct ReturningAboveTheEpoch : ReturningClient {
  ReturningAboveTheEpoch() {
    world.known("A", pos(1, 5));
    world.directory.set_listed_partitions(2);
    world.directory.set_assignment({home, other});
    world.directory.settle(home, generation{1});
  }
  connection_world::client& come_back(stream_position at) {
    auto& client = world.connect();
    world.come_back(client, "A", at);
    EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed"}));
    return client;
  }
  // Events 2/1 and 2/2 are read again.
  void move_again() {
    moving = world.record("A", 0, 2, other);
    world.directory.settle(other, generation{1});
  }
  void commit() { caf::anon_send(world.entry("A")->actor, epoch_committed{epoch{2}}); }
  std::shared_ptr<ingest_range> moving;
};

TEST_F(ReturningAboveTheEpoch, IsBelievedUntilThatIsCommittedAgain) {
  auto& client = come_back(pos(2, 1));
  move_again();
  EXPECT_EQ(world.read(client), texts{});
  commit();
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"2"}));
}

TEST_F(ReturningAboveTheEpoch, IsNotBelievedWhereThatHasLessThanItsPosition) {
  auto& client = come_back(pos(2, 7));
  move_again();
  EXPECT_EQ(world.read(client), texts{});
  commit();
  EXPECT_EQ(members(world.read(client), "code"), (texts{"1101", "-"}));
}

TEST_F(ReturningAboveTheEpoch, IsNotBelievedOnceEachPartitionHasBeenReadAgain) {
  auto& client = come_back(pos(2, 1));
  world.directory.settle(other, generation{1});
  EXPECT_EQ(members(world.read(client), "code"), (texts{"1101", "-"}));
}

TEST_F(ReturningAboveTheEpoch, IsBelievedWhereItMayHaveMovedToAnotherProcess) {
  world.directory.set_listed_partitions(3);
  auto& client = come_back(pos(2, 1));
  world.directory.settle(other, generation{1});
  EXPECT_EQ(world.read(client), texts{});
}

TEST_F(ReturningClient, GetsWhatADeadActorHadWhenThatHasBeenReadAgain) {
  world.record("A", 0, 10);
  auto& client = world.connect();
  world.come_back(client, "A", pos(1, 7));
  caf::anon_send_exit(world.entry("A")->actor, caf::exit_reason::kill); // before it is asked
  auto got = members(world.read(client), "sequence");
  stored_stream row; // a claim: 4 of them were committed
  row.symbol = named("A");
  row.position = pos(1, 4);
  row.snapshot = samples::snapshot("A", pos(1, 4), 104, 4);
  row.home = home;
  world.directory.restore(home, row);
  const auto waiting = world.record("A", 4, 8);
  world.directory.settle(home, generation{1});
  for (const auto& each : members(world.read(client), "sequence"))
    got.push_back(each);
  EXPECT_EQ(got, (texts{"-", "8", "9", "10", "11", "12"}));
}

TEST_F(ReturningClient, IsAnsweredAlsoWhereTheActorDiesWithItsQuestion) {
  world.record("A", 0, 10);
  auto& client = world.connect();
  world.come_back(client, "A", pos(1, 7));
  const auto entry = world.entry("A");
  while (entry->queued.load() == 0) // until the question is in its mailbox
    ASSERT_TRUE(world.scheduler.try_run_once());
  const auto dying = caf::actor_cast<caf::actor>(entry->actor);
  caf::anon_send<caf::message_priority::high>(
      dying, caf::exit_msg{dying.address(), caf::exit_reason::kill});
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed"})); // no claim has come yet
  EXPECT_EQ(entry->restarts.load(), 1u);
}

// That partition has settled long ago: nobody says so again.
TEST_F(ReturningClient, GoesOnWhereItsSymbolComesBackByWayOfAnotherPartition) {
  world.known("A", pos(1, 5));
  world.directory.set_assignment({other});
  world.directory.settle(other, generation{1});
  auto& client = world.connect();
  world.come_back(client, "A", pos(1, 3));
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed", "error"})); // not_owner
  const auto moving = world.record("A", 0, 1, other);
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":4,"to":5,)"
                    R"("reason":"expired"})");
  EXPECT_EQ(member(got[1], "sequence"), "5");
}

TEST(ReturningClientOfAJournal, ReadsItAndJoinsTheLiveStream) {
  connection_world world{100, true};
  world.known("A", pos(1, 30));
  auto& client = world.connect();
  world.come_back(client, "A", pos(1, 27));
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed"}));
  ASSERT_EQ(world.journal.asked.size(), 1u);
  EXPECT_EQ(world.journal.asked[0].through, pos(1, 30));
  world.record("A", 0, 2); // 31 and 32 happen meanwhile
  world.journal.answer(0, {burst(0, "A", 1, 28, 30)});
  world.run();
  world.record("A", 2, 1);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"28", "29", "30", "31", "32", "33"}));
}

TEST(ReturningClientOfAJournal, IsSentAwayWithThePositionItReachedWhereThatDoesNotAnswer) {
  connection_world world{100, true};
  world.known("A", pos(1, 30));
  auto& client = world.connect();
  world.come_back(client, "A", pos(1, 20));
  world.run();
  world.journal.fail(0, {errc::database_unavailable, "recovery.timeout (30 s)"});
  world.run();
  ASSERT_EQ(client.closed.size(), 1u);
  EXPECT_EQ(client.closed[0].first, close_code::try_again_later);
  EXPECT_EQ(client.closed[0].second, R"({"retry_after_ms":1000,"symbol":"A","epoch":1,"seq":20})");
}

// Events 51 to 60 wait in the writer of one partition; the symbol has gone on from another one, and
// that was committed first.
struct MovedWhileEventsWait : testing::Test {
  MovedWhileEventsWait() {
    world.record("A", 0, 50); // committed
    late = world.record("A", 50, 10);
    world.directory.settle(home, generation{1});
    world.directory.settle(other, generation{1});
    world.record("A", 0, 2, other);
    caf::anon_send(world.entry("A")->actor, epoch_committed{epoch{2}});
    world.run();
  }
  connection_world world{100, true};
  std::shared_ptr<ingest_range> late;
};

TEST_F(MovedWhileEventsWait, AReturningClientGetsThem) {
  auto& client = world.connect();
  world.come_back(client, "A", pos(1, 48));
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed"}));
  ASSERT_EQ(world.journal.asked.size(), 1u);
  EXPECT_EQ(world.journal.asked[0].through, pos(1, 50));
  world.journal.answer(0, {burst(0, "A", 1, 49, 50)});
  const auto first = world.read(client);
  EXPECT_EQ(members(first, "sequence"),
            (texts{"49", "50", "51", "52", "53", "54", "55", "56", "57", "58", "59", "60"}));
  ASSERT_EQ(world.journal.asked.size(), 2u);
  EXPECT_EQ(world.journal.asked[1].after, pos(1, 60));
  world.journal.answer(1, {});
  const auto second = world.read(client);
  EXPECT_EQ(members(second, "sequence"), (texts{"-", "1", "2"}));
  EXPECT_EQ(second[0], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":61,)"
                       R"("to":null,"reason":"new_epoch"})");
  world.record("A", 2, 1, other);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"3"}));
}

TEST_F(MovedWhileEventsWait, OfTheJournalWhereTheyAreCommittedMeanwhile) {
  auto& client = world.connect();
  world.come_back(client, "A", pos(1, 48));
  world.read(client);
  late.reset(); // while 49 and 50 are read
  world.journal.answer(0, {burst(0, "A", 1, 49, 50)});
  world.run();
  EXPECT_EQ(world.journal.asked.at(1).after, pos(1, 50));
  EXPECT_EQ(world.journal.asked.at(1).through, pos(2, 0));
  world.journal.answer(1, {burst(0, "A", 1, 51, 60)});
  world.run();
  EXPECT_EQ(members(world.read(client), "sequence").back(), "2");
}

TEST_F(MovedWhileEventsWait, TheDirectorySaysSoForAsLong) {
  const auto name = named("A");
  EXPECT_EQ(world.directory.find(name).snapshot->position, pos(2, 2));
  EXPECT_EQ(world.directory.waits_still(name, epoch{1}), sequence{60});
  EXPECT_FALSE(world.directory.waits_still(name, epoch{2}));
  EXPECT_FALSE(world.directory.waits_still(named("B"), epoch{1}));
  EXPECT_TRUE(world.directory.waits_still(name));
  EXPECT_FALSE(world.directory.waits_still(named("B")));
  late.reset();
  EXPECT_FALSE(world.directory.waits_still(name, epoch{1}));
  EXPECT_FALSE(world.directory.waits_still(name));
  EXPECT_EQ(world.entry("A")->earlier->size(), 1u);
  const auto back = world.record("A", 60, 1); // the next move has nothing to note but its own
  EXPECT_EQ(world.entry("A")->earlier, nullptr);
}

} // namespace
} // namespace tradepulse
