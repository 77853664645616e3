#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// A partition actor whose symbols die, whose log is replaced, whose dead letters are refused, and
// streams that two partitions feed.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::costs;
using samples::named;
using samples::pos;

const topic_partition ticks{"ticks", 0};
const topic_partition other{"ticks", 1};

struct PartitionFailures : testing::Test {
  explicit PartitionFailures(ingest_rules rules = with([](auto&) {})) : world(rules) {}

  template <class Change>
  static ingest_rules with(Change change) {
    ingest_rules out;
    out.identity_check_interval = 0ms; // at each second that the test lets pass
    out.symbol_failures = 2;
    change(out);
    return out;
  }
  void expect(std::int64_t e, std::vector<std::pair<std::int64_t, std::int64_t>> events,
              const std::string& name = "A") {
    auto& all = world.expected[name][e];
    for (const auto& [whole, ms] : events)
      all.push_back(samples::event(static_cast<std::int64_t>(all.size()) + 1, whole, ms));
  }
  std::string reason() {
    const auto all = world.health().reasons();
    return all.empty() ? "" : all.front().second;
  }
  generation claimed() { return world.store.row(ticks).gen; }

  actor_world world;
};

// --- a symbol actor dies ---------------------------------------------------------------------

TEST_F(PartitionFailures, AreCuredByAClaimWhereASymbolDiesWithItsWork) {
  world.start(ticks);
  auto& a = world.subscribe("A");
  auto& b = world.subscribe("B");
  expect(1, {{10, 0}, {11, 1}, {12, 2}});
  expect(1, {{50, 0}, {51, 1}}, "B");
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 50 0"}});
  world.commit();
  world.dispatch_only(ticks, {{2, "A 11 1"}, {3, "B 51 1"}});
  world.kill_symbol("A");
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{2}); // the range is not complete
  world.read(b);
  EXPECT_EQ(b.position("B"), pos(1, 2)); // other symbols' subscribers notice nothing
  world.wait(100ms);
  EXPECT_EQ(claimed(), generation{2});
  world.read_again(ticks);
  world.batch(ticks, {{4, "A 12 2"}});
  world.commit();
  world.read(a);
  world.read(b);
  EXPECT_EQ(a.position("A"), pos(1, 3));
  EXPECT_EQ(a.updates(), 3u);
  EXPECT_EQ(b.updates(), 2u);
  EXPECT_EQ(world.store.row(ticks).next, next_offset{5});
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 3));
}

TEST_F(PartitionFailures, NeverTakeAPublishedPositionBackWhileASymbolIsRebuilt) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}, {11, 1}, {12, 2}, {13, 3}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(ticks, {{1, "A 11 1"}}); // published, not committed
  world.dispatch_only(ticks, {{2, "A 12 2"}});
  world.kill_symbol("A");
  EXPECT_EQ(world.published("A"), pos(1, 2));
  world.batch(ticks, {{3, "A 13 3"}}); // before the claim
  EXPECT_EQ(world.published("A"), pos(1, 2));
  world.wait(100ms);
  EXPECT_EQ(world.published("A"), pos(1, 2));
  world.read_again(ticks);
  world.read(client);
  EXPECT_EQ(world.published("A"), pos(1, 4));
  EXPECT_EQ(client.position("A"), pos(1, 4));
}

TEST_F(PartitionFailures, RebuildASymbolThatTheDatabaseHasNeverSeen) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}, {11, 1}, {12, 2}});
  world.batch(ticks, {{0, "A 10 0"}, {1, "A 11 1"}}); // published, not committed
  world.dispatch_only(ticks, {{2, "A 12 2"}});
  world.kill_symbol("A");
  world.wait(100ms);
  EXPECT_EQ(world.published("A"), pos(1, 2));
  auto& newcomer = world.subscribe("A");
  world.read_again(ticks);
  EXPECT_EQ(world.published("A"), pos(1, 3));
  world.commit();
  world.read(client);
  world.read(newcomer);
  EXPECT_EQ(client.position("A"), pos(1, 3));
  EXPECT_EQ(newcomer.position("A"), pos(1, 3));
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 3));
  EXPECT_EQ(world.store.row(ticks).next, next_offset{3});
}

