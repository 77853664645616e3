#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// One partition actor between real symbol actors and fake ports: the claim, the range, the commit.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::costs;
using samples::named;
using samples::pos;

const topic_partition ticks{"ticks", 0};

ingest_rules rules() {
  ingest_rules out;
  out.identity_check_interval = 0ms; // at each second that the test lets pass
  return out;
}

struct Partition : testing::Test {
  // Events of A in this epoch, as the clients may see them: price and time as in "A PRICE MS".
  void expect(std::int64_t e, std::vector<std::pair<std::int64_t, std::int64_t>> events,
              const std::string& name = "A") {
    auto& all = world.expected[name][e];
    for (const auto& [whole, ms] : events)
      all.push_back(samples::event(static_cast<std::int64_t>(all.size()) + 1, whole, ms));
  }
  std::size_t calls(const std::string& what) {
    return static_cast<std::size_t>(
        std::count(world.reader.calls.begin(), world.reader.calls.end(), what));
  }
  std::string reason() {
    const auto all = world.health().reasons();
    return all.empty() ? "" : all.front().second;
  }
  actor_world world{rules()};
};

// --- the claim -------------------------------------------------------------------------------

TEST_F(Partition, StoresWhereANewPartitionStartsBeforeItReads) {
  world.log.logs[ticks].begin = next_offset{40};
  world.log.logs[ticks].end = high_watermark{90};
  world.start(ticks);
  EXPECT_EQ(world.store.row(ticks).next, next_offset{40});
  EXPECT_EQ(world.store.row(ticks).cluster_id, "cluster");
  EXPECT_EQ(world.store.row(ticks).owner, "this node");
  EXPECT_EQ(world.reader.calls, std::vector<std::string>{"start ticks/0 from 40"});
}

// Who spawned it may be late: what is read under its claim must find it all the same.
TEST_F(Partition, IsFoundByWhatIsReadBeforeItAsksForItsClaim) {
  world.store.fail_claims(1, errc::database_unavailable);
  world.start(ticks);
  EXPECT_TRUE(world.reader.calls.empty()); // it has none yet
  EXPECT_TRUE(world.routed(ticks));
}

TEST_F(Partition, ReadsOnFromWhatTheClaimReturned) {
  world.log.logs[ticks].end = high_watermark{90};
  world.store.set(ticks, {generation{7}, std::nullopt, next_offset{55}, epoch{1}, "cluster", {}});
  world.start(ticks);
  EXPECT_EQ(world.reader.calls, std::vector<std::string>{"start ticks/0 from 55"});
  EXPECT_EQ(world.reader.reading[ticks].gen, generation{8});
}

TEST_F(Partition, HasTheReaderRecogniseTheRecordThatTheLogWasSeenToHave) {
  world.start(ticks);
  EXPECT_EQ(world.reader.reading[ticks].before, std::nullopt); // nothing was ever applied
  world.batch(ticks, {{0, "A 10 0"}, {1, "A 11 1"}});
  world.commit();
  world.fault(ticks, read_fault::offset_out_of_range);
  world.wait(100ms);
  ASSERT_TRUE(world.reader.reading[ticks].before);
  EXPECT_EQ(world.reader.reading[ticks].before->offset, record_offset{1});
  EXPECT_EQ(world.reader.reading[ticks].before->digest, world.log.logs[ticks].digests[1]);
}

TEST_F(Partition, HasNothingRecognisedWhereTheRecordIsGone) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.log.logs[ticks].digests.clear(); // expired, or compacted away
  world.fault(ticks, read_fault::offset_out_of_range);
  world.wait(100ms);
  EXPECT_EQ(world.state_of(ticks), "reading");
  EXPECT_EQ(world.reader.reading[ticks].before, std::nullopt);
}

TEST_F(Partition, HasNothingRecognisedWhereReadingBeginsFurtherOn) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  auto row = world.store.row(ticks);
  row.next = next_offset{5}; // an operator's command
  world.store.set(ticks, row);
  world.log.logs[ticks].end = high_watermark{9};
  world.fault(ticks, read_fault::offset_out_of_range);
  world.wait(100ms);
  EXPECT_EQ(world.reader.calls.back(), "start ticks/0 from 5");
  EXPECT_EQ(world.reader.reading[ticks].before, std::nullopt);
}

