#include "actors/ingest/slot_messages.hpp"

#include <optional>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <gtest/gtest.h>

#include "actors/message_types.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::named;

struct deterministic : caf::actor_system_config {
  deterministic() { set("scheduler.policy", caf::atom("testing")); }
};

struct SlotMessages : testing::Test {
  SlotMessages()
      : system(config),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    range = std::make_shared<ingest_range>();
    for (const char* name : {"A", "B", "C"}) {
      ingest_range::slot slot;
      slot.symbol = named(name);
      range->slots.push_back(slot);
      actors.push_back(worker());
    }
    range->open(0, [this](std::shared_ptr<ingest_range>, std::optional<stream_key> who) {
      settled = who ? "failed " + who->symbol.str() : "complete";
    });
  }
  ~SlotMessages() override {
    for (const auto& each : actors)
      caf::anon_send_exit(each, caf::exit_reason::kill);
    scheduler.run();
  }

  symbol_actor worker() {
    return system.spawn([this](symbol_actor::pointer) -> symbol_actor::behavior_type {
      return {[this](const symbol_work& work) {
                worked.push_back(work.ticket.slot().symbol.str());
                work.ticket.acknowledge();
              },
              [](const restore_stream&) {}, [](const candle_work&) {}, [](const candles_loaded&) {},
              [](const candles_idle&) {}, [](const epoch_committed&) {},
              [](const recall_events&) {}, [](const passivate_symbol&) {}};
    });
  }
  void send() {
    send_slots(
        range, [](range_ticket ticket) { return symbol_work{std::move(ticket)}; },
        [this](const symbol_work& work) {
          return actors.at(static_cast<std::size_t>(work.ticket.slot().symbol.view().front() - 'A'));
        });
  }

  deterministic config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  std::shared_ptr<ingest_range> range;
  std::vector<symbol_actor> actors;
  std::vector<std::string> worked;
  std::string settled;
};

TEST_F(SlotMessages, BringEachActorTheTicketOfItsSlot) {
  send();
  EXPECT_TRUE(worked.empty());
  scheduler.run();
  EXPECT_EQ(worked, (std::vector<std::string>{"A", "B", "C"}));
  EXPECT_EQ(settled, "complete");
}

TEST_F(SlotMessages, LetTheRangeFailWhereASymbolHasNoActor) {
  actors[1] = symbol_actor{};
  send();
  EXPECT_EQ(settled, "");
  scheduler.run();
  EXPECT_EQ(worked, (std::vector<std::string>{"A", "C"}));
  EXPECT_EQ(settled, "failed B");
}

TEST_F(SlotMessages, LetTheRangeFailWhereAnActorDiesWithItsMessage) {
  send();
  caf::anon_send<caf::message_priority::high>(
      caf::actor_cast<caf::actor>(actors[2]),
      caf::exit_msg{actors[2].address(), caf::exit_reason::kill});
  scheduler.run();
  EXPECT_EQ(worked, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(settled, "failed C");
}

TEST_F(SlotMessages, OutliveTheRangesOtherOwners) {
  send();
  range.reset();
  scheduler.run();
  EXPECT_EQ(settled, "complete");
}

TEST_F(SlotMessages, AreNoneOfARangeWithoutSlots) {
  range = std::make_shared<ingest_range>();
  send();
  scheduler.run();
  EXPECT_TRUE(worked.empty());
}

} // namespace
} // namespace tradepulse