TEST_F(PartitionFailures, RebuildASymbolThatDiedWithNothingInHand) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}, {11, 1}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.kill_symbol("A");
  world.batch(ticks, {{1, "A 11 1"}}); // the ticket dies with the dead actor's mailbox
  world.wait(100ms);
  world.read_again(ticks);
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 2));
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
}

TEST_F(PartitionFailures, StopASymbolThatFailsTooOften) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 50 0"}});
  world.commit();
  world.dispatch_only(ticks, {{2, "A 11 1"}});
  for (int i = 0; i < 3; ++i) { // two are allowed
    world.kill_symbol("A");
    world.wait(10s);
    if (i < 2) {
      EXPECT_TRUE(world.letters.letters().empty());
      world.dispatch_only(ticks, {{3 + i, "A 12 2"}});
    }
  }
  world.read_again(ticks);
  const auto letters = world.letters.letters();
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(letters[0].reason, reject_reason::symbol_stopped);
  EXPECT_EQ(letters[0].batch->records.at(letters[0].index).offset, record_offset{2});
  world.batch(ticks, {{5, "B 51 1"}});
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{6}); // the partition goes on
  EXPECT_TRUE(has(world.store.stream("A")->flags, stream_flags::stopped));
  EXPECT_EQ(world.store.stream("A")->position, pos(2, 0)); // and its epoch is over
  EXPECT_EQ(world.store.stream("B")->position, pos(1, 2));
}

TEST_F(PartitionFailures, EndTheEpochOfAStoppedSymbolAlsoWhereNoneOfItWasStored) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}}); // published as 1/1, not committed
  for (int i = 0; i < 3; ++i) {
    world.dispatch_only(ticks, {{1 + i, "A 11 1"}});
    world.kill_symbol("A");
    world.wait(10s);
  }
  world.read_again(ticks);
  world.commit();
  ASSERT_TRUE(world.store.stream("A"));
  EXPECT_TRUE(has(world.store.stream("A")->flags, stream_flags::stopped));
  EXPECT_GT(world.store.stream("A")->position.epoch, epoch{1});
}

TEST_F(PartitionFailures, EndTheEpochOfAStoppedSymbolAlsoUnderARaisedFloor) {
  auto row = world.store.row(ticks);
  row.next = next_offset{0};
  row.floor = epoch{5};
  row.cluster_id = "cluster";
  world.store.set(ticks, row);
  stored_stream stream;
  stream.symbol = named("A");
  stream.position = pos(1, 40);
  stream.snapshot = samples::snapshot("A", pos(1, 40), 10, 0);
  stream.home = ticks;
  world.store.set(stream);
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 5"}}); // published as 5/1, not committed
  ASSERT_EQ(world.published("A"), pos(5, 1));
  for (int i = 0; i < 3; ++i) {
    world.dispatch_only(ticks, {{1 + i, "A 11 6"}});
    world.kill_symbol("A");
    world.wait(10s);
  }
  world.read_again(ticks);
  world.commit();
  EXPECT_EQ(world.store.stream("A")->position, pos(6, 0));
}

// --- dead letters ----------------------------------------------------------------------------

TEST_F(PartitionFailures, MakeAPartitionWaitWhoseLettersAreRefused) {
  world.start(ticks);
  world.letters.answer(samples::fake_letters::mode::refuse);
  world.batch(ticks, {{0, "!bad_json"}, {1, "A 10 0"}});
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{0});
  EXPECT_NE(reason().find("dead-letter"), std::string::npos) << reason();
  world.second(); // tried again
  EXPECT_EQ(world.letters.letters().size(), 2u);
  world.letters.answer(samples::fake_letters::mode::confirm);
  world.second();
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{2});
  EXPECT_EQ(reason(), "");
}

