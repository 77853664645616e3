#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/actors/support/actor_world.hpp"

// Symbols without work give their actor back; nobody but the memory notices.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::actor_world;
using samples::line;
using samples::pos;

const topic_partition ticks{"ticks", 0};
const topic_partition other{"ticks", 1};

ingest_rules forgiving() {
  ingest_rules out;
  out.symbol_failures = 1'000'000;
  return out;
}

struct Passivation : testing::Test {
  void expect(std::int64_t e, std::int64_t whole, std::int64_t ms, const std::string& name = "A") {
    auto& all = world.expected[name][e];
    all.push_back(samples::event(static_cast<std::int64_t>(all.size()) + 1, whole, ms));
  }

  actor_world world{forgiving()};
};

TEST_F(Passivation, EndsAnActorWithoutWorkAndKeepsWhatItKnew) {
  world.start(ticks);
  world.batch(ticks, {{0, "A 10 0"}, {1, "B 50 0"}, {2, "A 11 1"}});
  world.commit();
  EXPECT_EQ(world.symbol_actors(), 2u);
  EXPECT_EQ(world.events_in_ring("A"), std::nullopt); // its actor has it
  world.passivate_idle();
  EXPECT_EQ(world.symbol_actors(), 0u);
  EXPECT_EQ(world.published("A"), pos(1, 2));
  EXPECT_EQ(world.events_in_ring("A"), 2u);
  EXPECT_EQ(world.metrics().failed_symbols.value(), 0u);
}

TEST_F(Passivation, LetsTheNextEventGoOnWithTheNextNumber) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, 10, 0);
  expect(1, 11, 1);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.passivate_idle();
  world.batch(ticks, {{1, "A 11 1"}});
  world.commit();
  world.read(client);
  EXPECT_EQ(world.symbol_actors(), 1u);
  EXPECT_EQ(client.position("A"), pos(1, 2));
  EXPECT_EQ(client.updates(), 2u);
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
  world.passivate_idle();
  EXPECT_EQ(world.events_in_ring("A"), 2u);
}

TEST_F(Passivation, AnswersSubscriptionsMeanwhileAndJoinsThemToTheNextActor) {
  world.start(ticks);
  expect(1, 10, 0);
  expect(1, 11, 1);
  world.batch(ticks, {{0, "A 10 0"}});
  world.passivate_idle();
  auto& client = world.subscribe("A");
  EXPECT_EQ(client.position("A"), pos(1, 1));
  EXPECT_EQ(world.symbol_actors(), 0u);
  world.batch(ticks, {{1, "A 11 1"}});
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 2));
}

TEST_F(Passivation, LeavesAnActorAloneToWhichSomethingIsOnItsWay) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, 10, 0);
  expect(1, 11, 1);
  world.batch(ticks, {{0, "A 10 0"}});
  world.dispatch_only(ticks, {{1, "A 11 1"}});
  world.passivate_idle(); // handles the work first
  EXPECT_EQ(world.symbol_actors(), 1u);
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 2));
}

TEST_F(Passivation, RefusesWhereWorkCameAfterTheActorWasAsked) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, 10, 0);
  expect(1, 11, 1);
  world.batch(ticks, {{0, "A 10 0"}});
  world.ask_idle_ones(); // waits in its mailbox
  world.dispatch_only(ticks, {{1, "A 11 1"}});
  world.commit(); // nothing yet, and the actors get their turn
  EXPECT_EQ(world.symbol_actors(), 1u);
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 2));
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
}

TEST_F(Passivation, WaitsForTheCommitOfAMovedHome) {
  world.start(ticks);
  world.start(other);
  auto& client = world.subscribe("A");
  expect(1, 10, 0);
  expect(2, 20, 0);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(other, {{0, "A 20 0"}}); // held until its epoch is durable
  world.passivate_idle();
  EXPECT_EQ(world.symbol_actors(), 1u);
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(2, 1));
  world.passivate_idle();
  EXPECT_EQ(world.symbol_actors(), 0u);
}

TEST_F(Passivation, TakesAnIdleSymbolBackToTheDatabaseOnAClaim) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  for (int i = 0; i < 3; ++i)
    expect(1, 10 + i, i);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.batch(ticks, {{1, "A 11 1"}}); // published, not committed
  world.passivate_idle();
  world.lose_connection();
  EXPECT_EQ(world.symbol_actors(), 0u); // a claim needs no actor
  EXPECT_EQ(world.published("A"), pos(1, 2));
  world.read_again(ticks);
  world.batch(ticks, {{2, "A 12 2"}});
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 3));
  EXPECT_EQ(client.updates(), 3u);
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 3));
}