TEST_F(Partition, WaitsWhileItsLogCannotBeLookedInto) {
  world.log.reachable = false;
  world.start(ticks);
  EXPECT_TRUE(world.reader.calls.empty());
  EXPECT_NE(reason(), "");
  world.log.reachable = true;
  world.wait(100ms);
  EXPECT_EQ(calls("start ticks/0 from 0"), 1u);
  EXPECT_EQ(reason(), "");
}

// --- batch, range, commit --------------------------------------------------------------------

TEST_F(Partition, PublishesAtOnceAndCommitsLater) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}, {12, 1}});
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 5 0"}, {2, "A 12 1"}});
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 2)); // clients do not wait for the database
  EXPECT_EQ(world.store.row(ticks).next, next_offset{0});
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{3});
  EXPECT_EQ(world.store.row(ticks).last_applied->offset, record_offset{2});
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
  EXPECT_EQ(world.store.stream("A")->snapshot->price, costs(12));
  EXPECT_EQ(world.store.stream("B")->position, pos(1, 1));
  EXPECT_EQ(calls("commit ticks/0 at 3"), 1u);
  EXPECT_EQ(world.metrics().ranges_in_flight.value(), 0);
}

TEST_F(Partition, CommitsNoRangeWhoseLetterIsNotConfirmed) {
  world.letters.answer(samples::fake_letters::mode::hold);
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}, {1, "!bad_json"}});
  world.batch(ticks, {{2, "A 11 1"}});
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{0}); // nor the range behind it
  EXPECT_EQ(world.published("A"), pos(1, 2));
  world.letters.confirm_held();
  world.wait(1ms);
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{3});
}

TEST_F(Partition, GoesOnWhereABatchHasNothingUsable) {
  world.start(ticks);
  world.batch(ticks, {{0, "~aggTrade"}, {1, ""}});
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{2});
}

TEST_F(Partition, DropsABatchOfAnOlderClaim) {
  world.start(ticks);
  const auto old = world.reader.reading[ticks].gen;
  world.lose_connection(); // claims again
  ASSERT_NE(world.reader.reading[ticks].gen, old);
  world.batch_of_generation(ticks, old, {{0, "A 10 0"}});
  EXPECT_EQ(world.published("A"), pos(0, 0));
  EXPECT_EQ(world.metrics().stale_batches.value(), 1u);
}

// --- losing the claim ------------------------------------------------------------------------

TEST_F(Partition, ClaimsAgainAfterAPauseWhenItIsFenced) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  auto row = world.store.row(ticks);
  row.gen = generation{5}; // another owner
  row.next = next_offset{1};
  world.store.set(ticks, row);
  world.commit();
  EXPECT_EQ(world.store.row(ticks).gen, generation{5}); // not at once
  EXPECT_FALSE(world.store.stream("A"));
  world.wait(100ms);
  EXPECT_EQ(world.store.row(ticks).gen, generation{6});
  EXPECT_EQ(world.reader.calls.back(), "start ticks/0 from 1");
}

TEST_F(Partition, GoesOnPublishingWhileTheDatabaseIsAway) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}, {11, 1}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.database(false);
  world.lose_connection();
  world.batch(ticks, {{1, "A 11 1"}});
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 2));
}

TEST_F(Partition, GivesTheSameNumbersWhenItReadsAgainAndClientsSeeNothingTwice) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}, {11, 1}, {12, 2}, {13, 3}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(ticks, {{1, "A 11 1"}, {2, "A 12 2"}});
  world.lose_connection();
  EXPECT_EQ(world.reader.calls.back(), "start ticks/0 from 1");
  EXPECT_EQ(world.published("A"), pos(1, 3)); // memory is ahead and stays there
  auto& newcomer = world.subscribe("A");
  world.read_again(ticks);
  EXPECT_EQ(world.published("A"), pos(1, 3));
  world.batch(ticks, {{3, "A 13 3"}});
  world.commit();
  world.read(client);
  world.read(newcomer);
  EXPECT_EQ(client.position("A"), pos(1, 4));
  EXPECT_EQ(client.updates(), 4u);
  EXPECT_EQ(newcomer.updates(), 1u);
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 4));
  EXPECT_EQ(world.store.row(ticks).next, next_offset{4});
}