struct PartitionThatCounts : PartitionFailures {
  PartitionThatCounts()
      : PartitionFailures(
            with([](auto& r) { r.on_dead_letter_failure = dead_letter_policy::count; })) {}
};
TEST_F(PartitionThatCounts, GoesOnWithoutTheLettersThatAreRefused) {
  world.start(ticks);
  world.letters.answer(samples::fake_letters::mode::refuse);
  world.batch(ticks, {{0, "!bad_json"}, {1, "A 10 0"}});
  world.commit();
  EXPECT_EQ(world.store.row(ticks).next, next_offset{2});
  EXPECT_EQ(world.metrics().dead_letter_retries.value(), 1u);
}

// --- the log's identity ----------------------------------------------------------------------

struct Stored {
  explicit Stored(actor_world& w) {
    w.log.logs[ticks].end = high_watermark{100};
    w.log.logs[ticks].digests[49] = 7;
    w.store.set(ticks, {generation{3}, std::nullopt, next_offset{50}, epoch{1}, "cluster",
                        applied_record{record_offset{49}, 7}});
  }
};

TEST_F(PartitionFailures, StopAPartitionWhoseLogWasReplacedUntilAnOperatorMovesIt) {
  Stored before{world};
  world.log.logs[ticks].digests[49] = 8;
  world.start(ticks);
  EXPECT_TRUE(world.reader.reading.empty());
  EXPECT_EQ(world.store.row(ticks).owner, std::nullopt); // it gave its claim up
  EXPECT_NE(reason().find("tradepulse offsets set ticks 0 OFFSET"), std::string::npos) << reason();
  EXPECT_EQ(world.metrics().replaced_logs.value(), 1u);
  world.second();
  world.wait(10s);
  EXPECT_EQ(claimed(), generation{4}); // it looks, and claims nothing
  auto row = world.store.row(ticks);   // `offsets set`
  row.gen = generation{5};
  row.next = next_offset{60};
  row.floor = epoch{2};
  row.last_applied.reset();
  world.store.set(ticks, row);
  world.second();
  EXPECT_EQ(claimed(), generation{6});
  EXPECT_EQ(world.reader.calls.back(), "start ticks/0 from 60");
  EXPECT_EQ(reason(), "");
}

struct PartitionThatTakesNewLogs : PartitionFailures {
  PartitionThatTakesNewLogs()
      : PartitionFailures(
            with([](auto& r) { r.on_replaced_log = replaced_log_policy::new_epoch; })) {}
};
TEST_F(PartitionThatTakesNewLogs, ReadsThemFromTheirStartInANewEpoch) {
  Stored before{world};
  stored_stream stream;
  stream.symbol = named("A");
  stream.position = pos(4, 9);
  stream.snapshot = samples::snapshot("A", pos(4, 9), 90, 900);
  stream.home = ticks;
  world.store.set(stream);
  world.log.logs[ticks].begin = next_offset{2};
  world.log.logs[ticks].end = high_watermark{30};
  world.start(ticks);
  EXPECT_EQ(world.reader.calls.back(), "start ticks/0 from 2");
  EXPECT_EQ(world.store.row(ticks).floor, epoch{5}); // above every epoch of its streams
  auto& client = world.subscribe("B");
  expect(5, {{10, 0}}, "B");
  world.batch(ticks, {{2, "A 10 0"}, {3, "B 10 0"}});
  world.read(client);
  EXPECT_EQ(client.position("B"), pos(5, 1));
  EXPECT_EQ(world.published("A"), pos(5, 1));
}

TEST_F(PartitionFailures, BeginAnEpochWhereRecordsExpiredUnread) {
  Stored before{world};
  world.log.logs[ticks].begin = next_offset{70};
  world.log.logs[ticks].digests.clear();
  world.start(ticks);
  EXPECT_EQ(world.reader.calls.back(), "start ticks/0 from 70");
  EXPECT_EQ(world.store.row(ticks).floor, epoch{2});
  EXPECT_EQ(world.metrics().expired_records.value(), 20u);
  EXPECT_EQ(reason(), ""); // no stop
}