TEST_F(Passivation, BeginsAnIdleSymbolAnewThatWasNeverCommitted) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, 10, 0);
  expect(1, 11, 1);
  world.batch(ticks, {{0, "A 10 0"}});
  world.passivate_idle();
  world.lose_connection();
  world.read_again(ticks);
  world.batch(ticks, {{1, "A 11 1"}});
  world.commit();
  world.read(client);
  EXPECT_EQ(client.position("A"), pos(1, 2));
  EXPECT_EQ(world.store.stream("A")->position, pos(1, 2));
}

TEST_F(Passivation, TellsClientsOfAnIdleSymbolWhereTheDatabaseIsAhead) {
  world.start(ticks);
  auto& client = world.subscribe("A");
  expect(1, 10, 0);
  world.batch(ticks, {{0, "A 10 0"}});
  world.commit();
  world.passivate_idle();
  auto stream = *world.store.stream("A"); // another owner went on to 9
  stream.position = stream.snapshot->position = pos(1, 9);
  world.store.set(stream);
  world.lose_connection();
  world.read(client);
  EXPECT_EQ(world.moves_told(), 1u);
  EXPECT_EQ(world.published("A"), pos(1, 9));
}

// Whatever happens in whatever order, each client sees each number once, and in the end the
// database has what the log has.
class RandomPassivation : public testing::TestWithParam<unsigned> {};

TEST_P(RandomPassivation, IsNeverNoticed) {
  std::mt19937 random(GetParam());
  const auto pick = [&](int below) {
    return std::uniform_int_distribution<int>(0, below - 1)(random);
  };
  const std::vector<std::string> names{"A", "B", "C"};
  actor_world world(forgiving());
  world.start(ticks);
  std::vector<std::pair<std::string, samples::checking_client*>> clients;
  std::int64_t offset = 0;
  const auto some_lines = [&] {
    std::vector<line> out;
    for (int n = 1 + pick(3); n > 0; --n, ++offset) {
      const auto& name = names[static_cast<std::size_t>(pick(3))];
      auto& all = world.expected[name][1];
      const auto number = static_cast<std::int64_t>(all.size()) + 1;
      all.push_back(samples::event(number, 10 + offset, offset));
      out.push_back(
          {offset, name + " " + std::to_string(10 + offset) + " " + std::to_string(offset)});
    }
    return out;
  };
  std::size_t calls = world.reader.calls.size();
  const auto read_again_after_a_claim = [&] {
    const bool started = std::any_of(
        world.reader.calls.begin() + static_cast<std::ptrdiff_t>(calls), world.reader.calls.end(),
        [](const std::string& each) { return each.starts_with("start"); });
    calls = world.reader.calls.size();
    if (started)
      world.read_again(ticks);
  };
  for (int step = 0; step < 200; ++step) {
    switch (pick(10)) {
    case 0:
    case 1:
      world.batch(ticks, some_lines());
      break;
    case 2:
      world.dispatch_only(ticks, some_lines());
      break;
    case 3:
      world.ask_idle_ones();
      break;
    case 4:
    case 5:
      world.passivate_idle();
      break;
    case 6:
      world.commit();
      break;
    case 7:
      if (pick(4) == 0)
        world.lose_connection();
      break;
    case 8:
      if (pick(4) == 0)
        world.kill_symbol(names[static_cast<std::size_t>(pick(3))]);
      else
        world.wait(100ms); // for a claim that waits
      break;
    case 9:
      if (clients.size() < 20) {
        const auto& name = names[static_cast<std::size_t>(pick(3))];
        clients.emplace_back(name, &world.subscribe(name));
      }
      break;
    }
    read_again_after_a_claim();
  }
  for (int i = 0; i < 5; ++i) { // a claim comes behind its pause
    world.batch(ticks, some_lines());
    world.wait(60s);
    read_again_after_a_claim();
    world.commit();
  }
  world.passivate_idle();
  EXPECT_EQ(world.symbol_actors(), 0u);
  EXPECT_EQ(world.store.row(ticks).next, next_offset{offset});
  for (const auto& name : names) {
    const auto count = static_cast<std::int64_t>(world.expected[name][1].size());
    EXPECT_EQ(world.published(name), pos(count == 0 ? 0 : 1, count)) << name;
  }
  for (auto& [name, client] : clients) {
    world.read(*client);
    EXPECT_EQ(client->position(name), world.published(name)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPassivation, testing::Range(1u, 101u));

} // namespace
} // namespace tradepulse