TEST_F(Partition, BeginsAnIdleStreamAnewThatTheDatabaseHasLostWithItsServer) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}, {11, 1}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.passivate_idle();
  world.passivate_idle();
  ASSERT_EQ(world.symbol_actors(), 0u);
  world.lose_connection(); // a claim finds it as it is stored, and it does nothing since
  auto row = world.store.row(ticks);
  row.next = next_offset{0};
  row.last_applied.reset();
  world.store.set(ticks, row);
  world.store.lose("A"); // its only transaction did not reach the server that took over
  world.lose_connection();
  world.read_again(ticks);
  world.batch(ticks, {{1, "A 11 1"}});
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 2));
  EXPECT_EQ(client.updates(), 2u);
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
}

TEST_F(Partition, GivesTheSameNumbersToASymbolThatWasNeverCommittedHoweverOftenItReadsAgain) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}, {11, 1}, {12, 2}});
  world.batch(ticks, {{0, "A 10 0"}, {1, "A 11 1"}});
  for (int i = 0; i < 3; ++i) {
    world.lose_connection();
    world.read_again(ticks);
  }
  world.batch(ticks, {{2, "A 12 2"}});
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 3));
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 3));
}

TEST_F(Partition, TellsClientsWhereTheDatabaseIsAhead) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  auto stream = *world.store.stream("A"); // another owner went on to 9
  stream.position = stream.snapshot->position = pos(1, 9);
  world.store.set(stream);
  world.lose_connection();
  world.read(client);
  EXPECT_EQ(world.moves_told(), 1u);
  EXPECT_EQ(world.published("A"), pos(1, 9));
}

TEST_F(Partition, TellsClientsOfNoMoveWhereNothingMoved) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.lose_connection();
  world.read(client);
  EXPECT_EQ(world.moves_told(), 0u);
}

// --- faults of reading -----------------------------------------------------------------------

TEST_F(Partition, ClaimsAgainWhereItsOffsetIsOutOfRange) {
  world.start(ticks);
  world.fault(ticks, read_fault::offset_out_of_range);
  world.wait(100ms);
  EXPECT_EQ(world.store.row(ticks).gen, generation{2});
  EXPECT_EQ(calls("start ticks/0 from 0"), 2u);
}

TEST_F(Partition, CommitsWhatItHasReadBeforeItClaimsAgainForAFaultOfReading) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}, {1, "A 11 1"}});
  world.fault(ticks, read_fault::offset_out_of_range);
  world.log.logs[ticks] = {next_offset{7}, high_watermark{7}, {}}; // those two have gone as well
  world.wait(100ms);
  EXPECT_EQ(world.store.row(ticks).gen, generation{1});
  world.commit();
  world.wait(100ms);
  EXPECT_EQ(world.reader.calls.back(), "start ticks/0 from 7");
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
  EXPECT_EQ(world.metrics().expired_records.value(), 5u);
}

TEST_F(Partition, LeavesAPassingFaultToTheLibrary) {
  world.start(ticks);
  world.fault(ticks, read_fault::transient);
  world.wait(10s);
  EXPECT_EQ(world.store.row(ticks).gen, generation{1});
}

// --- the end ---------------------------------------------------------------------------------

TEST_F(Partition, ReleasesItsClaimOnlyAfterWhatItHasIsCommitted) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.give_up(ticks);
  EXPECT_EQ(calls("stop ticks/0"), 1u);
  EXPECT_TRUE(world.ended().empty());
  EXPECT_EQ(world.store.row(ticks).owner, "this node");
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{1});
  EXPECT_EQ(world.store.row(ticks).owner, std::nullopt);
  EXPECT_EQ(world.ended(), std::vector<topic_partition>{ticks});
}

TEST_F(Partition, ReleasesItsClaimAtOnceWhereNothingWaits) {
  world.start(ticks);
  world.give_up(ticks);
  EXPECT_EQ(world.store.row(ticks).owner, std::nullopt);
  EXPECT_EQ(world.ended(), std::vector<topic_partition>{ticks});
}

TEST_F(Partition, TakesNothingMoreWhileItLeaves) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.give_up(ticks);
  world.batch_of_generation(ticks, world.reader.reading[ticks].gen, {{1, "A 11 1"}});
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{1});
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 1));
}

TEST_F(Partition, EndsWhereTheDatabaseGoesAwayWhileItLeaves) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.give_up(ticks);
  world.lose_connection();
  EXPECT_EQ(world.ended(), std::vector<topic_partition>{ticks});
  EXPECT_EQ(world.store.row(ticks).next, next_offset{0}); // left to the log
}

} // namespace
} // namespace tradepulse