TEST_F(PartitionFailures, KeepTheEpochWhereOnlyTheCheckedRecordIsGone) {
  Stored before{world};
  world.log.logs[ticks].digests.clear();
  world.start(ticks);
  EXPECT_EQ(world.reader.calls.back(), "start ticks/0 from 50");
  EXPECT_EQ(world.store.row(ticks).floor, epoch{1});
  EXPECT_EQ(world.metrics().expired_records.value(), 0u);
}

TEST_F(PartitionFailures, FindOutThatTheLogWasReplacedUnderALivingProcess) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.second(); // remembers record 0
  world.second(); // and finds it as it was
  EXPECT_EQ(claimed(), generation{1});
  world.log.logs[ticks].digests[0] = 1;
  world.second();
  EXPECT_EQ(claimed(), generation{2});
  EXPECT_EQ(world.metrics().replaced_logs.value(), 1u);
}

TEST_F(PartitionFailures, FindOutThatTheLogBecameShorter) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}, {1, "A 11 1"}});
  world.commit();
  world.second();
  world.log.logs[ticks].end = high_watermark{1};
  world.log.logs[ticks].digests.erase(1);
  world.broker_back(ticks); // looks at once
  EXPECT_EQ(claimed(), generation{2});
}

TEST_F(PartitionFailures, FindOutThatTheClusterIsAnotherOne) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.second();
  world.log.cluster = "another";
  world.second();
  EXPECT_EQ(claimed(), generation{2});
}

TEST_F(PartitionFailures, CheckTheSameRecordAgainWhereTheBrokerDidNotAnswer) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.second(); // remembers record 0
  world.batch(ticks, {{1, "A 11 1"}});
  world.commit();
  world.log.reachable = false;
  world.second();
  EXPECT_EQ(claimed(), generation{1}); // nothing is known
  world.log.reachable = true;
  world.log.logs[ticks].digests[0] = 1; // replaced while nobody could look
  world.second();
  EXPECT_EQ(claimed(), generation{2});
}

TEST_F(PartitionFailures, DegradeAPartitionUntilARecordCanBeRead) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.fault(ticks, read_fault::offset_out_of_range); // a batch that is damaged, tried in vain
  EXPECT_EQ(reason(), "its records cannot be read: as the test wants it");
  world.wait(100ms);
  EXPECT_EQ(world.state_of(ticks), "reading");
  EXPECT_EQ(reason(), "its records cannot be read: as the test wants it"); // nothing came yet
  world.batch(ticks, {{1, "A 11 1"}});
  EXPECT_EQ(reason(), "");
}

TEST_F(PartitionFailures, DoNotDegradeAPartitionAfterAPassingFault) {
  world.start(ticks);
  world.fault(ticks, read_fault::transient);
  EXPECT_EQ(reason(), "");
}

TEST_F(PartitionThatTakesNewLogs, AreNotDegradedWhereReadingBeginsElsewhere) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}, {1, "A 11 1"}});
  world.commit();
  world.log.logs[ticks].digests[1] = 4711;
  world.fault(ticks, read_fault::offset_out_of_range);
  world.wait(100ms);
  EXPECT_EQ(world.state_of(ticks), "reading");
  EXPECT_EQ(reason(), "");
}

// --- a stream that two partitions feed -------------------------------------------------------

TEST_F(PartitionFailures, HoldAnEpochThatAMoveBeganUntilItIsCommitted) {
  world.start(ticks);
  world.start(other);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}});
  expect(2, {{20, 0}, {21, 1}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(other, {{0, "A 20 0"}});
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 1)); // not before its epoch is durable
  world.commit();
  world.batch(other, {{1, "A 21 1"}});
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(2, 2));
  EXPECT_EQ(client.gaps(), 1u);
}

TEST_F(PartitionFailures, NumberAMovedStreamTheSameWhenTheMoveIsReadAgain) {
  world.start(ticks);
  world.start(other);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}});
  expect(2, {{20, 0}, {21, 1}, {22, 2}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(other, {{0, "A 20 0"}, {1, "A 21 1"}, {2, "B 5 0"}}); // moves, is not committed
  world.kill_symbol("B");
  world.wait(100ms); // claims again
  EXPECT_EQ(world.store.row(other).gen, generation{2});
  world.read_again(other);
  world.commit();
  world.batch(other, {{3, "A 22 2"}});
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A").epoch, world.store.stream("A")->position.epoch);
  EXPECT_EQ(client.position("A"), pos(2, 3));
  EXPECT_EQ(world.store.stream("A")->position, pos(2, 3));
}

TEST_F(PartitionFailures, NumberAMovedStreamTheSameWhenAServerHasLostTheMove) {
  world.start(ticks);
  world.start(other);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  const auto row = world.store.row(other);
  const auto before = *world.store.stream("A");
  world.batch(other, {{0, "A 20 0"}, {1, "A 21 1"}});
  world.commit();
  ASSERT_EQ(world.published("A"), pos(2, 2));
  world.store.set(other, row); // another server, which has A at its old home
  world.store.set(before);
  world.fault(other, read_fault::offset_out_of_range);
  world.wait(100ms);
  world.read_again(other);
  EXPECT_EQ(world.published("A"), pos(2, 2));
  world.commit();
  EXPECT_EQ(world.published("A"), pos(2, 2));
  EXPECT_EQ(world.store.stream("A")->position, pos(2, 2));
  EXPECT_EQ(world.home_of(named("A")), other);
}

TEST_F(PartitionFailures, LeaveAMovedStreamAloneWhenItsOldHomeClaimsAgain) {
  world.start(ticks);
  world.start(other);
  auto& client = world.subscribe("A");
  expect(1, {{10, 0}});
  expect(2, {{20, 0}, {21, 1}});
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(other, {{0, "A 20 0"}}); // held
  world.fault(ticks, read_fault::offset_out_of_range);
  world.wait(100ms); // the old home is claimed with A as it was
  world.commit();
  world.batch(other, {{1, "A 21 1"}});
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(2, 2));
  EXPECT_EQ(world.store.stream("A")->position, pos(2, 2));
}

TEST_F(PartitionFailures, LeaveAMovedStreamAloneWhenItsOldHomeWasClaimedBeforeTheCommit) {
  world.start(ticks);
  world.start(other);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  const auto before = *world.store.stream("A");
  world.batch(other, {{0, "A 20 0"}});
  world.commit();
  const auto moved = *world.store.stream("A");
  world.store.set(before); // as that claim has read it
  world.fault(ticks, read_fault::offset_out_of_range);
  world.wait(100ms);
  world.store.set(moved);
  world.batch(other, {{1, "A 21 1"}});
  world.commit();
  EXPECT_EQ(world.store.stream("A")->position, pos(2, 2));
}

// The claim finds the stream at its old home: the event that moves it waits for its actor.
TEST_F(PartitionFailures, NumberAMovedStreamTheSameWhereTheMoveWaitedDuringTheClaim) {
  world.start(ticks);
  world.start(other);
  expect(1, {{10, 0}});
  expect(2, {{20, 0}, {21, 1}, {22, 2}});
  auto& client = world.subscribe("A");
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.dispatch_only(other, {{0, "A 20 0"}, {1, "A 21 1"}});
  world.claim_only();
  world.turn_of("A");
  world.read_again(other);
  world.commit();
  world.batch(other, {{2, "A 22 2"}});
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(2, 3));
  EXPECT_EQ(world.store.stream("A")->position, pos(2, 3));
  EXPECT_EQ(world.home_of({named("A"), stream_kind::price}), other);
}

} // namespace
} // namespace tradepulse
